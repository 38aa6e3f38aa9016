import Catalog
import Concurrency
import Deployment
import Logging
import Metrics
import UtilityModel

/// What belongs to a tenant and goes with it.
public struct TenantRemoval: Codable, Sendable, Equatable {
  /// The tenant.
  public var tenantcode: String
  /// How many entries it has, by status.
  public var entries: [String: Int]
  /// How many calls are recorded.
  public var executions: Int
  /// How many releases lie on the disk.
  public var releases: Int
  /// Whether its repository is there, which stays.
  public var hasRepository: Bool
}

extension Reconciler {
  /// How long calls that are open may keep a removed tenant's releases.
  private static let farewell = Duration.seconds(30)

  /// What would go with a tenant; nil where it is unknown. Throws `CatalogError`, `DeploymentError`.
  public func removal(of tenant: TenantCode) async throws -> TenantRemoval? {
    try await discover()
    guard let entry = tenants[tenant] else { return nil }
    return try await belongings(of: tenant, hasRepository: entry.path != nil)
  }

  private func belongings(
    of tenant: TenantCode, hasRepository: Bool
  ) async throws -> TenantRemoval {
    let items = try await context.store.items(of: tenant)
    let calls = try await (context.store as? any ExecutionStore)?.executions(
      of: tenant, RecordQuery(limit: 0))
    let (pool, releases) = (context.pool, context.releases)
    return TenantRemoval(
      tenantcode: tenant.rawValue,
      entries: Dictionary(items.map { ($0.status.rawValue, 1) }, uniquingKeysWith: +),
      executions: calls?.total ?? 0,
      releases: try await pool.run { try releases?.releases(of: tenant).count ?? 0 },
      hasRepository: hasRepository)
  }

  /// Removes a tenant: its entries, branches, calls, runtimes, ports and releases. Its repository, its
  /// audit and its highest number stay. Gives what went; nil where the tenant is unknown.
  ///
  /// The record says `removed` first, so that whoever is killed on the way is followed by `start`.
  /// With a repository it stays so, and the repository is left alone until the tenant is added again.
  /// Throws `CatalogError`, `DeploymentError`.
  public func remove(_ tenant: TenantCode, by decider: Decider) async throws -> TenantRemoval? {
    try await tenantWork.withPermit {
      try await discover()
      guard let entry = tenants[tenant] else {
        // One that was killed on the way is finished.
        guard known[tenant] == .removed else { return nil }
        let rest = try await belongings(of: tenant, hasRepository: ignored[tenant] != nil)
        try await clear(tenant)
        try await forgetWithoutRepository(tenant)
        return rest
      }
      try requireLease(of: tenant)
      let removal = try await belongings(of: tenant, hasRepository: entry.path != nil)
      try await context.store.append([
        AuditRecord(
          at: WallClock.milliseconds(), tenantcode: tenant.rawValue, actor: decider.actor,
          action: .remove, subject: "", reason: decider.reason,
          before: await entry.reconciler.state.rawValue, after: TenantState.removed.rawValue)
      ])
      try await entry.reconciler.withdraw()
      FaultPoint.reached("tenant.condemned")
      entry.retry?.cancel()
      known[tenant] = .removed
      do {
        // Before the lease goes with the tenant.
        try await entry.reconciler.empty()
      } catch {
        ignored[tenant] = tenants.removeValue(forKey: tenant)?.path
        throw error
      }
      ignored[tenant] = tenants.removeValue(forKey: tenant)?.path
      try await clearRest(tenant)
      try await forgetWithoutRepository(tenant)
      context.logger.notice(
        "tenant removed", metadata: ["tenant_code": "\(tenant)", "actor": "\(decider.actor)"])
      return removal
    }
  }

  private func forgetWithoutRepository(_ tenant: TenantCode) async throws {
    guard ignored[tenant] == nil else { return }
    try await context.store.forget(tenant)
    known[tenant] = nil
  }

  /// Ends what an agent that was killed left of tenants that it was to remove; what the runtime
  /// does not let go is told in the log. Throws `CatalogError`.
  func finishRemovals() async throws {
    for (tenant, state) in known where state == .removed {
      do {
        try await clear(tenant)
      } catch let error as DeploymentError {
        context.logger.warning(
          "a removed tenant's runtime or releases are still there",
          metadata: ["tenant_code": "\(tenant)", "error": "\(error)"])
      }
    }
  }

  /// Takes away all of a tenant that nothing is written of any more. May be repeated.
  private func clear(_ tenant: TenantCode) async throws {
    try await context.store.empty(tenant)
    try await clearRest(tenant)
  }

  /// The same where the store has nothing of it any more.
  private func clearRest(_ tenant: TenantCode) async throws {
    FaultPoint.reached("tenant.emptied")
    context.snapshots.remove(tenant)
    context.board.remove(tenant)
    try await context.runtime.forget(tenant)
    let deadline = ContinuousClock.now + Self.farewell
    while await !context.runtime.releasesInUse(by: tenant).isEmpty, ContinuousClock.now < deadline {
      try await Task.sleep(for: .milliseconds(20))
    }
    FaultPoint.reached("tenant.stopped")
    if let releases = context.releases {
      try await context.pool.run { try releases.removeTenant(tenant) }
    }
    Gauge(label: "quarantined_utilities", dimensions: [("tenant", tenant.rawValue)]).record(0)
  }
}

extension TenantReconciler {
  /// Ends all work on a tenant that is to be removed, and says so in the store. Throws `CatalogError`.
  func withdraw() async throws {
    try await inTurn {
      try await self.context.store.setStatus(.removed, of: self.tenant)
      self.state = .removed
      self.isWithdrawn = true
    }
  }

  /// Deletes what the store has of the tenant, under its lease. Throws `CatalogError`.
  func empty() async throws {
    try await inTurn { try await self.context.store.empty(self.tenant) }
  }

  /// Throws `SyncError` where the tenant was removed.
  func checkIsThere() throws {
    guard isWithdrawn else { return }
    throw SyncError(description: "tenant `\(tenant)` was removed")
  }
}
