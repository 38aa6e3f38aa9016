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
}
