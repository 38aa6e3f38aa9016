import CLinux
import Glibc
import Hashing
import UtilityModel

/// Writes a release's files below one folder that nobody else writes.
///
/// Blocks; used by one thread.
struct ReleaseWriter {
  /// Up to here each file is synced by itself; beyond it the whole file system once, by syncfs(2).
  ///
  /// An fsync waits for a journal commit each, so 10,000 of them take tens of seconds, where one
  /// syncfs takes as long as the data needs. For a few files the single syncs are the better deal:
  /// they do not wait for what other programs wrote.
  static let singleSyncs = 8

  private let root: Descriptor
  private var folders: [[String]: Descriptor]
  private var written: [Descriptor] = []
  private var count = 0

  /// Writes below `root`, an open folder.
  init(root: Descriptor) {
    self.root = root
    folders = [[]: root]
  }

  /// Writes one read-only file and gives its hash.
  mutating func write(_ bytes: [UInt8], to path: ReleasePath) throws(SystemError) -> Digest {
    let folder = try folder(path.folders)
    try write(bytes, named: path.file, in: folder)
    return SHA256.digest(of: bytes)
  }

  /// Writes one read-only file at the top.
  mutating func write(_ bytes: [UInt8], named name: String) throws(SystemError) {
    try write(bytes, named: name, in: root)
  }

  /// Waits until all files and folders are on the disk.
  func sync() throws(SystemError) {
    if count > Self.singleSyncs {
      guard linux_syncfs(root.number) == 0 else { throw SystemError("sync the file system") }
      return
    }
    for file in written { try file.sync(as: "a release's file") }
    for folder in folders.values { try folder.sync(as: "a release's folder") }
  }

  private mutating func write(
    _ bytes: [UInt8], named name: String, in folder: Descriptor
  ) throws(SystemError) {
    let file = try Descriptor.open(
      name, in: folder, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o444)
    // The mode at creation is cut by the umask; servers may run as somebody else.
    guard fchmod(file.number, 0o444) == 0 else { throw SystemError("set the mode of \(name)") }
    try file.writeAll(bytes, as: name)
    count += 1
    if count <= Self.singleSyncs { written.append(file) }
  }

  private mutating func folder(_ parts: [String]) throws(SystemError) -> Descriptor {
    if let open = folders[parts] { return open }
    let name = parts[parts.count - 1]
    let parent = try folder(Array(parts.dropLast()))
    guard mkdirat(parent.number, name, 0o755) == 0 || errno == EEXIST else {
      throw SystemError("make the folder \(name)")
    }
    let folder = try Descriptor.open(
      name, in: parent, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    guard fchmod(folder.number, 0o755) == 0 else { throw SystemError("set the mode of \(name)") }
    folders[parts] = folder
    return folder
  }
}
