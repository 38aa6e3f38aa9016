import UtilityModel

/// Why a commit on the first-parent chain does not count as an approved merge.
public struct UnapprovedCommit: Hashable, Sendable {
  /// What is missing.
  public enum Reason: Hashable, Sendable {
    /// It is no merge, or one that brings no commit.
    case notAMerge
    /// Its committer is the only author of what it brings.
    case ownWork
  }
  /// The commit.
  public let commit: Commit
  /// What is missing.
  public let reason: Reason
}

extension RepositoryHandle {
  /// The newest commit of the first-parent chain of `tip`, as far as `known` does not reach it,
  /// that is no merge by another than the only author of what it brings; nil if all are.
  ///
  /// People are told apart by their e-mail addresses, whatever their case. Throws `tooLarge` beyond
  /// `limit` commits of the chain or of one merge. Source: contract, `policy.approval: merge`.
  public func unapprovedCommit(
    tip: ObjectID, known: ObjectID, limit: Int = 10_000
  ) throws(GitError) -> UnapprovedCommit? {
    var next: ObjectID? = tip
    var count = 0
    while let id = next, id != known {
      let commit = try commit(id)
      // The chain may pass beside `known`, which a merge brought in from its other side.
      if count % 64 == 63 || commit.parents.count < 2, try isAncestor(id, of: known) { return nil }
      count += 1
      guard count <= limit else { throw tooLong(limit) }
      if let reason = try reason(against: commit, limit: limit) {
        return UnapprovedCommit(commit: commit, reason: reason)
      }
      next = commit.parents.first
    }
    return nil
  }

  private func reason(
    against merge: Commit, limit: Int
  ) throws(GitError) -> UnapprovedCommit.Reason? {
    guard merge.parents.count > 1, let first = merge.parents.first else { return .notAMerge }
    let merger = merge.committer.email.lowercased()
    // `git_revwalk` gives up early where dates lie: old work of others would count as brought.
    let brought = try commits(
      reachedBy: Array(merge.parents.dropFirst()), without: [first], limit: limit * 20)
    guard brought.count <= limit else { throw tooLong(limit) }
    for node in brought where try commit(node.id).author.email.lowercased() != merger {
      return nil
    }
    return brought.isEmpty ? .notAMerge : .ownWork
  }

  private func tooLong(_ limit: Int) -> GitError {
    error(
      "check the approval", .tooLarge, "more than \(limit) commits are new")
  }
}
