import Catalog
import Concurrency
import GitStore
import Logging
import UtilityModel

/// Who has something done to a tenant, and why.
public struct Decider: Sendable {
  /// The name in the audit.
  public var actor: String
  /// Why.
  public var reason: String

  /// A decider by the parts.
  public init(actor: String, reason: String) {
    self.actor = actor
    self.reason = reason
  }
}

extension Reconciler {
  /// Adds a tenant: the catalog's record, then the repository that `making` makes, on a thread of the
  /// pool. Gives the repository where it was there before.
  ///
  /// A tenant that was removed is taken back; where its repository is still there, nothing is made.
  /// Throws `SyncError` for a tenant that exists or is orphaned, `CatalogError` where the catalog
  /// does not take it, and what `making` throws; without a repository the record has nothing yet, and
  /// adding again goes on from there.
  public func add(
    _ tenant: TenantCode, by decider: Decider, _ making: @escaping @Sendable () throws -> Void
  ) async throws -> String? {
    try await tenantWork.withPermit {
      try await discover()
      if let entry = tenants[tenant] {
        guard entry.path == nil else {
          throw SyncError(
            description: "tenant `\(tenant)` is there already, and so is its repository")
        }
        // The store's word: another agent may have the tenant.
        let statuses = try await context.store.branchStatuses(of: tenant)
        guard statuses.allSatisfy({ $0.applied == nil }) else {
          throw SyncError(
            description: "tenant `\(tenant)` is there already and orphaned: bring its repository "
              + "back (`git clone --bare` of a complete clone), or end the tenant first with "
              + "`sync-agent tenant remove \(tenant) --confirm`")
        }
      }
      let isLeft = known[tenant] == .removed
      try await context.store.ensureTenant(tenant, now: WallClock.milliseconds())
      FaultPoint.reached("tenant.known")
      try await context.store.append([
        AuditRecord(
          at: WallClock.milliseconds(), tenantcode: tenant.rawValue, actor: decider.actor,
          action: .add, subject: "", reason: decider.reason, before: "",
          after: TenantState.active.rawValue)
      ])
      let left = ignored[tenant]
      if left == nil { try await context.pool.run(making) }
      FaultPoint.reached("tenant.made")
      if isLeft {
        try await context.store.setStatus(.active, of: tenant)
        known[tenant] = .active
        ignored[tenant] = nil
      }
      context.logger.notice(
        "tenant added", metadata: ["tenant_code": "\(tenant)", "actor": "\(decider.actor)"])
      _ = try await sync(tenant)
      return left
    }
  }
}
