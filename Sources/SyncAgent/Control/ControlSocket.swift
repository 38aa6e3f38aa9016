import Concurrency
import Foundation
import Glibc

/// How commands reach a running agent: a Unix socket in the state folder, one JSON line each way.
enum ControlSocket {
  /// What a command asks of the agent.
  struct Request: Codable, Sendable {
    var command: String
    var tenant: String?
    /// What the command is about, such as a commit.
    var subject: String?
    /// The revision that it names, where there is a subject beside.
    var revision: String?
    /// What a new tenant follows.
    var upstream: Upstream?
    /// Who decides, and why.
    var actor: String?
    var reason: String?
    /// What else a command has to say, by name.
    var arguments: [String: String]?
  }

  /// What the agent answers.
  struct Reply: Codable, Sendable {
    var error: String?
    /// The command's answer as JSON.
    var body: String?
  }

  static let name = "agent.sock"

  /// The address of the socket, through the folder's descriptor: paths in it end at 107 bytes.
  fileprivate static func withAddress<Result>(
    _ folder: StateFolder, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result? {
    let directory = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { return nil }
    defer { close(directory) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = Array("/proc/self/fd/\(directory)/\(name)".utf8)
    withUnsafeMutableBytes(of: &address.sun_path) { buffer in
      for (index, byte) in path.enumerated() { buffer[index] = byte }
    }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  /// Asks the running agent; nil where none answers. Blocks.
  static func ask(_ request: Request, in folder: StateFolder) throws -> Reply? {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | 0o2000000, 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard withAddress(folder, { connect(descriptor, $0, $1) }) == 0 else { return nil }
    var line = Array(try JSONEncoder().encode(request))
    line.append(UInt8(ascii: "\n"))
    guard writeAll(descriptor, line) else { return nil }
    guard let answer = readLine(descriptor) else { return nil }
    return try JSONDecoder().decode(Reply.self, from: Data(answer))
  }

  fileprivate static func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  fileprivate static func readLine(_ descriptor: Int32) -> [UInt8]? {
    var line: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while line.count < 256 << 20 {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return nil }
      if let end = buffer[..<count].firstIndex(of: UInt8(ascii: "\n")) {
        return line + buffer[..<end]
      }
      line += buffer[..<count]
    }
    return nil
  }
}

/// The agent's end of the control socket: a thread that accepts, a thread a command.
final class ControlServer: Sendable {
  private let descriptor: Int32
  private let folder: StateFolder

  /// Listens in the state folder, whose lock the caller has; a socket left behind is replaced.
  ///
  /// `handle` answers a request; it runs on the cooperative pool.
  init(
    folder: StateFolder,
    handle: @escaping @Sendable (ControlSocket.Request) async -> ControlSocket.Reply
  ) throws(AgentError) {
    self.folder = folder
    unlink(folder.file(ControlSocket.name))
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | 0o2000000, 0)
    let former = umask(0o177)
    let bound = ControlSocket.withAddress(folder) { [descriptor] in bind(descriptor, $0, $1) }
    umask(former)
    guard descriptor >= 0, bound == 0, listen(descriptor, 64) == 0 else {
      throw AgentError(
        "the control socket cannot be made: \(String(cString: strerror(errno)))",
        "make the state folder writable")
    }
    let listener = descriptor
    Thread.start(name: "control") {
      while true {
        let client = accept(listener, nil, nil)
        if client < 0 {
          if errno == EINTR || errno == ECONNABORTED { continue }
          return
        }
        Thread.start(name: "control-client") { Self.serve(client, handle) }
      }
    }
  }

  /// Stops accepting.
  func stop() {
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
    unlink(folder.file(ControlSocket.name))
  }

  private static func serve(
    _ client: Int32,
    _ handle: @escaping @Sendable (ControlSocket.Request) async -> ControlSocket.Reply
  ) {
    defer { close(client) }
    guard let line = ControlSocket.readLine(client) else { return }
    let reply = Waiter<ControlSocket.Reply>()
    do {
      let request = try JSONDecoder().decode(ControlSocket.Request.self, from: Data(line))
      Task { reply.finish(await handle(request)) }
    } catch {
      reply.finish(.init(error: "the command is not understood", body: nil))
    }
    do {
      let bytes = Array(try JSONEncoder().encode(reply.wait()))
      _ = ControlSocket.writeAll(client, bytes + [UInt8(ascii: "\n")])
    } catch {
      _ = ControlSocket.writeAll(
        client, Array("{\"error\":\"the answer cannot be written\"}\n".utf8))
    }
  }
}
