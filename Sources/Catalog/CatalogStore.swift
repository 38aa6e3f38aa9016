import UtilityModel

/// One tenant of the core database's collection `tenants`.
public struct TenantRecord: Sendable, Hashable {
  /// Whether a tenant takes part.
  public typealias Status = TenantState
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

extension TenantRecord {
  /// Whether it takes part as its branches say: an agent that was killed while it suspended the
  /// tenant has written the suspension, and not this record.
  public func status(with branches: [BranchStatus]) -> Status {
    status == .active && branches.contains { $0.suspension != nil } ? .suspended : status
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
  /// How many connections to the database are at work now.
  var activeConnections: Int { get }

  /// Whether a tenant's first entries, where there are many, are written in parts: what an
  /// interrupted first sync leaves is what the next one begins with.
  var fillsInParts: Bool { get }

  /// All known tenants, sorted by code.
  func tenants() async throws(CatalogError) -> [TenantRecord]

  /// Adds a tenant as `active`; one that is known keeps its status and date.
  /// `now` is in milliseconds since 1970.
  func ensureTenant(_ tenant: TenantCode, now: Int64) async throws(CatalogError)

  /// Sets a known tenant's status; an unknown tenant is a `conflict`.
  func setStatus(
    _ status: TenantRecord.Status, of tenant: TenantCode
  ) async throws(CatalogError)

  /// Deletes the owned entries, the branches and the calls of a tenant; what is gone already is no
  /// error. The tenant's record, the audit and its highest number stay: no number is used again.
  func empty(_ tenant: TenantCode) async throws(CatalogError)

  /// Deletes a tenant's record alone; one that is not there is no error.
  func forget(_ tenant: TenantCode) async throws(CatalogError)

  // Below, a tenant that is written to is known.

  /// The owned entries of a tenant, sorted by number, then status.
  func entries(of tenant: TenantCode) async throws(CatalogError) -> [CatalogEntry]

  /// The same for readers.
  func items(of tenant: TenantCode) async throws(CatalogError) -> [CatalogItem]

  /// What the owned entries of a tenant add up to, or nil where nobody but agents writes to them.
  func stamp(of tenant: TenantCode) async throws(CatalogError) -> CatalogStamp?

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

  /// Seals a tenant's files under the newest key, those stored in the clear too, each by itself and
  /// only as long as nobody else has changed it; `progress` is told of each file that was looked at.
  /// Gives how many were written. `configuration` without a key.
  func reseal(
    _ tenant: TenantCode, _ progress: @escaping @Sendable () -> Void
  ) async throws(CatalogError) -> Int

  /// A tenant's branches, sorted by name.
  func branchStatuses(of tenant: TenantCode) async throws(CatalogError) -> [BranchStatus]

  /// All tenants' branches, sorted by name: for start-up.
  func allBranchStatuses() async throws(CatalogError) -> [TenantCode: [BranchStatus]]

  /// Records branches alone.
  func record(_ statuses: [BranchStatus], of tenant: TenantCode) async throws(CatalogError)

  /// Appends to the audit.
  func append(_ records: [AuditRecord]) async throws(CatalogError)

  /// A page of the audit, newest first: of one tenant, or of all. `offset` newest are left out, and
  /// at most `limit` given.
  func auditRecords(
    of tenant: TenantCode?, limit: Int, offset: Int
  ) async throws(CatalogError) -> RecordPage<AuditRecord>

  /// Writes a change whole or not at all.
  ///
  /// `reading` gives a blob's bytes; it is called on a thread of the store, where it may block,
  /// for each `ContentChange.set`, and again where the store begins anew. What it throws ends the
  /// change as `contents`, with the error as `underlying`. A change that does not fit what is stored
  /// (a replaced document is gone, a live name or a number is taken) is a `conflict`: observe, plan
  /// and try again.
  func apply(
    _ change: CatalogChange, reading: @escaping @Sendable (ObjectID) throws -> [UInt8]
  ) async throws(CatalogError) -> AppliedChange
}
