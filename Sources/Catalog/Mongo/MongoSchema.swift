import UtilityModel

/// The collections and indexes: the LLD's five by the LLD's names, and what makes two live entries
/// of one name, or two of one number and status, impossible.
///
/// Partial indexes keep foreign documents out. Names are told apart without their case, by a
/// collation of strength 2. Source: LLD, "Database Indexes"; contract, section 3.
enum MongoSchema {
  /// A database that MongoDB keeps for itself is no tenant's.
  private static let reserved: Set<String> = ["admin", "local", "config"]

  /// Makes what is missing in a tenant's database. Throws `MongoError` or `CatalogError`.
  static func prepare(_ names: TenantNames, _ client: MongoClient) throws {
    try create(
      "tasks", in: names.database,
      [
        index("idx_name_type_status", [("name", 1), ("type", 1), ("status", 1)]),
        index("idx_tenant_user", [("tenantcode", 1), ("userid", 1)]),
        index("idx_type_status_updated", [("type", 1), ("status", 1), ("updateddate", -1)]),
        index("idx_id", [("id", -1)]),
        index(
          "uniq_id_status", [("id", 1), ("status", 1)], isUnique: true, where: owned()),
        index(
          "uniq_active_name", [("name", 1)], isUnique: true, where: owned(.active),
          ignoresCase: true),
        // Before MongoDB 5.0 two indexes of the same keys cannot differ by their filter alone.
        index(
          "uniq_draft_name", [("name", 1), ("status", 1)], isUnique: true, where: owned(.draft),
          ignoresCase: true),
      ], client)
    try create(
      "task_execution", in: names.database,
      [
        index("idx_task_user_created", [("taskid", 1), ("userid", 1), ("createddate", -1)]),
        index("idx_tenant_created", [("tenantcode", 1), ("createddate", -1)]),
      ], client)
    try make(["sync_state", "counters"], in: names.database, client)
  }

  /// A transaction cannot make collections on every server.
  private static func make(
    _ collections: [String], in database: String, _ client: MongoClient
  ) throws {
    for name in collections {
      do {
        try client.write(database, BSON { $0.set("create", name) })
      } catch let error as MongoError where error.exists {
        continue
      }
    }
  }

  /// Makes what is missing in the core database. Throws `MongoError`.
  static func prepareCore(_ database: String, _ client: MongoClient) throws {
    try create(
      "tenants", in: database,
      [index("uniq_tenantcode", [("tenantcode", 1)], isUnique: true)], client)
    try create(
      "audit", in: database, [index("idx_audit_tenant", [("tenantcode", 1), ("at", -1)])], client)
    try make(["leases", "agents", "requests"], in: database, client)
  }

  /// What tells the agent's own entries from all others; the same words as in the partial indexes,
  /// so that they serve the queries.
  static func owned(_ status: EntryStatus? = nil) -> BSON {
    BSON { filter in
      filter.set("customutils", true)
      filter.set("sync.revision") { $0.set("$exists", true) }
      if let status { filter.set("status", status.rawValue) }
    }
  }

  /// Refuses a tenant whose database would be another one's. Throws `CatalogError`.
  static func check(_ database: String, of tenant: TenantCode, core: String) throws(CatalogError) {
    guard !reserved.contains(database), database.lowercased() != core.lowercased(),
      database.utf8.count <= 63
    else {
      throw CatalogError(
        .configuration, operation: "use", subject: "database \(database) for tenant \(tenant)",
        cause: "it is MongoDB's own, the core database, or its name is longer than 63 bytes",
        remedy: "set catalog.database_prefix")
    }
  }

  private static func create(
    _ collection: String, in database: String, _ indexes: [BSON], _ client: MongoClient
  ) throws {
    let place = Namespace(database: database, collection: collection)
    do {
      do {
        try request(indexes, in: place, client)
      } catch let error as MongoError where error.isIndexConflict {
        for index in indexes { try settle(index, in: place, client) }
      }
    } catch let error as MongoError where error.isDuplicateKey {
      throw CatalogError(
        .corrupt, operation: "make the unique indexes of", subject: "\(database).\(collection)",
        cause: "it holds two live entries of one name, or one document twice",
        remedy: "remove one of the two")
    }
  }

  private static func request(
    _ indexes: [BSON], in place: Namespace, _ client: MongoClient
  ) throws {
    try client.write(
      place.database,
      BSON {
        $0.set("createIndexes", place.collection)
        $0.set("indexes", indexes)
      })
  }

  /// Makes one index beside those that are there: one of the agent's own names is made anew, and an
  /// equal one of another name serves as well. Throws `CatalogError` (`configuration`) elsewhere.
  private static func settle(_ index: BSON, in place: Namespace, _ client: MongoClient) throws {
    let name = index.string("name") ?? ""
    var isMadeAnew = false
    while true {
      do {
        return try request([index], in: place, client)
      } catch let error as MongoError where error.isIndexConflict {
        let there = try indexes(of: place, client)
        let namesake = there.first { $0.string("name") == name }
        if namesake != nil, name.hasPrefix(ownPrefix), !isMadeAnew {
          try drop(name, of: place, client)
          isMadeAnew = true
          continue
        }
        if namesake == nil, there.contains(where: { isSame($0, index) }) { return }
        throw CatalogError(
          .configuration, operation: "make the index \(name) of",
          subject: "\(place.database).\(place.collection)",
          cause: "an index of other keys or options is in its way (\(error.message))",
          remedy: "drop that one, so that the agent makes its own; see docs/mongodb.md")
      }
    }
  }

  /// What the names of indexes begin with that are the agent's and not the LLD's.
  private static let ownPrefix = "uniq_"

  /// The indexes of a collection: at most 64, which come in one answer.
  private static func indexes(of place: Namespace, _ client: MongoClient) throws -> [BSON] {
    let reply = try client.command(
      place.database, BSON { $0.set("listIndexes", place.collection) })
    var (indexes, number): ([BSON], Int) = ([], 0)
    while let index = reply.document("cursor.firstBatch.\(number)") {
      indexes.append(index)
      number += 1
    }
    return indexes
  }

  /// One that another agent has dropped meanwhile is gone as well.
  private static func drop(_ name: String, of place: Namespace, _ client: MongoClient) throws {
    do {
      try client.write(
        place.database,
        BSON {
          $0.set("dropIndexes", place.collection)
          $0.set("index", name)
        })
    } catch let error as MongoError where error.isUnknownIndex {
      return
    }
  }

  /// Whether two indexes order and refuse the same documents, whatever their names are.
  private static func isSame(_ one: BSON, _ other: BSON) -> Bool {
    func text(_ index: BSON, _ path: String) -> [UInt8]? { index.document(path)?.json }
    guard keys(of: one) == keys(of: other),
      text(one, "partialFilterExpression") == text(other, "partialFilterExpression"),
      one.string("collation.locale") == other.string("collation.locale")
    else { return false }
    return ["unique", "sparse", "collation.strength"].allSatisfy { option in
      (one.integer(option) ?? 0) == (other.integer(option) ?? 0)
    }
  }

  /// The keys in their order. Shells write the directions as doubles.
  private static func keys(of index: BSON) -> [String] {
    var keys: [String] = []
    var reader = JSONReader(index.document("key")?.json ?? [])
    try? reader.object { reader, key throws(JSONSyntaxError) in
      let order = String(decoding: try reader.raw(), as: UTF8.self)
      keys.append("\(key) \(Double(order).map { "\($0)" } ?? order)")
    }
    return keys
  }

  private static func index(
    _ name: String, _ keys: [(String, Int32)], isUnique: Bool = false, where filter: BSON? = nil,
    ignoresCase: Bool = false
  ) -> BSON {
    BSON { index in
      index.set("key") { for (key, order) in keys { $0.set(key, order) } }
      index.set("name", name)
      if isUnique { index.set("unique", true) }
      if let filter { index.set("partialFilterExpression", filter) }
      if ignoresCase {
        index.set("collation") {
          $0.set("locale", "en")
          $0.set("strength", Int32(2))
        }
      }
    }
  }
}

/// The collections of one tenant.
struct TenantNames: Sendable {
  let tenant: TenantCode
  let database: String
  var tasks: Namespace { Namespace(database: database, collection: "tasks") }
  var state: Namespace { Namespace(database: database, collection: "sync_state") }
  var intents: Namespace { Namespace(database: database, collection: "intents") }
  var counters: Namespace { Namespace(database: database, collection: "counters") }
  var executions: Namespace { Namespace(database: database, collection: "task_execution") }
}

/// The collections of the core database.
struct CoreNames: Sendable {
  let database: String
  var tenants: Namespace { Namespace(database: database, collection: "tenants") }
  var audit: Namespace { Namespace(database: database, collection: "audit") }
  var leases: Namespace { Namespace(database: database, collection: "leases") }
  var agents: Namespace { Namespace(database: database, collection: "agents") }
  var requests: Namespace { Namespace(database: database, collection: "requests") }
}
