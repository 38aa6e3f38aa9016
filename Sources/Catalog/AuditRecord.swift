/// One line of the operator's audit: written once, never changed.
///
/// Source: contract, section 4, `GET /utils/v1/audit/{tenant-code}`.
public struct AuditRecord: Hashable, Sendable, Codable {
  /// What happened.
  public enum Action: String, Sendable, Codable, CaseIterable {
    /// An operator let a held revision through.
    case approve
    /// An operator put an earlier version back.
    case rollback
    /// An operator suspended the tenant.
    case suspend
    /// An operator took the suspension back.
    case resume
    /// Policy held a revision.
    case hold
    /// A utility's newest version was refused.
    case quarantine
    /// A utility was removed from the live catalog; without a subject, the tenant.
    case remove
    /// An operator added the tenant.
    case add
    /// An operator copied another tenant's utilities into the tenant.
    case copy
  }

  /// The actor of what the agent does by itself.
  public static let agent = "sync-agent"

  /// When, in milliseconds since 1970.
  public var at: Int64
  /// The tenant.
  public var tenantcode: String
  /// Who did it.
  public var actor: String
  /// What happened.
  public var action: Action
  /// What it is about: a revision, or `branch/utility`; "" for the tenant.
  public var subject: String
  /// Why.
  public var reason: String
  /// What stood before: a revision or a phase, or "".
  public var before: String
  /// What stands after, or "".
  public var after: String

  /// A record by its parts.
  public init(
    at: Int64, tenantcode: String, actor: String, action: Action, subject: String, reason: String,
    before: String, after: String
  ) {
    self.at = at
    self.tenantcode = tenantcode
    self.actor = actor
    self.action = action
    self.subject = subject
    self.reason = reason
    self.before = before
    self.after = after
  }
}
