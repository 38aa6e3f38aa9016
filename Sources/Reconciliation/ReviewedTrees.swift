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
      changes.filter { $0.path.hasPrefix("utils/") }.map { Self.stem(of: $0.path).lowercased() })
    namesakes = try handle.files(in: tip, below: "utils", stems: stems)
    for file in try handle.files(in: tip, under: ["lib", "tenant.yaml"]) {
      if file.path == "tenant.yaml" { settings = file } else { modules.append(file) }
    }
  }

  /// The newer tree as far as it matters, as a judge takes it.
  var sources: [SourceChange] {
    var files: [String: TreeFile] = [:]
    for file in namesakes + modules + [settings].compactMap({ $0 }) { files[file.path] = file }
    for change in changes { files[change.path] = change.new }
    return files.values.sorted { $0.path < $1.path }.map {
      SourceChange(path: $0.path, entry: GitObserver.entry($0))
    }
  }

  /// The utilities of the changed paths, as they were and as they are, by name.
  ///
  /// A name that stands in two folders counts with the first of them.
  var utilities: (before: [String: UtilityFiles], after: [String: UtilityFiles]) {
    var old: [String: TreeFile] = [:]
    var new: [String: TreeFile] = [:]
    for file in namesakes { (old[file.path], new[file.path]) = (file, file) }
    for change in changes where change.path.hasPrefix("utils/") {
      (old[change.path], new[change.path]) = (change.old, change.new)
    }
    let keys = Set(
      changes.filter { $0.path.hasPrefix("utils/") }.map { Self.withoutExtension($0.path) })
    return (Self.utilities(keys, in: old), Self.utilities(keys, in: new))
  }

  private static func utilities(
    _ keys: Set<String>, in files: [String: TreeFile]
  ) -> [String: UtilityFiles] {
    var result: [String: UtilityFiles] = [:]
    for key in keys.sorted() {
      guard let source = files[key + ".py"], source.mode.isFile else { continue }
      let sidecar = [".yaml", ".yml"].compactMap { files[key + $0] }.first { $0.mode.isFile }
      let unit = UtilityFiles(
        path: source.path, blob: source.id, sidecarPath: sidecar?.path, sidecar: sidecar?.id)
      if result[unit.name] == nil { result[unit.name] = unit }
    }
    return result
  }

  /// The names of the utilities whose files changed, and of those that share one.
  var names: Set<String> {
    Set(
      (changes.filter { $0.path.hasPrefix("utils/") }.map(\.path) + namesakes.map(\.path))
        .filter { [".py", ".yaml", ".yml"].contains(where: $0.hasSuffix) }.map(Self.stem))
  }

  static func withoutExtension(_ path: String) -> String {
    guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return path }
    return String(path[..<dot])
  }

  static func stem(of path: String) -> String {
    String(withoutExtension(path).split(separator: "/").last ?? "")
  }
}

extension FileMode {
  /// Whether it is a file of its own.
  var isFile: Bool { self == .regular || self == .executable }
}
