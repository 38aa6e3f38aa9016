import GitStore
import UtilityModel

/// A tenant's repository is gone or cannot be opened: the tenant is an orphan until it is back.
struct LostRepository: Error, CustomStringConvertible {
  let tenant: TenantCode
  /// Why it cannot be opened; nil where there is none.
  let cause: GitError?

  /// The thing, the cause and the way out.
  var description: String {
    let (what, cure) =
      if let cause { ("\(cause)", "mend the repository") } else {
        ("the repository is gone", "bring it back")
      }
    return what + "; the catalog and the runtime stay as they are: " + cure
      + ", or end the tenant with `sync-agent tenant remove \(tenant) --confirm`"
  }
}

extension TenantReconciler {
  /// Records whether the tenant has a repository that can be read. A tenant that somebody suspended
  /// stays that. Throws `CatalogError`.
  func setOrphaned(_ isOrphaned: Bool) async throws {
    let next: TenantState = isOrphaned ? .orphaned : .active
    guard state != next, state != .suspended else { return }
    try await context.store.setStatus(next, of: tenant)
    state = next
    if isOrphaned {
      logger.warning("the tenant is orphaned; entries and runtime stay")
    } else {
      logger.notice("the repository is back")
    }
  }
}
