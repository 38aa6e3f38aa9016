import Foundation
import Glibc

/// The agent's own folder: its lock, its control socket, its ports and verdicts.
struct StateFolder: Sendable {
  let path: String

  /// Makes the folder, for its owner alone. Throws `AgentError`.
  init(path: String) throws(AgentError) {
    self.path = URL(fileURLWithPath: path).path
    do {
      try FileManager.default.createDirectory(
        atPath: self.path, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    } catch {
      throw AgentError(
        "the state folder \(path) cannot be made",
        "make its parent writable, or set agent.state to another folder")
    }
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// The right to write: one holder at a time, released by the kernel when the process ends.
///
/// Source: flock(2).
final class WriterLock: Sendable {
  private let descriptor: Int32

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Takes the lock; nil where another process has it. Throws `AgentError`.
  static func take(in folder: StateFolder) throws(AgentError) -> WriterLock? {
    let descriptor = open(folder.file("lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw AgentError(
        "the lock in \(folder.path) cannot be opened: \(String(cString: strerror(errno)))",
        "make the folder writable, or set agent.state to another folder")
    }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return WriterLock(descriptor: descriptor) }
    close(descriptor)
    return nil
  }
}

/// An error of the command line: the thing and the cause, then the way out.
struct AgentError: Error, CustomStringConvertible {
  let description: String
  init(_ cause: String, _ remedy: String) { description = "\(cause); \(remedy)" }
  /// An error that another part has put into words.
  init(text: String) { description = text }
}

/// Checks and preparations of the folders and addresses that the operator names.
enum Preparation {
  /// Makes `repositories.root` where it is missing. Throws `AgentError`. Blocks.
  static func makeRoot(_ configuration: Configuration) throws(AgentError) {
    let root = configuration.text("repositories.root")
    var status = stat()
    let isThere = stat(root, &status) == 0
    guard isThere ? status.st_mode & S_IFMT == S_IFDIR : errno != ENOTDIR else {
      throw AgentError(
        "\(root) of repositories.root \(isThere ? "is no folder" : "is below a file")",
        "set repositories.root to the folder of the repositories")
    }
    guard !isThere else { return }
    do {
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    } catch {
      throw AgentError(
        "the folder \(root) of repositories.root cannot be made",
        "make its parent writable, or set repositories.root to another folder")
    }
  }

  /// Sees that nobody listens on the HTTP address yet. Throws `AgentError`.
  static func checkAddress(_ configuration: Configuration) throws(AgentError) {
    let port = configuration.integer("server.port")
    guard port != 0, configuration.text("server.host") != "::1" else { return }
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var reuse: Int32 = 1
    setsockopt(
      descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr = in_addr(s_addr: UInt32(0x7f00_0001).bigEndian)
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard bound == 0 else {
      throw AgentError(
        "server.port \(port) cannot be listened on: \(String(cString: strerror(errno)).lowercased())",
        "stop the program that has it (`ss -ltnp sport = :\(port)` names it), or set server.port")
    }
  }
}
