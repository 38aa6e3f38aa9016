import Foundation
import UtilityModel

/// Commands that an agent hands to the one that has the tenant: each a document of the core
/// database's `requests`, and a change of the tenant's lease, which the holder hears of.
///
/// A request is begun once at most. The texts are the caller's.
public struct MongoRequests: Sendable {
  let leases: MongoLeases
  private var catalog: MongoCatalog { leases.catalog }

  /// A command for this agent.
  public struct Request: Sendable {
    /// What it is answered by.
    public let id: String
    /// What it asks.
    public let text: String
  }

  /// Documents that nobody took back are kept for so long, in milliseconds.
  private static let remembered: Int64 = 86_400_000

  /// The requests of the agent that `leases` are for.
  public init(_ leases: MongoLeases) { self.leases = leases }

  /// Hands a command over to the agent `holder`; gives what to ask for its answer by. `now` is in
  /// milliseconds since 1970. Throws `CatalogError`.
  public func send(
    _ text: String, of tenant: TenantCode, to holder: String, now: Int64
  ) async throws(CatalogError) -> String {
    let (catalog, id) = (catalog, UUID().uuidString)
    try await catalog.connection.run("hand a command over in") { client in
      try catalog.prepareCore(client)
      try client.bulk(catalog.core.requests) { bulk in
        try bulk.insert(
          BSON {
            $0.set("_id", id)
            $0.set("tenantcode", tenant.rawValue)
            $0.set("to", holder)
            $0.set("text", text)
            $0.set("at", now)
          })
      }
      _ = try client.bulk(catalog.core.leases) {
        try $0.update(
          BSON { $0.set("_id", tenant.rawValue) },
          BSON { $0.set("$inc") { $0.set("requests", Int64(1)) } })
      }
    }
    return id
  }

  /// The answer to a command that was handed over, nil until there is one. Throws `CatalogError`.
  public func answer(to id: String) async throws(CatalogError) -> String? {
    let catalog = catalog
    return try await catalog.connection.run("read a command's answer from") { client in
      try client.first(catalog.core.requests, BSON { $0.set("_id", id) })?.string("answer")
    }
  }

  /// Takes a command back, done or not; what was begun is done all the same. Throws `CatalogError`.
  public func forget(_ id: String, now: Int64) async throws(CatalogError) {
    let catalog = catalog
    try await catalog.connection.run("forget a command in") { client in
      _ = try client.bulk(catalog.core.requests) { bulk in
        try bulk.remove(BSON { $0.set("_id", id) })
        try bulk.removeMany(
          BSON {
            $0.set("at") { $0.set("$lt", now - Self.remembered) }
          })
      }
    }
  }

  /// The commands for this agent that nobody has begun; they are begun with this call. Throws
  /// `CatalogError`.
  public func take() async throws(CatalogError) -> [Request] {
    let (catalog, me) = (catalog, leases.me.id)
    return try await catalog.connection.run("take commands from") { client in
      var taken: [Request] = []
      while true {
        let reply = try client.write(
          catalog.core.database,
          BSON {
            $0.set("findAndModify", catalog.core.requests.collection)
            $0.set("query") {
              $0.set("to", me)
              $0.set("begun") { $0.set("$exists", false) }
            }
            $0.set("sort") { $0.set("at", Int32(1)) }
            $0.set("update") { $0.set("$set") { $0.set("begun", true) } }
          })
        guard let id = reply.string("value._id"), let text = reply.string("value.text") else {
          return taken
        }
        taken.append(Request(id: id, text: text))
      }
    }
  }

  /// Answers a command. Throws `CatalogError`.
  public func answer(_ request: Request, _ text: String) async throws(CatalogError) {
    let catalog = catalog
    try await catalog.connection.run("answer a command in") { client in
      _ = try client.bulk(catalog.core.requests) {
        try $0.update(
          BSON { $0.set("_id", request.id) },
          BSON { $0.set("$set") { $0.set("answer", text) } })
      }
    }
  }
}
