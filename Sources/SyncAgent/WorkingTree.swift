import Concurrency
import Foundation
import Glibc
import Hashing
import UtilityModel
import Validation

/// The files of a working tree, for judging them before they are committed. Nothing is followed:
/// a symbolic link is a finding, as it is in a commit.
struct WorkingTree: Sendable {
  /// The files that are judged, and those that bear on them.
  let changes: [SourceChange]
  /// Whether all of the tree is judged.
  let isWhole: Bool
  /// The root's path from the current folder with a `/` at its end, "" where it is that folder or
  /// not below it: what other programs put before a finding's path.
  let prefix: String
  private let root: String
  private let files: [ObjectID: String]
  /// The parts of the tree that were asked for, relative to the root; "" is all of it.
  private let parts: [String]

  /// Reads the trees that have `paths`, each once: the folder itself where it has `utils`, else the
  /// nearest one above it. Throws `AgentError`.
  static func trees(at paths: [String], pool: BlockingPool) async throws -> [WorkingTree] {
    let found = try await pool.run { () throws(AgentError) in
      var parts: [String: [String]] = [:]
      for path in paths {
        let (root, part) = try locate(path)
        parts[root, default: []].append(part)
      }
      return parts
    }
    var trees: [WorkingTree] = []
    for (root, parts) in found.sorted(by: { $0.key < $1.key }) {
      trees.append(try await WorkingTree(root: root, parts: parts, pool: pool))
    }
    return trees
  }

  private static func locate(_ path: String) throws(AgentError) -> (root: String, part: String) {
    let full = URL(fileURLWithPath: path).standardizedFileURL.path
    var status = stat()
    guard lstat(full, &status) == 0 else {
      throw AgentError("there is nothing at \(path)", "name a folder with `utils`, or a file in it")
    }
    var root = full
    while !isRoot(root) {
      guard root != "/" else {
        throw AgentError(
          "\(path) is in no tenant's repository",
          "name a folder that has `utils`, or a file below it")
      }
      root = (root as NSString).deletingLastPathComponent
    }
    return (root, full == root ? "" : String(full.dropFirst(root.count).drop { $0 == "/" }))
  }

  private static func isRoot(_ folder: String) -> Bool {
    var status = stat()
    return stat("\(folder)/utils", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private init(root: String, parts: [String], pool: BlockingPool) async throws {
    self.root = root
    self.parts = parts
    let isWhole = parts.contains("")
    self.isWhole = isWhole
    let current = FileManager.default.currentDirectoryPath
    let base = current.hasSuffix("/") ? current : current + "/"
    prefix = root.hasPrefix(base) ? root.dropFirst(base.count) + "/" : ""
    let items = try await pool.run { () throws(AgentError) in
      let items = try Self.list(root)
      return isWhole ? items : Self.bearing(on: parts, items)
    }
    let ids = try await Self.ids(of: items, root: root, pool: pool)
    var files: [ObjectID: String] = [:]
    changes = zip(items, ids).map { item, id in
      if item.isFile { files[id] = "\(root)/\(item.path)" }
      return SourceChange(
        path: item.path,
        entry: SourceEntry(path: item.path, id: id, kind: item.isFile ? .file : .symbolicLink))
    }
    self.files = files
  }

  private struct Item: Sendable {
    var path: String
    var isFile: Bool
  }

  /// The names below `utils` and `lib`, and `tenant.yaml`. Blocks.
  private static func list(_ root: String) throws(AgentError) -> [Item] {
    var items: [Item] = []
    var pending: [String] = []
    for name in ["utils", "lib", "tenant.yaml"] {
      var status = stat()
      guard lstat("\(root)/\(name)", &status) == 0 else { continue }
      switch status.st_mode & S_IFMT {
      case S_IFDIR: pending.append(name)
      case S_IFREG: items.append(Item(path: name, isFile: true))
      case S_IFLNK: items.append(Item(path: name, isFile: false))
      default: continue
      }
    }
    while let folder = pending.popLast() {
      guard let directory = opendir("\(root)/\(folder)") else {
        throw AgentError(
          "the folder \(folder) cannot be read: \(String(cString: strerror(errno)))",
          "make it readable")
      }
      defer { closedir(directory) }
      while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        guard ![".", "..", ".git", "__pycache__"].contains(name) else { continue }
        let path = "\(folder)/\(name)"
        switch kind(of: entry.pointee.d_type, at: "\(root)/\(path)") {
        case DT_DIR: pending.append(path)
        case DT_REG: items.append(Item(path: path, isFile: true))
        case DT_LNK: items.append(Item(path: path, isFile: false))
        default: continue
        }
      }
    }
    return items.sorted { $0.path < $1.path }
  }

  /// A directory entry's kind; some file systems tell it only when asked for the file.
  private static func kind(of type: UInt8, at path: String) -> Int {
    var status = stat()
    guard Int(type) == DT_UNKNOWN, lstat(path, &status) == 0 else { return Int(type) }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return DT_DIR
    case S_IFREG: return DT_REG
    case S_IFLNK: return DT_LNK
    default: return DT_UNKNOWN
    }
  }

  /// Of a tree, the parts that were asked for and what their judging needs: files that share a
  /// name with them, the shared modules, the settings.
  private static func bearing(on parts: [String], _ items: [Item]) -> [Item] {
    let asked = items.filter { item in parts.contains { covers($0, item.path) } }
    let stems = Set(asked.map { stem($0.path) })
    return items.filter { item in
      !item.path.hasPrefix("utils/") || stems.contains(stem(item.path))
    }
  }

  private static func stem(_ path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    return (name.lastIndex(of: ".").map { name[..<$0] } ?? name).lowercased()
  }

  /// Whether a path of the tree is in the parts that were asked for, sidecar and source alike.
  func covers(_ path: String) -> Bool { parts.contains { Self.covers($0, path) } }

  private static func covers(_ part: String, _ path: String) -> Bool {
    if part.isEmpty || path == part || path.hasPrefix(part + "/") { return true }
    func stem(_ text: String) -> Substring {
      text.prefix(upTo: text.lastIndex(of: ".") ?? text.endIndex)
    }
    return part.contains(".") && stem(path) == stem(part)
  }

  /// Whether a shared module was asked for.
  var asksForModules: Bool {
    parts.contains { $0.isEmpty || $0 == "lib" || $0.hasPrefix("lib/") }
  }

  // MARK: Contents

  /// The blobs that git would make of the files; for anything else a name of its own.
  private static func ids(
    of items: [Item], root: String, pool: BlockingPool
  ) async throws -> [ObjectID] {
    let chunk = 512
    let starts = Array(stride(from: 0, to: items.count, by: chunk))
    return try await withThrowingTaskGroup(of: (Int, [ObjectID]).self) { group in
      for start in starts {
        group.addTask {
          let part = items[start..<min(start + chunk, items.count)]
          return (start, await pool.run { part.map { id(of: $0, root: root) } })
        }
      }
      var parts: [Int: [ObjectID]] = [:]
      for try await (start, ids) in group { parts[start] = ids }
      return starts.flatMap { parts[$0] ?? [] }
    }
  }

  private static func id(of item: Item, root: String) -> ObjectID {
    guard item.isFile, let bytes = read("\(root)/\(item.path)", limit: Validator.sourceLimit) else {
      // No blob is made of it: a link, or a file that cannot be read or is too large.
      return BlobID.of(Array("\(root)/\(item.path)\0\(item.isFile)".utf8))
    }
    return BlobID.of(bytes)
  }

  /// A file's bytes; nil where it cannot be read or has more than `limit`.
  private static func read(_ path: String, limit: Int) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, Int(status.st_size) <= limit else { return nil }
    let size = Int(status.st_size)
    let bytes = [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
      while count <= size {
        let got = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, size + 1 - count)
        if got < 0 && errno == EINTR { continue }
        if got <= 0 { break }
        count += got
      }
    }
    return bytes.count > limit ? nil : bytes
  }

  /// The bytes of a file of the tree, for an excerpt; nil where there are none. Blocks.
  func contents(of path: String) -> [UInt8]? {
    Self.read("\(root)/\(path)", limit: Validator.sourceLimit)
  }

  /// Readers of the files.
  var reading: BlobReaderFactory { { [files] in FileReader(files: files) } }

  private final class FileReader: BlobReader {
    private let files: [ObjectID: String]
    init(files: [ObjectID: String]) { self.files = files }

    func read(_ id: ObjectID, limit: Int) -> BlobContent {
      guard let path = files[id] else { return .unreadable("it is gone") }
      var status = stat()
      guard lstat(path, &status) == 0 else { return .unreadable("it is gone") }
      guard Int(status.st_size) <= limit else { return .tooLarge(Int(status.st_size)) }
      guard let bytes = WorkingTree.read(path, limit: limit) else {
        return .unreadable(access(path, R_OK) == 0 ? "it changes" : "no permission")
      }
      // A verdict is kept under the id: it must be the verdict on these bytes.
      guard BlobID.of(bytes) == id else { return .unreadable("it changed while it was read") }
      return .bytes(bytes)
    }
  }
}
