import Concurrency
import Foundation
import Hashing
import Logging
import Synchronization
import UtilityModel

@testable import Validation

/// Threads with the stack that the YAML parser asks for.
let testPool = BlockingPool(name: "val-test", width: 2)

/// A log that says nothing.
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A validator over the real interpreter, without a cache on the disk.
let sharedValidator = Validator(
  limits: CheckerLimits(python: "/usr/bin/python3"), cachePath: nil, width: 2, logger: quiet)

/// A folder that goes with its last reference.
final class ScratchFolder: Sendable {
  let path: String
  init() throws {
    path = NSTemporaryDirectory() + "validation-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Blobs in memory that count how often they are read.
final class MemoryBlobs: Sendable {
  private struct State {
    var blobs: [ObjectID: [UInt8]] = [:]
    var reads = 0
    var lost: Set<ObjectID> = []
  }
  private let state = Mutex(State())

  var reads: Int { state.withLock { $0.reads } }

  func add(_ bytes: [UInt8]) -> ObjectID {
    guard let id = ObjectID(bytes: SHA256.digest(of: bytes).bytes.prefix(20)) else {
      preconditionFailure("twenty bytes are an id")
    }
    state.withLock { $0.blobs[id] = bytes }
    return id
  }

  func lose(_ id: ObjectID) { state.withLock { _ = $0.lost.insert(id) } }

  fileprivate func read(_ id: ObjectID, limit: Int) -> BlobContent {
    state.withLock { state in
      state.reads += 1
      if state.lost.contains(id) { return .unreadable("it is damaged") }
      guard let bytes = state.blobs[id] else { return .unreadable("it is not there") }
      return bytes.count > limit ? .tooLarge(bytes.count) : .bytes(bytes)
    }
  }

  var factory: BlobReaderFactory { { Reader(blobs: self) } }

  private final class Reader: BlobReader {
    let blobs: MemoryBlobs
    init(blobs: MemoryBlobs) { self.blobs = blobs }
    func read(_ id: ObjectID, limit: Int) -> BlobContent { blobs.read(id, limit: limit) }
  }
}

/// Texts that most tests use.
enum Sample {
  static let sidecar = "description: d\ncategory: c\ninput_label: i\nfilter_label: f\n"
  static func source(_ name: String, _ body: String = "return data") -> String {
    "def \(name)(data, filter):\n    \(body)\n"
  }
}

/// A tree in memory and the judge that follows it.
struct Branch {
  enum Item: Hashable {
    case text(String)
    case bytes([UInt8])
    case link
    case submodule
  }
  let blobs: MemoryBlobs
  let validator: Validator
  private(set) var judge: BranchJudge
  private(set) var tree: [PathKey: Item] = [:]
  private let policy: MediumPolicy
  private let packages: PackageAllowList

  init(
    policy: MediumPolicy = .warn, packages: PackageAllowList = .all,
    validator: Validator = sharedValidator, blobs: MemoryBlobs = MemoryBlobs(),
    settings: ObjectID? = nil
  ) {
    self.policy = policy
    self.packages = packages
    self.validator = validator
    self.blobs = blobs
    judge = BranchJudge(
      revision: Self.revision, mediumPolicy: policy, packages: packages, settings: settings)
  }

  var state: BranchState { judge.state }

  static let revision = Revision(
    branch: "main", commit: ObjectID(hex: String(repeating: "1", count: 40))!)

  @discardableResult
  mutating func set(_ items: [PathKey: Item?]) async throws -> BranchJudge.Update {
    var changes: [SourceChange] = []
    for (path, item) in items.sorted(by: { $0.key < $1.key }) {
      tree[path] = item
      let found = item.map { entry(path.text, $0) }
      changes.append(SourceChange(path: path.text, entry: found))
    }
    return try await judge.update(
      to: Self.revision, changes: changes, validator: validator, reading: blobs.factory)
  }

  @discardableResult
  mutating func write(_ files: [PathKey: String?]) async throws -> BranchJudge.Update {
    try await set(files.mapValues { $0.map { .text($0) } })
  }

  /// Adds a utility with a good sidecar.
  mutating func utility(
    _ name: String, folder: String = "utils", source: String? = nil, sidecar: String = ""
  ) async throws {
    try await write([
      PathKey("\(folder)/\(name).py"): source ?? Sample.source(name),
      PathKey("\(folder)/\(name).yaml"): Sample.sidecar + sidecar,
    ])
  }

  /// Moves a utility's files to another folder.
  mutating func move(_ name: String, from old: String, to new: String) async throws {
    var items: [PathKey: Item?] = [:]
    for ending in [".py", ".yaml"] {
      let path = PathKey("\(old)/\(name)\(ending)")
      items.updateValue(tree[path], forKey: PathKey("\(new)/\(name)\(ending)"))
      items.updateValue(nil, forKey: path)
    }
    try await set(items)
  }

  /// The rules that a name was refused by, sorted; nil where it is not refused.
  func refusal(_ name: String) -> [String]? {
    state.refused[name].map { Set($0.findings.map(\.rule)).sorted() }
  }

  /// The same tree judged by a fresh judge.
  func judgedAnew(settings: ObjectID? = nil) async throws -> BranchState {
    var fresh = Branch(
      policy: policy, packages: packages, validator: validator, blobs: blobs, settings: settings)
    try await fresh.set(tree.mapValues { $0 })
    return fresh.state
  }

  /// The same tree in parts of `size` names.
  func parts(size: Int) throws -> TreeParts {
    try TreeParts(
      tree.map { SourceChange(path: $0.key.text, entry: entry($0.key.text, $0.value)) }, size: size)
  }

  /// The same tree judged part after part by a fresh judge, and the names that each part touched.
  func judged(in parts: TreeParts) async throws -> (BranchState, [Set<String>]) {
    var fresh = BranchJudge(revision: Self.revision, mediumPolicy: policy, packages: packages)
    var names: [Set<String>] = []
    for (index, part) in parts.utilities.enumerated() {
      let update = try await fresh.update(
        to: Self.revision, changes: index == 0 ? parts.shared + part : part, validator: validator,
        reading: blobs.factory)
      names.append(update.names ?? Set(fresh.state.utilities.keys))
    }
    return (fresh.state, names)
  }

  private func entry(_ path: String, _ item: Item) -> SourceEntry {
    switch item {
    case .text(let text): .init(path: path, id: blobs.add(Array(text.utf8)), kind: .file)
    case .bytes(let bytes): .init(path: path, id: blobs.add(bytes), kind: .file)
    case .link: .init(path: path, id: blobs.add(Array("target".utf8)), kind: .symbolicLink)
    case .submodule: .init(path: path, id: blobs.add([1]), kind: .submodule)
    }
  }
}
