import GitStore
import Reconciliation
import UtilityModel

/// Why the agent would hold an update of the approved branch instead of applying it: what
/// `RevisionGate` will say, with the branch's old tip for what is applied.
enum PushHold {
  /// The reason in the update's history, or nil. Blocks. Throws `GitError`.
  static func history(
    of update: RefUpdate, repository: ReviewedRepository, configuration: Configuration
  ) throws(GitError) -> String? {
    guard let old = update.old, let new = update.new, let branch = update.branch else {
      return nil
    }
    return try repository.read { (handle) throws(GitError) in
      try RevisionGate.hold(
        new, over: old, policy: configuration.revisionPolicy, branch: branch,
        tenant: tenant(of: repository), in: handle)?.reason
    }
  }

  /// The reason in what the update takes out of the live catalog, or nil. Blocks. Throws `GitError`.
  static func removals(
    in review: ChangeReview, of update: RefUpdate, repository: ReviewedRepository,
    configuration: Configuration
  ) throws(GitError) -> String? {
    let removed = review.withdrawn
    guard let old = update.old, let new = update.new, !removed.isEmpty else { return nil }
    return try repository.read { (handle) throws(GitError) in
      // Every file of the old tree counts as live: the catalog is not asked at a push.
      let live = try handle.files(in: old, under: ["utils"]).count { $0.path.hasSuffix(".py") }
      let policy = try RevisionGate.tightened(configuration.revisionPolicy, at: old, in: handle)
      return RevisionGate.hold(
        removed: removed, live: live, head: new, policy: policy, tenant: tenant(of: repository))?
        .reason
    }
  }

  private static func tenant(of repository: ReviewedRepository) -> String {
    let folder = repository.path.split(separator: "/").last { $0 != ".git" && $0 != "." } ?? ""
    return folder.hasSuffix(".git") ? String(folder.dropLast(4)) : String(folder)
  }
}
