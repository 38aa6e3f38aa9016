import Catalog
import Deployment
import Logging
import UtilityModel

/// Hears from the reconciler what a division of tenants among agents depends on. Calls are quick.
protocol LeaseListener: Sendable {
  /// A tenant is there that was not before.
  func tenantAppeared()
  /// A tenant is at what git says.
  func reconciled(_ tenant: TenantCode)
  /// A write was refused because another agent holds the lease.
  func leaseWasLost()
}

extension Reconciler {
  /// From now on a tenant is reconciled only between `take` and `giveUp`.
  func share(with listener: any LeaseListener) { sharing = listener }

  /// Reads what the store says of the tenants, and forgets those that another agent has removed.
  /// Throws `CatalogError`.
  func readTenants() async throws {
    for record in try await context.store.tenants() {
      let tenant = record.tenant
      known[tenant] = record.status
      if record.status != .removed {
        ignored[tenant] = nil
      } else if tenants[tenant]?.isMine == false {
        ignored[tenant] = tenants.removeValue(forKey: tenant)?.path
        context.snapshots.remove(tenant)
        context.board.remove(tenant)
        await dropRuntime(tenant)
      }
    }
  }

  /// All tenants that there are.
  func tenantCodes() -> [TenantCode] { Array(tenants.keys) }

  /// Those that this agent reconciles.
  public func ownTenants() -> Set<TenantCode> { Set(tenants.filter { $0.value.isMine }.keys) }

  /// Takes a tenant under a lease, from what the store says now, and begins to reconcile it; a command
  /// does only what it was asked for. Throws `CatalogError`.
  func take(_ tenant: TenantCode, _ fence: LeaseFence, _ leases: MongoLeases) async throws {
    await tenants[tenant]?.reconciler.settle()
    try await leases.recover(tenant, fence)
    try await readStore(tenant, leases, numbers: nil)
    let statuses = try await context.store.branchStatuses(of: tenant)
    guard let entry = tenants[tenant] else { return }
    var next = Entry(
      reconciler: TenantReconciler(
        tenant: tenant, statuses: statuses, state: known[tenant] ?? .active, fence: fence,
        context: context), path: entry.path)
    next.isRunning = entry.isRunning
    tenants[tenant] = next
    context.logger.info(
      "tenant taken", metadata: ["tenant_code": "\(tenant)", "epoch": "\(fence.epoch)"])
    if !leases.me.isCommand { schedule(tenant, since: ContinuousClock.now) }
  }

  /// Ends reconciling a tenant; comes back when nothing of it is under way. What it serves goes on.
  func giveUp(_ tenant: TenantCode) async {
    guard let entry = tenants[tenant], entry.isMine else { return }
    tenants[tenant]?.isMine = false
    entry.retry?.cancel()
    tenants[tenant]?.retry = nil
    tenants[tenant]?.dirty = nil
    await entry.reconciler.settle()
    context.logger.info("tenant given up", metadata: ["tenant_code": "\(tenant)"])
  }

  /// Brings what readers see of another agent's tenant to what the store says. Throws `CatalogError`.
  func follow(_ tenant: TenantCode, numbers: [Int32]?, _ leases: MongoLeases) async throws {
    guard tenants[tenant]?.isMine != true else { return }
    // A write of no entry may be one of the tenant itself.
    if numbers?.isEmpty == true { try await readTenants() }
    guard known[tenant] != .removed else { return }
    try await readStore(tenant, leases, numbers: numbers)
    let statuses = try await context.store.branchStatuses(of: tenant)
    guard tenants[tenant]?.isMine != true else { return }
    show(statuses, of: tenant)
  }

  private func readStore(
    _ tenant: TenantCode, _ leases: MongoLeases, numbers: [Int32]?
  ) async throws {
    let applied = try await leases.changes(
      of: tenant, numbers: numbers, since: context.snapshots.snapshot(of: tenant))
    if context.snapshots.snapshot(of: tenant) == nil {
      context.snapshots.publish(tenant, items: [])
    }
    context.snapshots.publish(applied)
  }

  /// Ends what this agent still serves of a tenant that another one serves by now.
  func dropRuntime(_ tenant: TenantCode) async {
    guard tenants[tenant]?.isMine != true, context.runtime.isEphemeral else { return }
    for kind in [RuntimeSlot.Kind.active, .trial] {
      await context.runtime.remove(RuntimeSlot(tenant: tenant, kind: kind))
    }
  }

  /// Shows another agent's tenant as the store has it.
  func show(_ statuses: [BranchStatus], of tenant: TenantCode) {
    let approved = context.settings.approvedBranch
    context.board.set(
      statuses.sorted {
        ($0.branch == approved ? 0 : 1, $0.branch) < ($1.branch == approved ? 0 : 1, $1.branch)
      },
      status: known[tenant] ?? .active, of: tenant)
  }

  /// Throws `SyncError` where another agent has the tenant.
  func requireLease(of tenant: TenantCode) throws {
    guard tenants[tenant]?.isMine == false else { return }
    let holder = context.board.status(of: tenant)?.agent
    throw SyncError(
      description: "tenant \(tenant) is reconciled by "
        + (holder.map { "the agent \($0): run the command beside that one" }
          ?? "no agent just now: try again in a few seconds"))
  }
}
