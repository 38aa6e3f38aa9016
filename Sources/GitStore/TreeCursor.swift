import Glibc
import UtilityModel

/// One entry of a tree object; its name and id lie in the tree's memory.
struct TreeEntry {
  let mode: UInt32
  let name: UnsafeRawBufferPointer
  let idBytes: UnsafeRawBufferPointer

  /// Whether it is a folder.
  var isTree: Bool { mode & 0o170000 == 0o040000 }

  /// The object's name.
  var id: ObjectID {
    guard let id = ObjectID(buffer: idBytes) else { fatalError("the cursor cut 20 bytes") }
    return id
  }

  /// The kind of file, as git's `canon_mode` reads modes: what is neither a file nor a link is a
  /// commit of another repository.
  var fileMode: FileMode {
    switch mode & 0o170000 {
    case 0o120000: .symlink
    case 0o100000: mode & 0o100 != 0 ? .executable : .regular
    default: .submodule
    }
  }

  /// Whether both name the same object in the same mode.
  func isSame(as other: TreeEntry) -> Bool {
    mode == other.mode
      && Self.compare(idBytes, other.idBytes, count: 20) == 0
  }

  /// Git's order of entries: by bytes, a folder as if its name ended with `/`.
  func compare(_ other: TreeEntry) -> Int {
    let common = min(name.count, other.name.count)
    let order = Self.compare(name, other.name, count: common)
    if order != 0 { return order }
    return byte(at: common) - other.byte(at: common)
  }

  private static func compare(
    _ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer, count: Int
  ) -> Int {
    guard let first = one.baseAddress, let second = other.baseAddress else { return 0 }
    return Int(memcmp(first, second, count))
  }

  private func byte(at index: Int) -> Int {
    if index < name.count { return Int(name[index]) }
    return isTree ? Int(UInt8(ascii: "/")) : 0
  }
}

/// Reads a tree object's entries in order, and insists on the order.
struct TreeCursor {
  private let object: RawObject
  private let subject: String
  private var offset = 0
  /// The entry that the cursor stands on; `nil` at the end.
  private(set) var entry: TreeEntry?

  /// Stands on the first entry of `object`.
  init(_ object: RawObject, subject: String) throws(GitError) {
    self.object = object
    self.subject = subject
    try advance()
  }

  /// Goes to the next entry; throws `corrupt` on a malformed, unsorted or repeated entry.
  mutating func advance() throws(GitError) {
    let bytes = object.bytes
    guard offset < bytes.count else {
      entry = nil
      return
    }
    var mode: UInt32 = 0
    while offset < bytes.count, bytes[offset] != UInt8(ascii: " ") {
      let digit = bytes[offset] &- UInt8(ascii: "0")
      guard digit < 8, mode < 1 << 24 else { throw damaged("has a bad mode") }
      mode = mode << 3 | UInt32(digit)
      offset += 1
    }
    offset += 1
    guard offset < bytes.count, let base = bytes.baseAddress,
      let end = memchr(base + offset, 0, bytes.count - offset)
    else { throw damaged("ends in an entry") }
    let nameEnd = base.distance(to: UnsafeRawPointer(end))
    guard nameEnd > offset, nameEnd + 21 <= bytes.count else { throw damaged("ends in an entry") }
    let next = TreeEntry(
      mode: mode, name: UnsafeRawBufferPointer(rebasing: bytes[offset..<nameEnd]),
      idBytes: UnsafeRawBufferPointer(rebasing: bytes[(nameEnd + 1)..<(nameEnd + 21)]))
    if let entry, entry.compare(next) >= 0 { throw damaged("is not sorted") }
    offset = nameEnd + 21
    entry = next
  }

  private func damaged(_ what: String) -> GitError {
    GitError(
      "read a tree", .corrupt, subject: subject,
      cause: "tree \(object.id) \(what); `git fsck` tells more; write the commit again")
  }
}

/// The reader of trees on bytes of no repository, for fuzzing.
@_spi(Fuzzing)
public enum TreeBytes {
  /// The entries of a tree object. Throws `corrupt` as reading it from a repository does.
  public static func entries(_ bytes: [UInt8]) throws(GitError) -> [TreeFile] {
    var cursor = try TreeCursor(RawObject(copying: bytes), subject: "bytes")
    var files: [TreeFile] = []
    while let entry = cursor.entry {
      let path = try FolderPath().appending(Array(entry.name), subject: "bytes", isFolder: false)
      files.append(
        TreeFile(path: path.text, id: entry.id, mode: entry.fileMode, validPath: path.isValid))
      try cursor.advance()
    }
    return files
  }
}
