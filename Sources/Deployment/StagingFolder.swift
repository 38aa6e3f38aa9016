import Glibc
import Synchronization

/// A folder that is being written: `.tmp-*` beside its final place.
///
/// Its writer holds a lock (flock(2)) on it, which the kernel drops when the writer dies: a folder
/// of this name without a lock is the leftover of a crash. What was not renamed is removed when
/// this object goes.
final class StagingFolder: Sendable {
  /// The open folder.
  let descriptor: Descriptor
  /// Where it is until it is renamed.
  var path: String { "\(parent)/\(name)" }
  private let parent: String
  private let name: String
  private let renamed = Atomic(false)

  private static let prefix = ".tmp-"

  /// A name that no other folder has.
  static func freshName() -> String {
    "\(prefix)\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
  }

  /// Makes an empty folder in `parent` and locks it.
  init(in parent: String) throws(SystemError) {
    let name = Self.freshName()
    let path = "\(parent)/\(name)"
    guard mkdir(path, 0o755) == 0 else { throw SystemError("make a folder in \(parent)") }
    let descriptor = try Descriptor.open(path, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    guard fchmod(descriptor.number, 0o755) == 0 else { throw SystemError("set a folder's mode") }
    guard flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 else {
      throw SystemError("lock a new folder")
    }
    self.parent = parent
    self.name = name
    self.descriptor = descriptor
  }

  deinit {
    // Nothing can be reported from here; what stays behind is removed by the next prune.
    if !renamed.load(ordering: .relaxed) { try? Folder.remove("\(parent)/\(name)") }
  }

  /// Gives the folder its final name, on the disk too.
  func rename(to final: String) throws(SystemError) {
    guard Glibc.rename("\(parent)/\(name)", "\(parent)/\(final)") == 0 else {
      throw SystemError("rename a folder to \(final)")
    }
    renamed.store(true, ordering: .relaxed)
    try Descriptor.open(parent, flags: O_RDONLY | O_DIRECTORY).sync(as: "the releases' folder")
  }

  /// Removes `name` in `parent` where it is a `.tmp-*` folder that nobody writes any more.
  static func removeIfStale(_ name: String, in parent: String) throws(SystemError) {
    guard name.hasPrefix(prefix) else { return }
    let path = "\(parent)/\(name)"
    let folder: Descriptor
    do {
      folder = try Descriptor.open(path, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    } catch  where error.errno == ENOENT {
      return
    }
    guard flock(folder.number, LOCK_EX | LOCK_NB) == 0 else {
      if errno == EWOULDBLOCK { return }
      throw SystemError("lock \(path)")
    }
    try Folder.remove(path)
  }
}
