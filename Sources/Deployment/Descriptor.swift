import CLinux
import Glibc

/// A file descriptor that is closed when its last reference goes.
final class Descriptor: Sendable {
  /// The number; valid as long as this object lives.
  let number: Int32

  /// Takes over an open descriptor.
  init(owning number: Int32) { self.number = number }

  deinit { close(number) }

  /// Opens a path relative to `folder` (the working directory without one), close-on-exec.
  static func open(
    _ path: String, in folder: Descriptor? = nil, flags: Int32, mode: mode_t = 0
  ) throws(SystemError) -> Descriptor {
    let number = openat(folder?.number ?? AT_FDCWD, path, flags | O_CLOEXEC, mode)
    guard number >= 0 else { throw SystemError("open \(path)") }
    return Descriptor(owning: number)
  }

  /// Both ends of a pipe, close-on-exec.
  static func pipe() throws(SystemError) -> (reading: Descriptor, writing: Descriptor) {
    var ends: [Int32] = [-1, -1]
    guard linux_pipe(&ends) == 0 else { throw SystemError("make a pipe") }
    return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
  }

  /// Makes reads and writes return `EAGAIN` instead of waiting.
  func setNonBlocking() throws(SystemError) {
    guard fcntl(number, F_SETFL, O_NONBLOCK) == 0 else {
      throw SystemError("make a descriptor non-blocking")
    }
  }

  /// Writes everything; for files, where a short write is only an interruption or a full disk.
  func writeAll(_ bytes: [UInt8], as name: String) throws(SystemError) {
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        write(number, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw SystemError("write \(name)")
      }
      offset += count
    }
  }

  /// Waits until the file's or folder's content is on the disk.
  func sync(as name: String) throws(SystemError) {
    guard fsync(number) == 0 else { throw SystemError("fsync \(name)") }
  }
}
