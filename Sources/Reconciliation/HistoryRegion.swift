import GitStore
import UtilityModel

/// The part of a history that `RenameHistory` goes through.
enum HistoryRegion {
  /// The commits to go through, parents first, and where to start: commits whose names are known, or
  /// a commit from which both the known ones and the new ones come. `isRewritten`: some branch does
  /// not go on from its known commit; then what both have is gone through as well, if it is not too far.
  ///
  /// Throws `tooLarge` beyond `limit` commits.
  static func find(
    heads: [ObjectID], known: [ObjectID], isRewritten: Bool, limit: Int,
    in git: borrowing RepositoryHandle
  ) throws(GitError) -> (starts: [ObjectID], commits: [CommitNode]) {
    var short: (starts: [ObjectID], commits: [CommitNode])?
    if !known.isEmpty {
      let commits = try git.commits(reachedBy: heads, without: known, limit: limit)
      var starts = boundary(of: commits)
      for head in heads where known.contains(head) { starts.insert(head) }
      // No commit of these comes before a known one, whatever the dates say. Of all names of the
      // starts it is known whose they are.
      // A head that goes back to before what is applied is in neither.
      let members = Set(commits.map(\.id))
      let isKnown = heads.allSatisfy { members.contains($0) || known.contains($0) }
      if isKnown, starts.isSubset(of: known) { short = (starts.sorted(), commits) }
      if let short, !isRewritten { return short }
    }
    // A side branch is older than what is applied, or what went on the way from the abandoned commits
    // to the new ones went before: go back to where all of them meet.
    do throws(GitError) {
      let (start, commits) = try git.commits(backFrom: heads + known, limit: limit)
      return (start.map { [$0] } ?? [], commits)
    } catch {
      guard error.code == .tooLarge, let short else { throw error }
      return short
    }
  }

  /// Whether the commits that `head` has over `applied` touch one name at most, all together.
  ///
  /// Looks at a few commits only; false where there are more.
  static func touchesOneName(
    head: ObjectID, applied: ObjectID, in git: borrowing RepositoryHandle
  ) throws(GitError) -> Bool {
    let commits: [CommitNode]
    do throws(GitError) {
      commits = try git.commits(reachedBy: [head], without: [applied], limit: 200)
    } catch  where error.code == .tooLarge {
      return false
    }
    var keys: Set<String> = []
    for commit in commits {
      guard let parent = commit.parents.first else { return false }
      for change in try git.changes(
        from: parent, to: commit.tree, under: ["utils"], isHistory: true)
      {
        guard let (stem, _) = NameState.parse(change.path) else { continue }
        keys.insert(NameState.key(ofStem: stem))
        if keys.count > 1 { return false }
      }
    }
    return true
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
