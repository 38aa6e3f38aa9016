import UtilityModel

/// A file through its history: the commits that changed it, and its paths before it was renamed.
public struct FileLineage: Sendable {
  /// One commit that changed the file or its companions.
  public struct Entry: Hashable, Sendable {
    /// The commit.
    public let commit: Commit
    /// The file's path at that commit.
    public let path: String
    /// The file's blob there; `nil` where the commit removed it or it was not there yet.
    public let blob: ObjectID?
  }

  /// A path, and the newest commit up to which it was the file's.
  struct Stretch: Hashable, Sendable {
    let path: String
    let tip: ObjectID
  }

  /// The commits, newest first.
  public fileprivate(set) var entries: [Entry] = []
  fileprivate(set) var stretches: [Stretch] = []
  /// The commit in which the file is new although another one had its path before; else `nil`.
  fileprivate(set) var birth: ObjectID?
}

/// Where a file was before a commit that changed it.
public enum FileOrigin: Hashable, Sendable {
  /// Under the same path, as far as it was there at all.
  case itself
  /// Under another path.
  case renamed(from: String)
  /// Nowhere: what had the path before is another file.
  case nowhere
  /// The commit is another file's, which had the path before and went elsewhere with it.
  case notItsOwn
}

extension RepositoryHandle {
  /// How many renames are followed.
  private static let renames = 32

  /// The newest `limit` commits from `tip` that changed the file at `path` or its sidecars, under
  /// their former paths too.
  ///
  /// `origin` decides for each commit where the file under a path was before. Throws `GitError`.
  public func lineage(
    of path: String, from tip: ObjectID, limit: Int,
    origin: (HistoryEntry, String) throws(GitError) -> FileOrigin
  ) throws(GitError) -> FileLineage {
    var lineage = FileLineage()
    var seen: Set<ObjectID> = []
    var next: FileLineage.Stretch? = .init(path: path, tip: tip)
    while let stretch = next, lineage.stretches.count <= Self.renames,
      lineage.entries.count < limit
    {
      lineage.stretches.append(stretch)
      let found = try history(
        of: Self.files(stretch.path), from: stretch.tip, limit: limit - lineage.entries.count)
      next = nil
      walk: for entry in found where seen.insert(entry.commit.id).inserted {
        let before = try origin(entry, stretch.path)
        if before == .notItsOwn {
          lineage.birth = lineage.entries.last?.commit.id
          break
        }
        lineage.entries.append(.init(commit: entry.commit, path: stretch.path, blob: entry.blob))
        switch before {
        case .itself, .notItsOwn: continue
        case .nowhere: lineage.birth = entry.commit.id
        case .renamed(let former):
          next = entry.commit.parents.first.map { .init(path: former, tip: $0) }
        }
        break walk
      }
    }
    return lineage
  }

  /// The file at `commit`, which must be reachable from `tip`: its blob under the path that was the
  /// file's own then, or `nil` where it was no regular file there or the commit is elsewhere.
  ///
  /// A file of another name, or one that had the path before this file came to it, is not given.
  public func blob(
    of path: String, from tip: ObjectID, at commit: ObjectID,
    origin: (HistoryEntry, String) throws(GitError) -> FileOrigin
  ) throws(GitError) -> ObjectID? {
    guard try isAncestor(commit, of: tip) else { return nil }
    let lineage = try lineage(of: path, from: tip, limit: .max, origin: origin)
    if let birth = lineage.birth, try !isAncestor(birth, of: commit) { return nil }
    for stretch in lineage.stretches.reversed() where try isAncestor(commit, of: stretch.tip) {
      let state = try entry(at: stretch.path, in: try self.commit(commit).tree)
      guard let state, state.mode & 0o170000 == 0o100000 else { return nil }
      return state.id
    }
    return nil
  }

  /// For each commit, the committer of the first-parent merge that brought it in, or "".
  public func approvers(
    of commits: [Commit], from tip: ObjectID, limit: Int = 2_000_000
  ) throws(GitError) -> [ObjectID: String] {
    guard !commits.isEmpty else { return [:] }
    var graph = CommitGraph()
    let start = try graph.number(of: tip, in: self)
    let region = try graph.region(from: [start], without: [], limit: limit, in: self)
    var approvers = try Approvers(tip: tip, known: nil, region: region, graph)
    var result: [ObjectID: String] = [:]
    for commit in commits { result[commit.id] = try approvers.approver(of: commit, in: self) }
    return result
  }

  /// A `.py` file and its possible sidecars.
  private static func files(_ path: String) -> [String] {
    guard path.hasSuffix(".py") else { return [path] }
    let stem = path.dropLast(3)
    return [path, stem + ".yaml", stem + ".yml"]
  }
}
