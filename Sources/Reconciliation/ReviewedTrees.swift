import GitStore
import Synchronization
import UtilityModel
import Validation

/// A repository as a review reads it: opened with the first read, and once.
public final class ReviewedRepository: Sendable {
  /// The repository's folder.
  public let path: String
  /// A further object folder in it: the quarantine of a push.
  public let additionalObjects: String?
  private let opened = Mutex<OpenRepository?>(nil)

  /// A repository, and the quarantine of a push to it.
  public init(path: String, additionalObjects: String? = nil) {
    self.path = path
    self.additionalObjects = additionalObjects
  }

  /// Readers of its blobs.
  public var reading: BlobReaderFactory { { [self] in try repository() } }

  /// Lends the repository's handle. Throws what `body` throws, or `GitError`. Blocks.
  public func read<Value: Sendable>(
    _ body: (borrowing RepositoryHandle) throws(GitError) -> Value
  ) throws(GitError) -> Value {
    try repository().read(body)
  }

  private func repository() throws(GitError) -> OpenRepository {
    try opened.withLock { (opened) throws(GitError) -> OpenRepository in
      if let opened { return opened }
      let repository = try OpenRepository(path: path, additionalObjects: additionalObjects)
      opened = repository
      return repository
    }
  }
}

/// What a review reads of two trees: what differs, and of the rest only what the judging of that
/// needs. Values only.
struct ReviewedTrees: Sendable {
  /// What differs below `GitObserver.roots`.
  var changes: [TreeChange] = []
  /// The files of the newer tree that share a changed utility's name, the changed ones among them.
  var namesakes: [TreeFile] = []
  /// The shared modules of the newer tree, where any may matter.
  var modules: [TreeFile] = []
  /// The newer tree's `tenant.yaml`.
  var settings: TreeFile?

  /// Reads the trees of two commits; without `base`, everything in `tip` differs. Blocks.
  init(
    in handle: borrowing RepositoryHandle, base: ObjectID?, tip: ObjectID
  ) throws(GitError) {
    changes = try handle.changes(from: base, to: tip, under: GitObserver.roots)
    guard !changes.isEmpty, base != nil else { return }
    let stems = Set(
      changes.filter { $0.path.hasBytes(before: "utils/") }.map {
        Self.stem(of: $0.path).lowercased()
      })
    namesakes = try handle.files(in: tip, below: "utils", stems: stems)
    for file in try handle.files(in: tip, under: ["lib", "tenant.yaml"]) {
      if file.path == "tenant.yaml" { settings = file } else { modules.append(file) }
    }
  }

  /// The newer tree as far as it matters, as a judge takes it.
  var sources: [SourceChange] {
    var files: [PathKey: TreeFile] = [:]
    for file in namesakes + modules + [settings].compactMap({ $0 }) {
      files[PathKey(file.path)] = file
    }
    for change in changes { files[PathKey(change.path)] = change.new }
    return files.sorted { $0.key < $1.key }.map { key, file in
      SourceChange(path: key.text, entry: GitObserver.entry(file))
    }
  }

  /// The utilities of the changed paths, as they were and as they are, by name.
  ///
  /// A name that stands in two folders counts with the first of them.
  var utilities: (before: [String: UtilityFiles], after: [String: UtilityFiles]) {
    var old: [PathKey: TreeFile] = [:]
    var new: [PathKey: TreeFile] = [:]
    for file in namesakes {
      let key = PathKey(file.path)
      (old[key], new[key]) = (file, file)
    }
    for change in changes where change.path.hasBytes(before: "utils/") {
      let key = PathKey(change.path)
      (old[key], new[key]) = (change.old, change.new)
    }
    let keys = Set(
      changes.filter { $0.path.hasBytes(before: "utils/") }.map {
        PathKey(Self.withoutExtension($0.path))
      })
    return (Self.utilities(keys, in: old), Self.utilities(keys, in: new))
  }

  private static func utilities(
    _ keys: Set<PathKey>, in files: [PathKey: TreeFile]
  ) -> [String: UtilityFiles] {
    var result: [String: UtilityFiles] = [:]
    for key in keys.sorted() {
      guard let source = files[PathKey(key.text + ".py")], source.mode.isFile else { continue }
      let sidecar = [".yaml", ".yml"].compactMap { files[PathKey(key.text + $0)] }.first {
        $0.mode.isFile
      }
      let unit = UtilityFiles(
        path: source.path, blob: source.id, sidecarPath: sidecar?.path, sidecar: sidecar?.id)
      if result[unit.name] == nil { result[unit.name] = unit }
    }
    return result
  }

  /// The names of the utilities whose files changed, and of those that share one.
  var names: Set<String> {
    Set(
      (changes.filter { $0.path.hasBytes(before: "utils/") }.map(\.path) + namesakes.map(\.path))
        .filter { [".py", ".yaml", ".yml"].contains(where: $0.hasBytes(after:)) }.map(Self.stem))
  }

  static func withoutExtension(_ path: String) -> String {
    guard let dot = path.utf8.lastIndex(of: UInt8(ascii: ".")),
      !path.utf8[dot...].contains(UInt8(ascii: "/"))
    else { return path }
    return String(path[..<dot])
  }

  static func stem(of path: String) -> String {
    let bytes = withoutExtension(path).utf8
    let name = bytes.split(separator: UInt8(ascii: "/")).last.map(Substring.init) ?? ""
    return UtilityName.of(stem: name)
  }
}

extension FileMode {
  /// Whether it is a file of its own.
  var isFile: Bool { self == .regular || self == .executable }
}
