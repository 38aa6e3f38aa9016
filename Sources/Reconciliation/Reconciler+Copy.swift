import Catalog
import Concurrency
import GitStore
import Logging
import UtilityModel

/// What `tenant copy` did.
public struct TenantCopy: Codable, Sendable, Equatable {
  /// Whose utilities were copied.
  public var from: String
  /// Into whose repository.
  public var to: String
  /// The copied revision, or "" where nothing was looked at.
  public var revision: String
  /// The new revision, or nil where nothing was to be copied.
  public var commit: String?
  /// How many utilities came.
  public var utilities = 0
  /// How many shared modules came.
  public var modules = 0
  /// Whether it was passed over because there is only one active tenant.
  public var ignored = false
  /// Where the approved branch of the tenant stands then.
  public var phase: SyncPhase?
  /// Why, where something is to be told.
  public var note: String?
}

extension Reconciler {
  /// Copies the utilities and shared modules of a tenant's applied revision (without one, of its
  /// approved branch) into another tenant's repository, as one commit on the approved branch, and
  /// reconciles that tenant. For the first tenant, where there is none to copy from and no other is
  /// active, nothing is done. Source: LLD, `CopyutilsToTenant`.
  ///
  /// Throws `SyncError` for a tenant that is unknown or has no repository or nothing to copy,
  /// `GitError` for names that are taken and branches that move, or `CatalogError`.
  public func copy(
    from: TenantCode, to: TenantCode, author: CommitIdentity, committer: CommitIdentity,
    by decider: Decider
  ) async throws -> TenantCopy {
    try await tenantWork.withPermit {
      try await discover()
      var result = TenantCopy(from: from.rawValue, to: to.rawValue, revision: "")
      guard let target = tenants[to] else { throw Self.unknown(to) }
      if from == to || tenants[from] == nil,
        try await context.store.tenants().count(where: { $0.status == .active }) <= 1
      {
        result.ignored = true
        return result
      }
      guard from != to else {
        throw SyncError(description: "tenant `\(from)` cannot be copied into itself")
      }
      guard let source = tenants[from] else { throw Self.unknown(from) }
      guard let sourcePath = source.path else { throw LostRepository(tenant: from, cause: nil) }
      guard let targetPath = target.path else { throw LostRepository(tenant: to, cause: nil) }
      guard targetPath.hasSuffix(".git") else {
        throw SyncError(
          description:
            "the repository of tenant `\(to)` has a working tree, which a commit beside it "
            + "would leave behind; copy the files there and commit them")
      }
      let branch = context.settings.approvedBranch
      // The store's word: another agent may have the tenant.
      let statuses = try await context.store.branchStatuses(of: from)
      let approved = statuses.first { $0.branch == branch }
      let applied = approved?.applied.flatMap { Revision($0)?.commit }
      let plan = UtilityCopy(branch: branch, author: author, committer: committer)
      let (commit, outcome) = try await context.pool.run {
        let source = try RepositoryHandle(path: sourcePath)
        let target = try RepositoryHandle(path: targetPath)
        let commit = if let applied { applied } else { try source.tip(ofBranch: branch) }
        let outcome = try plan.run(from: source, at: commit, to: target) { utilities, modules in
          Self.message(from, Revision(branch: branch, commit: commit), utilities, modules)
        }
        return (commit, outcome)
      }
      FaultPoint.reached("tenant.copied")
      result.revision = Revision(branch: branch, commit: commit).description
      result.utilities = outcome.utilities
      result.modules = outcome.modules
      if let made = outcome.commit {
        result.commit = Revision(branch: branch, commit: made).description
        try await context.store.append([
          AuditRecord(
            at: WallClock.milliseconds(), tenantcode: to.rawValue, actor: decider.actor,
            action: .copy, subject: result.commit ?? "",
            reason: decider.reason.isEmpty ? "copied from tenant \(from)" : decider.reason,
            before: "\(from) \(result.revision)", after: result.commit ?? "")
        ])
      }
      let status = try await sync(to)?.first?.branches.first { $0.branch == branch }
      result.phase = status?.phase
      result.note = status?.report?.held?.reason ?? status?.report?.error
      return result
    }
  }

  private static func unknown(_ tenant: TenantCode) -> SyncError {
    SyncError(
      description: "no tenant `\(tenant)` is known; `sync-agent tenant add \(tenant)` makes it")
  }

  /// Where the files come from stands in the commit.
  private static func message(
    _ from: TenantCode, _ revision: Revision, _ utilities: Int, _ modules: Int
  ) -> String {
    """
    Copy the utilities of tenant \(from)

    \(utilities) utilities and \(modules) shared modules.

    Copied-from: \(from) \(revision)

    """
  }
}

extension TenantReconciler {
  /// What of the approved branch is applied, or nil.
  var appliedCommit: ObjectID? {
    statuses[approvedName]?.applied.flatMap { Revision($0)?.commit }
  }
}
