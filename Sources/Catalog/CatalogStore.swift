import UtilityModel

/// One tenant of the core database's collection `tenants`.
public struct TenantRecord: Sendable, Hashable {
  /// Whether a tenant takes part.
  public enum Status: String, Sendable, Codable, CaseIterable {
    /// It is reconciled.
    case active
    /// Its repository is gone; what it has stays.
    case orphaned
    /// An operator stopped it.
    case suspended
  }
  /// The tenant.
  public var tenant: TenantCode
  /// Whether it takes part.
  public var status: Status
  /// When the agent first saw it, in milliseconds since 1970.
  public var createddate: Int64

  /// A tenant by its parts.
  public init(tenant: TenantCode, status: Status, createddate: Int64) {
    self.tenant = tenant
    self.status = status
    self.createddate = createddate
  }
}

/// One tenant's part of a start-up load.
public struct LoadedTenant: Sendable {
  /// The tenant.
  public var tenant: TenantCode
  /// Its owned entries, in any order.
  public var items: [CatalogItem]
  /// The files that were asked for and fit.
  public var contents: [EntryKey: [UInt8]]
}

/// The catalog as the reconciler writes it.
///
/// Only entries that the agent owns (`customutils` true and `sync` present) are returned or
/// touched. Every write is durable when its call returns. Calls never block the cooperative pool.
/// All throw `CatalogError`. Source: contract, section 3.
public protocol CatalogStore: Sendable {
  /// All known tenants, sorted by code.
  func tenants() async throws(CatalogError) -> [TenantRecord]

  /// Adds a tenant as `active`; one that is known keeps its status and date.
  /// `now` is in milliseconds since 1970.
  func ensureTenant(_ tenant: TenantCode, now: Int64) async throws(CatalogError)

  /// Sets a known tenant's status; an unknown tenant is a `conflict`.
  func setStatus(
    _ status: TenantRecord.Status, of tenant: TenantCode
  ) async throws(CatalogError)

  /// The owned entries of a tenant, sorted by number, then status.
  func entries(of tenant: TenantCode) async throws(CatalogError) -> [CatalogEntry]

  /// The same for readers.
  func items(of tenant: TenantCode) async throws(CatalogError) -> [CatalogItem]

  /// Hands every tenant with owned entries to `receive`, one after the other and never at once,
  /// on a thread of the store: start-up without holding the whole catalog twice. Files of up to
  /// `limit` bytes come along; 0 leaves them out.
  func load(
    contentsUpTo limit: Int, _ receive: @escaping @Sendable (LoadedTenant) -> Void
  ) async throws(CatalogError)

  /// The file of one owned entry, or nil where it has none.
  func contents(
    of tenant: TenantCode, id: Int32, status: EntryStatus
  ) async throws(CatalogError) -> [UInt8]?

  /// A tenant's branches, sorted by name.
  func branchStatuses(of tenant: TenantCode) async throws(CatalogError) -> [BranchStatus]

  /// All tenants' branches, sorted by name: for start-up.
  func allBranchStatuses() async throws(CatalogError) -> [TenantCode: [BranchStatus]]

  /// Records branches alone.
  func record(_ statuses: [BranchStatus], of tenant: TenantCode) async throws(CatalogError)

  /// Writes a change whole or not at all.
  ///
  /// `reading` gives a blob's bytes; it is called on a thread of the store, where it may block,
  /// once for each `ContentChange.set`. What it throws ends the change as `contents`, with the
  /// error as `underlying`. A change that does not fit what is stored (a replaced document is
  /// gone, a live name or a number is taken) is a `conflict`: observe, plan and try again.
  func apply(
    _ change: CatalogChange, reading: @escaping @Sendable (ObjectID) throws -> [UInt8]
  ) async throws(CatalogError) -> AppliedChange
}
