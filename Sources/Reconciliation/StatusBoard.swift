import Synchronization
import UtilityModel

/// Where every tenant stands, in memory: what `GET /utils/v1/sync` and `status` are answered from.
public final class StatusBoard: Sendable {
  private let tenants = Mutex<[TenantCode: TenantStatus]>([:])
  private let upstreams = Mutex<[TenantCode: UpstreamStatus]>([:])
  private let listeners = Mutex<[@Sendable (TenantCode, [BranchStatus]) -> Void]>([])

  /// An empty board.
  public init() {}

  /// Calls `listener` after each change of a tenant, on the thread of the change, for as long as
  /// this object lives. It must be quick.
  public func onChange(_ listener: @escaping @Sendable (TenantCode, [BranchStatus]) -> Void) {
    listeners.withLock { $0.append(listener) }
  }

  /// Replaces what is known of a tenant. Calls for one tenant come one after the other.
  public func set(
    _ branches: [BranchStatus], status: TenantState = .active, of tenant: TenantCode
  ) {
    let next = TenantStatus(tenantcode: tenant.rawValue, status: status, branches: branches)
    let former = tenants.withLock { tenants in
      var next = next
      next.agent = tenants[tenant]?.agent
      return tenants.updateValue(next, forKey: tenant)
    }
    guard former?.branches != branches else { return }
    for listener in listeners.withLock({ $0 }) { listener(tenant, branches) }
  }

  /// Says which agent reconciles each tenant; nil for one that nobody does.
  public func setAgents(_ agents: [TenantCode: String]) {
    tenants.withLock { tenants in
      for tenant in tenants.keys { tenants[tenant]?.agent = agents[tenant] }
    }
  }

  /// Forgets a tenant.
  public func remove(_ tenant: TenantCode) {
    tenants.withLock { _ = $0.removeValue(forKey: tenant) }
  }

  /// One tenant, or nil where it is unknown.
  public func status(of tenant: TenantCode) -> TenantStatus? {
    var status = tenants.withLock { $0[tenant] }
    status?.upstream = upstream(of: tenant)
    return status
  }

  /// Replaces what is known of a tenant's upstream; nil: it has none.
  public func setUpstream(_ upstream: UpstreamStatus?, of tenant: TenantCode) {
    upstreams.withLock { $0[tenant] = upstream }
  }

  /// How a tenant follows its upstream, or nil where it has none.
  public func upstream(of tenant: TenantCode) -> UpstreamStatus? {
    upstreams.withLock { $0[tenant] }
  }

  /// All tenants, sorted by code.
  public func all() -> [TenantStatus] {
    let upstreams = upstreams.withLock { $0 }
    return tenants.withLock { $0 }.sorted { $0.key < $1.key }.map { tenant, status in
      var status = status
      status.upstream = upstreams[tenant]
      return status
    }
  }
}
