import Catalog
import Foundation
import Glibc

/// Where a dump is written: standard output, or a file that appears whole or not at all, for its
/// owner alone.
struct DumpOutput: Sendable {
  private let path: String
  private let descriptor: Int32

  private var staging: String { "\(path).partial" }
  private var isFile: Bool { path != "-" }

  /// Opens `path`, `-` for standard output. Throws `AgentError`.
  init(_ path: String) throws(AgentError) {
    self.path = path
    guard path != "-" else {
      descriptor = STDOUT_FILENO
      return
    }
    unlink("\(path).partial")
    descriptor = open(
      "\(path).partial", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw AgentError(
        "\(path) cannot be written: \(String(cString: strerror(errno)))",
        "name a file in a folder that you may write to, or - for standard output")
    }
  }

  /// Writes all bytes. Throws `CatalogError`. Blocks.
  func write(_ bytes: [UInt8]) throws(CatalogError) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress! + sent, $0.count - sent)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure() }
      sent += count
    }
  }

  /// Puts the file in its place. Throws `CatalogError`. Blocks.
  func finish() throws(CatalogError) {
    guard isFile else { return }
    guard fsync(descriptor) == 0, rename(staging, path) == 0 else { throw failure() }
    close(descriptor)
  }

  /// Takes away what was written.
  func discard() {
    guard isFile else { return }
    close(descriptor)
    unlink(staging)
  }

  private func failure() -> CatalogError {
    CatalogError(
      .failed, operation: "write", subject: isFile ? path : "standard output",
      cause: String(cString: strerror(errno)), remedy: "make room, or name another file")
  }
}

/// Where a dump is read from, twice: a file, or a copy of standard input in the state folder.
struct DumpInput: Sendable {
  /// The file.
  let path: String
  private let isCopy: Bool

  /// Opens `path`, `-` for standard input. Throws `AgentError`. Blocks.
  init(_ path: String, in state: StateFolder) throws(AgentError) {
    isCopy = path == "-"
    self.path = isCopy ? state.file("import.jsonl") : path
    guard isCopy else { return }
    unlink(self.path)
    let copy = open(self.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    defer { if copy >= 0 { close(copy) } }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while copy >= 0 {
      let count = read(STDIN_FILENO, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count == 0 { return }
      guard count > 0, write(copy, buffer, count) == count else { break }
    }
    let reason = String(cString: strerror(errno))
    unlink(self.path)
    throw AgentError("standard input cannot be kept: \(reason)", "make room in the state folder")
  }

  /// Takes the copy away.
  func discard() { if isCopy { unlink(path) } }
}
