public import Catalog
public import Logging
public import Telemetry
public import UtilityModel

/// What the HTTP interface reads from. It writes to none of it.
///
/// The closures may be called at once from many tasks. `status` and `tenantStatus` answer from
/// memory; `commitFate`, `history` and `source` may read git, off the cooperative pool.
public struct APIDependencies: Sendable {
  /// The entries.
  public var catalog: any CatalogReading
  /// Where every tenant stands, sorted by code.
  public var status: @Sendable () -> [TenantStatus]
  /// Where one tenant stands, or nil where it is unknown.
  public var tenantStatus: @Sendable (TenantCode) -> TenantStatus?
  /// What became of a commit, or nil where the tenant is unknown. Throws `GitReadRefusal` where it
  /// cannot answer now, or not for so few digits.
  public var commitFate: @Sendable (TenantCode, String) async throws -> CommitFate?
  /// An entry's newest revisions, at most so many, newest first; nil leaves the route out. Throws
  /// `GitReadRefusal` where it cannot answer now.
  public var history: (@Sendable (TenantCode, CatalogItem, Int) async throws -> [HistoryRecord])?
  /// An entry's file at a commit (nil: as in the catalog), or nil where there is none; a nil
  /// closure leaves the route out. Throws `GitReadRefusal` where it cannot answer now.
  public var source: (@Sendable (TenantCode, CatalogItem, String?) async throws -> [UInt8]?)?
  /// A tenant's audit records, newest first.
  public var audit: @Sendable (TenantCode, RecordQuery) async throws -> RecordPage<AuditRecord>
  /// A tenant's executions, newest first.
  public var executions:
    @Sendable (TenantCode, RecordQuery) async throws -> RecordPage<ExecutionRecord>
  /// What happens in the catalogs, for the event streams.
  public var events: EventHub
  /// The components' health.
  public var health: HealthRegistry
  /// The metrics to record in and to expose.
  public var metrics: PrometheusRegistry
  /// The program's version, for the `Server` header.
  public var version: String
  /// Where requests and failures are logged.
  public var logger: Logger

  /// Dependencies by their parts.
  public init(
    catalog: any CatalogReading, status: @escaping @Sendable () -> [TenantStatus],
    tenantStatus: @escaping @Sendable (TenantCode) -> TenantStatus?,
    commitFate: @escaping @Sendable (TenantCode, String) async throws -> CommitFate?,
    history: (@Sendable (TenantCode, CatalogItem, Int) async throws -> [HistoryRecord])? = nil,
    source: (@Sendable (TenantCode, CatalogItem, String?) async throws -> [UInt8]?)? = nil,
    audit: @escaping @Sendable (TenantCode, RecordQuery) async throws -> RecordPage<AuditRecord> =
      { _, _ in .empty },
    executions:
      @escaping @Sendable (TenantCode, RecordQuery) async throws -> RecordPage<ExecutionRecord> =
      { _, _ in .empty },
    events: EventHub = EventHub(),
    health: HealthRegistry, metrics: PrometheusRegistry, version: String, logger: Logger
  ) {
    self.catalog = catalog
    self.status = status
    self.tenantStatus = tenantStatus
    self.commitFate = commitFate
    self.history = history
    self.source = source
    self.audit = audit
    self.executions = executions
    self.events = events
    self.health = health
    self.metrics = metrics
    self.version = version
    self.logger = logger
  }
}
