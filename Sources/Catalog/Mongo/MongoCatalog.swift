import Concurrency
import Synchronization
import UtilityModel

/// The catalog in MongoDB: a database for each tenant and a core database.
///
/// Writes are acknowledged by a majority and journalled before their call returns; a change is one
/// transaction or, where that cannot be, one journal that is done whole. All work happens on the
/// threads of `MongoConnection`. Reading reports nothing of documents that the agent does not own.
public final class MongoCatalog: CatalogStore {
  let connection: MongoConnection
  let options: MongoOptions
  let core: CoreNames
  private let prepared = Mutex<Set<String>>([])
  private let fences = Mutex<String?>(nil)
  private let sessions = Mutex<Set<String>>([])
  /// Up to which epoch of its lease a tenant's database is known to have no journal under way.
  private let settled = Mutex<[String: Int64]>([:])
  private let damaged = Mutex<[TenantCode: CatalogError]>([:])
  /// Called after each write to the server, with its name: where crash tests end the process.
  let onStep: @Sendable (String) -> Void

  /// A catalog that connects when it is first used.
  ///
  /// - Parameters:
  ///   - options: where it is.
  ///   - onStep: called after each write to the server, with its name, on the writing thread.
  /// - Throws: `CatalogError` (`configuration`).
  public init(
    _ options: MongoOptions, onStep: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(CatalogError) {
    self.options = options
    self.onStep = onStep
    core = CoreNames(database: options.coreDatabase)
    connection = try MongoConnection(options)
  }

  /// How many connections to the server are at work now.
  public var activeConnections: Int { connection.activeConnections }

  /// A server's transactions are bounded.
  public let fillsInParts = true

  /// Nothing is kept open that would have to be closed: the pool ends with this object.
  public func close() async throws(CatalogError) {}

  /// From now on a write of a tenant's entries or branches has to carry the fence of its lease.
  /// Its transactions are the agent's of that id.
  func requireFences(of agent: String) { fences.withLock { $0 = agent } }

  var wantsFences: Bool { sessionOwner != nil }
  var sessionOwner: String? { fences.withLock { $0 } }

  func isNew(session: String) -> Bool { sessions.withLock { $0.insert(session).inserted } }
  func forget(session: String) { sessions.withLock { _ = $0.remove(session) } }
  func forgetSessions() { sessions.withLock { $0 = [] } }

  /// Whether no journal of a tenant is under way: nobody else writes one while this epoch holds.
  func isSettled(_ names: TenantNames, under fence: LeaseFence?) -> Bool {
    guard let fence else { return false }
    return settled.withLock { $0[names.database] == fence.epoch }
  }
  func settle(_ names: TenantNames, under fence: LeaseFence?) {
    settled.withLock { $0[names.database] = fence?.epoch }
  }
  func unsettle(_ names: TenantNames) { settled.withLock { $0[names.database] = nil } }

  /// A tenant's collections. Throws `CatalogError` for a name that another database has.
  func names(of tenant: TenantCode) throws(CatalogError) -> TenantNames {
    let database = options.databasePrefix + tenant.rawValue
    try MongoSchema.check(database, of: tenant, core: options.coreDatabase)
    return TenantNames(tenant: tenant, database: database)
  }

  /// Whether a tenant can have a database.
  func takes(_ tenant: TenantCode) -> Bool { (try? names(of: tenant)) != nil }

  /// The tenants that the last `load` left out, with the reasons: their documents cannot be read.
  public var unreadable: [TenantCode: CatalogError] { damaged.withLock { $0 } }
  func setUnreadable(_ reasons: [TenantCode: CatalogError]) { damaged.withLock { $0 = reasons } }

  /// Sees once a process that a tenant's collections and indexes are there.
  func prepare(_ names: TenantNames, _ client: MongoClient) throws {
    try once(names.database) { try MongoSchema.prepare(names, client) }
  }

  /// The same of the core database.
  func prepareCore(_ client: MongoClient) throws {
    try once(core.database) { try MongoSchema.prepareCore(core.database, client) }
  }

  private func once(_ database: String, _ body: () throws -> Void) throws {
    guard !prepared.withLock({ $0.contains(database) }) else { return }
    try body()
    prepared.withLock { _ = $0.insert(database) }
  }
}
