import Glibc

/// One inotify descriptor. Thread rule: used by one thread.
///
/// Source: inotify(7).
final class InotifyQueue {
  /// What happened to a watched folder, or in it.
  struct Event {
    let watch: Int32
    let mask: UInt32
    let name: String

    /// Whether any of the given `IN_*` bits is set.
    func has(_ bits: Int) -> Bool { mask & UInt32(truncatingIfNeeded: bits) != 0 }
    /// Whether `name` is a folder.
    var isFolder: Bool { has(Int(IN_ISDIR)) }
  }

  /// Everything that tells of a ref's change, or of folders that come and go.
  static let changes =
    Int(IN_CREATE) | Int(IN_DELETE) | Int(IN_MOVED_FROM) | Int(IN_MOVED_TO) | Int(IN_CLOSE_WRITE)
    | Int(IN_DELETE_SELF) | Int(IN_MOVE_SELF)

  /// The descriptor, for `poll`.
  let descriptor: Int32
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 8)

  /// Opens the descriptor.
  init() throws(SystemError) {
    descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    guard descriptor >= 0 else {
      buffer.deallocate()
      throw SystemError()
    }
  }

  deinit {
    close(descriptor)
    buffer.deallocate()
  }

  /// Watches a folder that is no symbolic link; the same folder keeps its number.
  func add(_ path: String, for events: Int = changes) throws(SystemError) -> Int32 {
    let mask = events | Int(IN_ONLYDIR) | Int(IN_DONT_FOLLOW) | Int(IN_EXCL_UNLINK)
    let watch = inotify_add_watch(descriptor, path, UInt32(truncatingIfNeeded: mask))
    guard watch >= 0 else { throw SystemError() }
    return watch
  }

  /// Ends a watch, which may be gone already.
  func remove(_ watch: Int32) { inotify_rm_watch(descriptor, watch) }

  /// Takes what is readable in one read; nothing is an empty list.
  func read() throws(SystemError) -> [Event] {
    let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
    guard count > 0 else {
      if count < 0, errno == EAGAIN || errno == EINTR { return [] }
      throw count == 0 ? SystemError(EBADF) : SystemError()
    }
    var events: [Event] = []
    var offset = 0
    while offset + 16 <= count {
      let length = Int(buffer.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
      let name = buffer[(offset + 16)..<min(offset + 16 + length, count)].prefix { $0 != 0 }
      events.append(
        Event(
          watch: buffer.loadUnaligned(fromByteOffset: offset, as: Int32.self),
          mask: buffer.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self),
          name: String(decoding: name, as: UTF8.self)))
      offset += 16 + length
    }
    return events
  }
}
