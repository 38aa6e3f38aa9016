import Synchronization
import UtilityModel

/// Where every tenant stands, in memory: what `GET /utils/v1/sync` and `status` are answered from.
public final class StatusBoard: Sendable {
  private let tenants = Mutex<[TenantCode: [BranchStatus]]>([:])

  /// An empty board.
  public init() {}

  /// Replaces what is known of a tenant.
  public func set(_ branches: [BranchStatus], of tenant: TenantCode) {
    tenants.withLock { $0[tenant] = branches }
  }

  /// Forgets a tenant.
  public func remove(_ tenant: TenantCode) {
    tenants.withLock { _ = $0.removeValue(forKey: tenant) }
  }

  /// One tenant, or nil where it is unknown.
  public func status(of tenant: TenantCode) -> TenantStatus? {
    tenants.withLock { $0[tenant] }.map { TenantStatus(tenantcode: tenant.rawValue, branches: $0) }
  }

  /// All tenants, sorted by code.
  public func all() -> [TenantStatus] {
    tenants.withLock { $0 }.sorted { $0.key < $1.key }
      .map { TenantStatus(tenantcode: $0.key.rawValue, branches: $0.value) }
  }
}
