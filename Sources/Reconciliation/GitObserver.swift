import GitStore
import UtilityModel
import Validation

/// Reads blobs of one repository on one thread.
final class GitBlobReader: BlobReader {
  private let handle: RepositoryHandle

  /// Opens the repository at `path`. Throws `GitError`.
  init(path: String) throws(GitError) { handle = try RepositoryHandle(path: path) }

  /// The blob's bytes, if there are at most `limit`.
  func read(_ id: ObjectID, limit: Int) -> BlobContent {
    do throws(GitError) {
      let size = try handle.blobSize(id)
      guard size <= limit else { return .tooLarge(size) }
      return .bytes(try handle.blob(id, limit: limit))
    } catch {
      return .unreadable(error.cause)
    }
  }
}

/// What git says of one tenant's repository. Every function blocks.
enum GitObserver {
  /// The top-level names of a tree that matter.
  static let roots = ["utils", "lib", "tenant.yaml"]

  /// The tips of both branches, nil where there is none.
  struct Heads: Sendable, Equatable {
    var approved: ObjectID?
    var trial: ObjectID?
    var isEmpty = false
  }

  static func heads(
    at path: String, approved: String, trial: String
  ) throws(GitError) -> Heads {
    let handle = try RepositoryHandle(path: path)
    var heads = Heads(
      approved: try handle.commit(ofBranch: approved), trial: try handle.commit(ofBranch: trial))
    if heads.approved == nil, heads.trial == nil { heads.isEmpty = try handle.branches().isEmpty }
    return heads
  }

  /// What changed between two commits; nil as `from` gives everything.
  static func changes(
    at path: String, from: ObjectID?, to: ObjectID
  ) throws(GitError) -> [SourceChange] {
    let handle = try RepositoryHandle(path: path)
    let tree = try handle.commit(to).tree
    guard let from else {
      var changes: [SourceChange] = []
      for file in try handle.files(in: tree, under: roots) {
        changes.append(SourceChange(path: file.path, entry: entry(file)))
      }
      return changes
    }
    let old = try handle.commit(from).tree
    return try handle.changes(from: old, to: tree, under: roots).map { change in
      SourceChange(path: change.path, entry: change.new.map(entry))
    }
  }

  /// The first parent of a commit, nil for a root.
  static func firstParent(at path: String, of commit: ObjectID) throws(GitError) -> ObjectID? {
    try RepositoryHandle(path: path).commit(commit).parents.first
  }

  /// The provenance of units whose last change is newer than `known`.
  static func provenance(
    at path: String, tip: ObjectID, units: [String: [String]], known: ObjectID?
  ) throws(GitError) -> [String: Provenance] {
    try RepositoryHandle(path: path).lastChanges(branchTip: tip, units: units, known: known)
  }

  /// The candidates among `fresh` and `gone` (name to blob) whose files are at least half alike.
  ///
  /// Bounded: beyond a quarter of a million pairs only files that are equal are compared.
  static func renames(
    at path: String, fresh: [String: ObjectID], gone: [String: ObjectID]
  ) throws(GitError) -> [RenameCandidate] {
    var candidates: [RenameCandidate] = []
    let handle = try RepositoryHandle(path: path)
    let compares = fresh.count * gone.count <= 250_000
    var contents: [ObjectID: [UInt8]] = [:]
    func bytes(_ id: ObjectID) throws(GitError) -> [UInt8] {
      if let known = contents[id] { return known }
      let read: [UInt8]
      do throws(GitError) {
        read = try handle.blob(id, limit: 1 << 20)
      } catch  where error.code == .tooLarge || error.code == .notFound || error.code == .corrupt {
        // A file too large, or one that a garbage collection took: no candidate.
        read = []
      }
      contents[id] = read
      return read
    }
    for (to, blob) in fresh {
      for (from, old) in gone {
        if blob == old {
          candidates.append(RenameCandidate(to: to, from: from, score: 100))
        } else if compares {
          let score = handle.similarity(try bytes(old), try bytes(blob))
          if score >= 50 {
            candidates.append(RenameCandidate(to: to, from: from, score: min(score, 99)))
          }
        }
      }
    }
    return candidates
  }

  private static func entry(_ file: TreeFile) -> SourceEntry {
    let kind: SourceEntry.Kind =
      switch file.mode {
      case .regular, .executable: .file
      case .symlink: .symbolicLink
      case .submodule: .submodule
      }
    return SourceEntry(path: file.path, id: file.id, kind: kind, isValidPath: file.validPath)
  }
}
