import UtilityModel

/// What says in `tenants` that an import is under way: no tenant code, so that nobody reads it as a
/// tenant, and agents use nothing before it is gone.
enum ImportMark {
  static let code = "#import"

  static var filter: BSON { BSON { $0.set("tenantcode", code) } }

  /// Refuses a catalog that is only half there. Throws `CatalogError`.
  static func refuse(_ document: BSON, _ address: String) throws(CatalogError) {
    guard document.string("tenantcode") == code else { return }
    throw CatalogError(
      .unavailable, operation: "use", subject: "the catalog at \(address)",
      cause: "an import into it was interrupted, or is under way",
      remedy: "let it end, or run `sync-agent catalog import` with the same file again")
  }
}

extension MongoCatalog {
  /// Refuses databases that hold anything of the agent; see `CatalogTransfer`. What the platform has
  /// in `tenants` and `tasks` may be there.
  public func checkEmpty(for dump: CatalogDump) async throws(CatalogError) {
    _ = try await begin(dump, isDry: true)
  }

  /// Writes a dump; see `CatalogTransfer`. The mark goes in first and out last, the tenants before
  /// it. An import of the same dump that was interrupted is undone first.
  public func restore(
    _ dump: CatalogDump, _ progress: @escaping @Sendable () -> Void
  ) async throws(CatalogError) {
    var names: [String: TenantNames] = [:]
    for record in dump.tenants {
      names[record.tenant.rawValue] = try self.names(of: record.tenant)
    }
    if try await begin(dump, isDry: false) { try await clear(dump) }
    let (core, places) = (core, names)
    try await connection.run("import into") { client in
      try self.prepareCore(client)
      for names in places.values { try self.prepare(names, client) }
      var batch = ImportBatch(client: client)
      try dump.records { (record, document) throws(CatalogError) in
        try batch.add(record, document, names: places[record.tenant], core: core)
        progress()
      }
      try batch.flush()
      self.onStep("imported")
      try client.bulk(core.tenants) { bulk in
        for record in dump.tenants {
          try bulk.update(
            BSON { $0.set("tenantcode", record.tenant.rawValue) },
            BSON {
              $0.set("$set") {
                $0.set("status", record.status.rawValue)
                $0.set("createddate", record.createddate)
              }
            }, upsert: true)
        }
        try bulk.remove(ImportMark.filter)
      }
    }
  }

  /// Sets the mark; whether it was there from the same dump. Throws `conflict` where there is a mark
  /// of another dump, or anything of the agent.
  private func begin(_ dump: CatalogDump, isDry: Bool) async throws(CatalogError) -> Bool {
    let core = core
    var places: [TenantNames] = []
    for record in dump.tenants { places.append(try names(of: record.tenant)) }
    let wanted = places
    return try await connection.run("look into") { client in
      let address = self.connection.address
      if let mark = try client.first(core.tenants, ImportMark.filter) {
        guard mark.string("dump") == dump.summary.sha256 else {
          throw CatalogError.notEmpty(address, "the import of another dump")
        }
        return true
      }
      var all = wanted
      try client.find(core.tenants, BSON()) { document in
        guard let tenant = document.string("tenantcode").flatMap({ TenantCode($0) }),
          self.takes(tenant)
        else { return }
        all.append(try self.names(of: tenant))
      }
      guard try client.count(core.audit, BSON()) == 0 else {
        throw CatalogError.notEmpty(address, "the audit")
      }
      for names in all {
        let isUsed =
          try client.first(names.tasks, MongoSchema.owned()) != nil
          || client.first(names.state, BSON()) != nil
          || client.first(names.counters, BSON()) != nil
        if isUsed { throw CatalogError.notEmpty(address, "tenant \(names.tenant)") }
      }
      guard !isDry else { return false }
      try self.prepareCore(client)
      try client.bulk(core.tenants) {
        try $0.insert(
          BSON {
            $0.set("tenantcode", ImportMark.code)
            $0.set("dump", dump.summary.sha256)
          })
      }
      self.onStep("marked")
      return false
    }
  }

  /// Takes away what an interrupted import of the dump left: nobody else wrote since.
  private func clear(_ dump: CatalogDump) async throws(CatalogError) {
    for record in dump.tenants {
      try await empty(record.tenant)
      let names = try names(of: record.tenant)
      try await connection.run("clear") { client in
        _ = try client.bulk(names.counters) { try $0.removeMany(BSON()) }
      }
    }
    let core = core
    try await connection.run("clear") { client in
      _ = try client.bulk(core.audit) { try $0.removeMany(BSON()) }
    }
  }
}

/// Documents that go to the server together.
private struct ImportBatch {
  let client: MongoClient
  private var namespace: Namespace?
  private var documents: [BSON] = []
  private var bytes = 0

  /// So many documents, or bytes of them, go to the server at once.
  private static let limit = (documents: 500, bytes: 8 << 20)

  init(client: MongoClient) { self.client = client }

  mutating func add(
    _ record: TransferRecord, _ document: BSON, names: TenantNames?, core: CoreNames
  ) throws(CatalogError) {
    guard record.collection != .tenants else { return }
    let target = record.collection == .audit ? core.audit : names?.namespace(record.collection)
    guard let target else { return }
    let stored = BSON()
    switch try TransferDocument(record, document) {
    case .state(let status): stored.set("_id", status.branch)
    case .counter: stored.set("_id", "tasks")
    default: break
    }
    stored.append(document)
    if namespace != target || documents.count >= Self.limit.documents
      || bytes >= Self.limit.bytes
    {
      try flush()
    }
    namespace = target
    documents.append(stored)
    bytes += record.json.count
  }

  mutating func flush() throws(CatalogError) {
    guard let namespace, !documents.isEmpty else { return }
    do {
      _ = try client.bulk(namespace) { bulk in
        for document in documents { try bulk.insert(document) }
      }
    } catch let error as MongoError {
      throw CatalogError(error, operation: "import into", subject: namespace.collection)
    } catch {
      throw CatalogError(
        .failed, operation: "import into", subject: namespace.collection, cause: "\(error)")
    }
    documents = []
    bytes = 0
  }
}

extension TenantNames {
  fileprivate func namespace(_ collection: TransferRecord.Collection) -> Namespace {
    Namespace(database: database, collection: collection.rawValue)
  }
}
