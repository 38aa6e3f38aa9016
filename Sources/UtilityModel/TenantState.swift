/// Whether a tenant takes part: `status` of the core database's `tenants`.
///
/// Source: contract, section 3.
public enum TenantState: String, Sendable, Codable, CaseIterable {
  /// It is reconciled.
  case active
  /// Its repository is gone or cannot be read; what it has stays and goes on answering.
  case orphaned
  /// An operator stopped it.
  case suspended
  /// An operator removed it while it had a repository, which is left alone from then on.
  case removed
}
