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
        let handle = try RepositoryHandle(path: path)
        let commit: ObjectID
        do throws(GitError) {
          commit = try handle.resolve(sha)
        } catch where error.code == .notFound {
          return unknown("the repository has no such commit")
        }
        for status in branches {
          if let fate = try fate(of: commit, on: status, handle) { return fate }
        }
        return unknown("no watched branch has the commit")
      }
    } catch {
      return unknown("\(error)")
    }
  }

  private static func fate(
    of commit: ObjectID, on status: BranchStatus, _ handle: borrowing RepositoryHandle
  ) throws(GitError) -> CommitFate? {
    func fate(_ state: CommitFate.State, _ reason: String) -> CommitFate {
      CommitFate(
        sha: commit.hex, state: state, branch: status.branch, revision: status.applied ?? "",
        reason: reason)
    }
    let applied = status.applied.flatMap { Revision($0)?.commit }
    if commit == applied {
      let refused = status.report?.quarantined.map(\.name) ?? []
      return refused.isEmpty
        ? fate(.applied, "it is what runs")
        : fate(.quarantined, "applied but for \(refused.joined(separator: ", "))")
    }
    if let applied, try handle.isAncestor(commit, of: applied) {
      return fate(.superseded, "\(applied.hex.prefix(12)) is newer and runs")
    }
    guard let head = try handle.commit(ofBranch: status.branch),
      try handle.isAncestor(commit, of: head)
    else { return nil }
    return fate(.pending, status.report?.error ?? "it is about to be applied")
  }
}
