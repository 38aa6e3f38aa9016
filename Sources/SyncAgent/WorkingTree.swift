import Foundation
import Glibc
import Hashing
import UtilityModel
import Validation

/// The files of a working tree, for judging them before they are committed. Nothing is followed:
/// a symbolic link is a finding, as it is in a commit.
struct WorkingTree: Sendable {
  let changes: [SourceChange]
  private let root: String
  private let files: [ObjectID: String]
  /// The part of the tree that was asked for, relative to the root.
  private let part: String

  /// Reads the tree that has `path`: the folder itself where it has `utils`, else the nearest one
  /// above it. Throws `AgentError`. Blocks.
  init(path: String) throws {
    let full = URL(fileURLWithPath: path).standardizedFileURL.path
    guard access(full, F_OK) == 0 else {
      throw AgentError("there is nothing at \(path)", "name a folder with `utils`, or a file in it")
    }
    var root = full
    while !WorkingTree.isRoot(root) {
      guard root != "/" else {
        throw AgentError(
          "\(path) is in no tenant's repository",
          "name a folder that has `utils`, or a file below it")
      }
      root = (root as NSString).deletingLastPathComponent
    }
    self.root = root
    part = full == root ? "" : String(full.dropFirst(root.count).drop { $0 == "/" })
    var changes: [SourceChange] = []
    var files: [ObjectID: String] = [:]
    var pending = ["utils", "lib", "tenant.yaml"]
    while let name = pending.popLast() {
      let file = "\(root)/\(name)"
      var status = stat()
      guard lstat(file, &status) == 0 else { continue }
      switch status.st_mode & S_IFMT {
      case S_IFDIR:
        let names = try FileManager.default.contentsOfDirectory(atPath: file)
        pending += names.filter { $0 != ".git" && $0 != "__pycache__" }.map { "\(name)/\($0)" }
      case S_IFLNK:
        changes.append(
          SourceChange(
            path: name, entry: SourceEntry(path: name, id: Self.id(of: []), kind: .symbolicLink)))
      case S_IFREG:
        let id = Self.id(of: Array("\(name)\0\(status.st_size)".utf8))
        files[id] = file
        changes.append(
          SourceChange(path: name, entry: SourceEntry(path: name, id: id, kind: .file)))
      default: continue
      }
    }
    self.changes = changes
    self.files = files
  }

  private static func isRoot(_ folder: String) -> Bool {
    var status = stat()
    return stat("\(folder)/utils", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether a path of the tree is in the part that was asked for, sidecar and source alike.
  func covers(_ path: String) -> Bool {
    if part.isEmpty || path == part || path.hasPrefix(part + "/") { return true }
    func stem(_ text: String) -> Substring {
      text.prefix(upTo: text.lastIndex(of: ".") ?? text.endIndex)
    }
    return !part.hasSuffix("/") && part.contains(".") && stem(path) == stem(part)
  }

  /// A name for a file that no blob has been made of.
  static func id(of bytes: [UInt8]) -> ObjectID {
    guard let id = ObjectID(bytes: SHA256.digest(of: bytes).bytes.prefix(20)) else {
      fatalError("a SHA-256 has at least 20 bytes")
    }
    return id
  }

  /// Readers of the files.
  var reading: BlobReaderFactory { { [files] in FileReader(files: files) } }

  private final class FileReader: BlobReader {
    private let files: [ObjectID: String]
    init(files: [ObjectID: String]) { self.files = files }

    func read(_ id: ObjectID, limit: Int) -> BlobContent {
      guard let path = files[id] else { return .unreadable("it is gone") }
      let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
      guard descriptor >= 0 else { return .unreadable(String(cString: strerror(errno))) }
      let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
      do {
        let data = try handle.read(upToCount: limit + 1) ?? Data()
        return data.count > limit ? .tooLarge(data.count) : .bytes(Array(data))
      } catch {
        return .unreadable("\(error.localizedDescription)")
      }
    }
  }
}
