import Foundation
import UtilityModel

/// What git gives to a pre-receive hook on its standard input.
///
/// Source: githooks(5), "pre-receive".
enum PushInput {
  /// The largest input that is read, in bytes: some 100,000 refs.
  static let limit = 16 << 20

  /// Everything on standard input. Throws `AgentError` beyond the limit. Blocks.
  static func read(_ descriptor: Int32 = STDIN_FILENO) throws(AgentError) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        throw AgentError(
          "the push cannot be read from standard input: \(String(cString: strerror(errno)))",
          "let git run this hook")
      }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
      guard bytes.count <= limit else {
        throw AgentError(
          "the push has more than \(limit >> 20) MiB of refs", "push fewer at a time")
      }
    }
  }

  /// The updates, in their order. Throws `AgentError` for anything that git does not write.
  static func parse(_ bytes: [UInt8]) throws(AgentError) -> [RefUpdate] {
    do throws(RefUpdate.Malformed) {
      return try RefUpdate.parse(bytes)
    } catch {
      throw AgentError(
        "line \(error.line) on standard input is not `OLD NEW REF`",
        "let git run this hook, or give it what git gives")
    }
  }
}
