import CMongoC
import Concurrency
import Synchronization

/// The pool of clients and the threads that use them: all calls of libmongoc happen here.
///
/// A client is taken from the pool and given back within one piece of work on one thread, so no
/// client, cursor or session is ever held across `await`.
final class MongoConnection: @unchecked Sendable {
  // Proof: `pool` is set once in `init`; libmongoc's client pool is thread-safe
  // (mongoc_client_pool_t, "Thread Safety"), and `deinit` runs when no work is left that holds self.
  private let pool: OpaquePointer
  private let threads: BlockingPool
  private let active = ConnectionUse()
  private let minimum: Int
  private let kind = Mutex<Topology?>(nil)
  /// What errors name the server by: the hosts.
  let address: String

  /// What kind of deployment answers.
  enum Topology: Sendable {
    /// One server without an oplog: no transactions, no change streams.
    case standalone
    /// A replica set or a sharded cluster.
    case replicated
  }

  /// A pool for `options`; nothing is connected yet. Throws `CatalogError`.
  init(_ options: MongoOptions) throws(CatalogError) {
    pool = try options.makePool()
    address = options.description
    minimum = min(options.minimumConnections, options.maximumConnections - 1)
    threads = BlockingPool(
      name: "mongo", width: min(max(2, options.maximumConnections), Self.width))
  }

  /// So many threads keep every tenant that is reconciled and the readers of large files busy.
  private static let width = 8

  deinit { mongoc_client_pool_destroy(pool) }

  /// How many clients are at work now.
  var activeConnections: Int { active.count }

  /// Runs `body` with a client on one of the threads.
  ///
  /// Throws `CatalogError`; an error of MongoDB is told as `operation` on the server's address.
  func run<Value: Sendable>(
    _ operation: String, _ body: @escaping @Sendable (MongoClient) throws -> Value
  ) async throws(CatalogError) -> Value {
    try await threads.run { () throws(CatalogError) in
      try self.runBlocking(operation, body)
    }
  }

  /// The same on the caller's thread, which it blocks.
  func runBlocking<Value>(
    _ operation: String, _ body: (MongoClient) throws -> Value
  ) throws(CatalogError) -> Value {
    guard let client = mongoc_client_pool_pop(pool) else {
      throw CatalogError(
        .unavailable, operation: operation, subject: address,
        cause: "no connection became free in time", remedy: "raise catalog.max_pool_size")
    }
    active.begin()
    defer {
      active.end()
      mongoc_client_pool_push(pool, client)
    }
    do {
      return try body(MongoClient(pointer: client))
    } catch let error as CatalogError {
      throw error
    } catch let error as MongoError {
      throw CatalogError(error, operation: operation, subject: address)
    } catch {
      throw CatalogError(
        .failed, operation: operation, subject: address, cause: "\(error)", underlying: error)
    }
  }

  /// The kind of deployment, asked for once. Throws `MongoError`.
  func topology(_ client: MongoClient) throws -> Topology {
    if let known = kind.withLock({ $0 }) { return known }
    let reply = try client.command("admin", BSON { $0.set("hello", Int32(1)) })
    let found: Topology =
      reply.has("setName") || reply.string("msg") == "isdbgrid" ? .replicated : .standalone
    let isFirst = kind.withLock { kind in
      defer { kind = found }
      return kind == nil
    }
    if isFirst { warm() }
    return found
  }

  /// Opens the connections that are wanted ahead. One that cannot be opened is opened when it is
  /// needed, and the failure told then.
  private func warm() {
    var clients: [OpaquePointer] = []
    defer { for client in clients { mongoc_client_pool_push(pool, client) } }
    while clients.count < minimum, let client = mongoc_client_pool_try_pop(pool) {
      clients.append(client)
      let ping = BSON { $0.set("ping", Int32(1)) }
      guard (try? MongoClient(pointer: client).command("admin", ping)) != nil else { return }
    }
  }
}
