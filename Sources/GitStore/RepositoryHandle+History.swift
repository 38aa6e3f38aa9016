import UtilityModel

/// One commit of a path's history.
public struct HistoryEntry: Hashable, Sendable {
  /// The commit.
  public let commit: Commit
  /// The blob of the first path at that commit; `nil` where it does not exist.
  public let blob: ObjectID?

  /// An entry by its parts.
  public init(commit: Commit, blob: ObjectID?) {
    self.commit = commit
    self.blob = blob
  }
}

extension RepositoryHandle {
  /// The newest `limit` commits that changed any of the paths, as `git log <tip> -- <paths>` lists.
  ///
  /// Default history simplification: a merge that equals one of its parents in these paths is left
  /// out, and only the first such parent is followed. The order is git's: of the commits whose
  /// child was seen, the newest by its committer's date. Renames are not followed.
  public func history(
    of paths: [String], from tip: ObjectID, limit: Int
  ) throws(GitError) -> [HistoryEntry] {
    guard limit > 0, !paths.isEmpty else { return [] }
    var graph = CommitGraph()
    var states: [ObjectID: [PathState?]] = [:]
    var sequence = 0
    // Newest first, and first come first where the dates are equal, as git's list.
    var queue = PriorityQueue<(time: Int64, sequence: Int, number: Int)> {
      ($1.time, $0.sequence) < ($0.time, $1.sequence)
    }
    var seen: Set<Int> = []
    func state(_ tree: ObjectID) throws(GitError) -> [PathState?] {
      if let known = states[tree] { return known }
      var found: [PathState?] = []
      for path in paths { found.append(try entry(at: path, in: tree)) }
      states[tree] = found
      return found
    }
    let start = try graph.number(of: tip, in: self)
    seen.insert(start)
    queue.push((graph[start].time, sequence, start))
    var result: [HistoryEntry] = []
    while result.count < limit, let (_, _, number) = queue.pop() {
      let here = try state(graph[number].tree)
      var follow = try graph.parents(of: number, in: self)
      var isSame = follow.isEmpty && here.allSatisfy { $0 == nil }
      for parent in follow where try state(graph[parent].tree) == here {
        follow = [parent]
        isSame = true
        break
      }
      if !isSame {
        let commit = try commit(graph[number].id)
        result.append(HistoryEntry(commit: commit, blob: here.first.flatMap { $0?.id }))
      }
      for parent in follow where seen.insert(parent).inserted {
        sequence += 1
        queue.push((graph[parent].time, sequence, parent))
      }
    }
    return result
  }
}
