import CLinux
import Glibc

/// An anonymous file in memory, for a child process. Not thread-safe.
public final class MemoryFile {
  /// The descriptor, closed on exec; valid as long as this object lives.
  public let descriptor: Int32

  /// A file with these bytes, at its beginning; nil with `errno` where there is none to be had.
  public init?(_ bytes: [UInt8]) {
    descriptor = linux_memory_file("sync-agent")
    guard descriptor >= 0 else { return nil }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return nil }
      written += count
    }
    lseek(descriptor, 0, SEEK_SET)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// What is in it, at most `limit` bytes; nil with `errno` where it cannot be read.
  public func contents(limit: Int = .max) -> [UInt8]? {
    let size = min(limit, Int(lseek(descriptor, 0, SEEK_END)))
    guard size >= 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    var count = 0
    while count < size {
      let read = bytes.withUnsafeMutableBytes { buffer in
        pread(descriptor, buffer.baseAddress.map { $0 + count }, size - count, off_t(count))
      }
      if read < 0 && errno == EINTR { continue }
      guard read >= 0 else { return nil }
      if read == 0 { break }
      count += read
    }
    return Array(bytes.prefix(count))
  }
}

/// Calls `body` with a NULL-terminated array of C strings that live as long as the call.
public func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  let copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
  defer { copies.forEach { free($0) } }
  return copies.withUnsafeBufferPointer { body($0.baseAddress!) }
}
