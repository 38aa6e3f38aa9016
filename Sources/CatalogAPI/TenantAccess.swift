import UtilityModel

/// Which tenants a request may see.
///
/// It alone turns a name from a path into a `TenantCode`, and it filters what tells of several: a
/// route that does not ask it has no tenant to read from.
struct TenantAccess: Sendable, Hashable {
  private enum Scope: Hashable {
    case every
    case some(Set<TenantCode>)
  }
  private let scope: Scope

  /// Every tenant: the operator's token, and an agent without authentication.
  static let all = TenantAccess(scope: .every)
  /// No tenant: what a request has before it is authenticated.
  static let none = TenantAccess(scope: .some([]))

  /// These tenants and no others.
  static func only(_ tenants: Set<TenantCode>) -> TenantAccess {
    TenantAccess(scope: .some(tenants))
  }

  /// Whether this is the operator, who may see what is not a tenant's own.
  var isOperator: Bool { scope == .every }

  /// The tenant of that name where it may be seen.
  ///
  /// Nil is decided without a look at any tenant: one that exists and one that does not are refused by
  /// the same steps.
  func tenant(named name: String) -> TenantCode? {
    guard let tenant = TenantCode(name), admits(tenant) else { return nil }
    return tenant
  }

  /// Whether a tenant may be seen.
  func admits(_ tenant: TenantCode) -> Bool {
    switch scope {
    case .every: true
    case .some(let tenants): tenants.contains(tenant)
    }
  }

  /// Those statuses that may be seen.
  func visible(_ statuses: [TenantStatus]) -> [TenantStatus] {
    isOperator ? statuses : statuses.filter { tenant(named: $0.tenantcode) != nil }
  }
}
