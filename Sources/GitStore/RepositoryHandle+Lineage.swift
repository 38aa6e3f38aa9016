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
}

extension RepositoryHandle {
  /// How many renames are followed.
  private static let renames = 32
  /// The least likeness, of 100, that makes a removed file the former one: git's own default.
  private static let likeness = 50
  /// Files removed beside the one that appeared, of which more are not compared.
  private static let candidates = 1000

  /// The newest `limit` commits from `tip` that changed the file at `path` or its sidecars, under
  /// their former paths too.
  ///
  /// A file that appears in a commit is taken for the `.py` file below `utils/` which the same commit
  /// removed and which is most alike, from half of the lines on. Throws `GitError`.
  public func lineage(
    of path: String, from tip: ObjectID, limit: Int
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
      for entry in found where seen.insert(entry.commit.id).inserted {
        lineage.entries.append(.init(commit: entry.commit, path: stretch.path, blob: entry.blob))
        next = try former(of: stretch.path, at: entry)
        // What had the path before is another file.
        if next != nil { break }
      }
    }
    return lineage
  }

  /// The file at `commit`, which must be reachable from `tip`: its blob under the path that was the
  /// file's own then, or `nil` where it was no regular file there or the commit is elsewhere.
  ///
  /// A file of another name, or one that had the path before this file came to it, is not given.
  public func blob(
    of path: String, from tip: ObjectID, at commit: ObjectID
  ) throws(GitError) -> ObjectID? {
    guard try isAncestor(commit, of: tip) else { return nil }
    let stretches = try lineage(of: path, from: tip, limit: .max).stretches
    for stretch in stretches.reversed() where try isAncestor(commit, of: stretch.tip) {
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

  /// Where the file was before a commit in which it appears, if it came by a rename. Without one it
  /// is new, or back after a removal.
  private func former(
    of path: String, at origin: HistoryEntry
  ) throws(GitError) -> FileLineage.Stretch? {
    guard let blob = origin.blob, let parent = origin.commit.parents.first,
      try entry(at: path, in: try commit(parent).tree) == nil
    else { return nil }
    let removed = try changes(from: parent, to: origin.commit.id, under: ["utils"])
      .compactMap { $0.new == nil ? $0.old : nil }
      .filter { $0.validPath && $0.path.hasSuffix(".py") }
    if let same = removed.first(where: { $0.id == blob }) {
      return .init(path: same.path, tip: parent)
    }
    guard removed.count <= Self.candidates else { return nil }
    var best: (likeness: Int, path: String)?
    let limit = 1 << 20
    guard try blobSize(blob) <= limit else { return nil }
    let bytes = try self.blob(blob, limit: limit)
    for file in removed where file.mode == .regular || file.mode == .executable {
      guard try blobSize(file.id) <= limit else { continue }
      let likeness = similarity(try self.blob(file.id, limit: limit), bytes)
      if likeness >= Self.likeness, likeness > best?.likeness ?? 0 { best = (likeness, file.path) }
    }
    return best.map { .init(path: $0.path, tip: parent) }
  }

  /// A `.py` file and its possible sidecars.
  private static func files(_ path: String) -> [String] {
    guard path.hasSuffix(".py") else { return [path] }
    let stem = path.dropLast(3)
    return [path, stem + ".yaml", stem + ".yml"]
  }
}
