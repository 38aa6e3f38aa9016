import GitStore
import Reconciliation
import UtilityModel

/// What became of a commit: the branches' states, and git for what lies between.
struct CommitFateFinder: Sendable {
  let context: ReconcileContext
  let reconciler: Reconciler

  /// The fate of the commit that `sha` names in full or in short; nil where the tenant is unknown.
  func fate(of sha: String, in tenant: TenantCode) async -> CommitFate? {
    guard let status = context.board.status(of: tenant) else { return nil }
    let path = await reconciler.repositories()[tenant]
    return await Self.fate(of: sha, branches: status.branches, path: path, context: context)
  }

  static func fate(
    of sha: String, branches: [BranchStatus], path: String?, context: ReconcileContext
  ) async -> CommitFate {
    @Sendable func unknown(_ reason: String) -> CommitFate {
      CommitFate(sha: sha, state: .unknown, branch: "", revision: "", reason: reason)
    }
    guard let path else { return unknown("the tenant's repository is gone") }
    do {
      return try await context.pool.run {
        try find(sha, branches, RepositoryHandle(path: path)) ?? unknown("no watched branch has it")
      }
    } catch let error as GitError where error.code == .notFound {
      return unknown("the repository has no such commit")
    } catch {
      return unknown("\(error)")
    }
  }

  private static func find(
    _ sha: String, _ branches: [BranchStatus], _ handle: borrowing RepositoryHandle
  ) throws(GitError) -> CommitFate? {
    let commit = try handle.resolve(sha)
    for status in branches {
      if let fate = try fate(of: commit, on: status, handle) { return fate }
    }
    return nil
  }

  private static func fate(
    of commit: ObjectID, on status: BranchStatus, _ handle: borrowing RepositoryHandle
  ) throws(GitError) -> CommitFate? {
    let found = CommitFate(
      sha: commit.hex, state: .pending, branch: status.branch, revision: status.applied ?? "",
      reason: status.report?.error ?? "it is about to be applied")
    func fate(_ state: CommitFate.State, _ reason: String) -> CommitFate {
      var fate = found
      fate.state = state
      fate.reason = reason
      return fate
    }
    let applied = status.applied.flatMap { Revision($0)?.commit }
    if commit == applied {
      var refused = status.report?.quarantined.map(\.name) ?? []
      if status.report?.refusesSettings == true { refused.append("tenant.yaml") }
      let rolledBack = (status.rollbacks ?? [:]).keys.sorted()
      let besides =
        rolledBack.isEmpty ? "" : "; rolled back: \(rolledBack.joined(separator: ", "))"
      return refused.isEmpty
        ? fate(.applied, "it is what runs" + besides)
        : fate(.quarantined, "applied but for \(refused.joined(separator: ", "))" + besides)
    }
    if let applied, try handle.isAncestor(commit, of: applied) {
      return fate(.superseded, "\(applied.hex.prefix(12)) is newer and runs")
    }
    guard let head = try handle.commit(ofBranch: status.branch),
      try handle.isAncestor(commit, of: head)
    else { return nil }
    if status.phase == .held, let held = status.report?.held,
      let observed = status.observed.flatMap({ Revision($0)?.commit }),
      try handle.isAncestor(commit, of: observed)
    {
      return fate(.held, held.reason)
    }
    return found
  }
}
