import GitStore
import UtilityModel

/// The part of a history that `RenameHistory` goes through.
enum HistoryRegion {
  /// The commits to go through, parents first, and where to start: commits whose names are known, or
  /// a commit from which both the known ones and the new ones come.
  ///
  /// Throws `tooLarge` beyond `limit` commits.
  static func find(
    heads: [ObjectID], known: [ObjectID], limit: Int, in git: borrowing RepositoryHandle
  ) throws(GitError) -> (starts: [ObjectID], commits: [CommitNode]) {
    if !known.isEmpty {
      let commits = try git.commits(reachedBy: heads, without: known, limit: limit)
      var starts = boundary(of: commits)
      for head in heads where known.contains(head) { starts.insert(head) }
      // A head that goes back to before what is applied is in neither.
      let members = Set(commits.map(\.id))
      let isKnown = heads.allSatisfy { members.contains($0) || known.contains($0) }
      if isKnown, starts.isSubset(of: known) { return (starts.sorted(), commits) }
    }
    // A side branch is older than what is applied: go back to where all of them meet.
    let (start, commits) = try git.commits(backFrom: heads + known, limit: limit)
    return (start.map { [$0] } ?? [], commits)
  }

  private static func boundary(of commits: [CommitNode]) -> Set<ObjectID> {
    let members = Set(commits.map(\.id))
    return Set(commits.flatMap(\.parents)).subtracting(members)
  }
}

extension RenameHistory {
  /// One branch: what is applied of it and where it stands.
  struct Branch {
    var name: String
    var applied: ObjectID?
    /// Whether there was an applied revision that the repository has lost.
    var isLost = false
    var head: ObjectID?
    /// The numbers that names had at the applied revision.
    var id: @Sendable (String) -> Int32?
    /// The number of the utility that was removed last under a name.
    var removedID: @Sendable (String) -> Int32?

    var isMoved: Bool { head != nil && head != applied }
  }
}
