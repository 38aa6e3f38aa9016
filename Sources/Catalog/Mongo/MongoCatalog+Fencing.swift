import UtilityModel

extension MongoCatalog {
  /// Up to so many numbers of changed entries are told to followers one by one.
  private static let toldOneByOne = 500

  /// The fence of the current task, which a catalog with leases wants for what it writes of a tenant.
  /// Throws `CatalogError` (`fenced`).
  func fence(of tenant: TenantCode) throws(CatalogError) -> LeaseFence? {
    let fence = LeaseFence.current
    guard fence != nil || !wantsFences else { throw .fenced(tenant) }
    return fence
  }

  /// Runs `body`, which writes, under a fence: in one transaction with the comparison of the epoch,
  /// and with the mark that tells followers. `changed` gives the numbers of the changed entries.
  func write<Value>(
    _ tenant: TenantCode, under fence: LeaseFence?, _ client: MongoClient,
    changed: (Value) -> Set<Int32>, _ body: (MongoSession?) throws -> Value
  ) throws -> Value {
    try fenced(tenant, under: fence, client, body) { fence, value, session in
      try pass(fence, tenant, changed(value), client, session)
    }
  }

  /// The same for a part of a change, of which followers are not told yet.
  func guarded<Value>(
    _ tenant: TenantCode, under fence: LeaseFence?, _ client: MongoClient,
    _ body: (MongoSession?) throws -> Value
  ) throws -> Value {
    try fenced(tenant, under: fence, client, body) { fence, _, session in
      guard let session else { return }
      try touch(fence, tenant, client, session) { $0.set("$inc") { $0.set("parts", Int64(1)) } }
    }
  }

  /// Without transactions the comparison comes before, and the mark after.
  private func fenced<Value>(
    _ tenant: TenantCode, under fence: LeaseFence?, _ client: MongoClient,
    _ body: (MongoSession?) throws -> Value,
    mark: (LeaseFence, Value, MongoSession?) throws -> Void
  ) throws -> Value {
    guard try connection.topology(client) == .replicated else {
      try check(fence, tenant, client)
      let value = try body(nil)
      if let fence { try mark(fence, value, nil) }
      return value
    }
    return try client.transaction(begin: { try register($0, client) }) { session in
      let value = try body(session)
      if let fence { try mark(fence, value, session) }
      return value
    }
  }

  /// Tells once of each session that has transactions, so that whoever takes over from an agent that
  /// was killed in one ends it, instead of waiting until the server does.
  private func register(_ session: MongoSession, _ client: MongoClient) throws {
    guard let owner = sessionOwner else { return }
    let id = session.id
    let text = String(decoding: id.canonicalJSON, as: UTF8.self)
    guard isNew(session: text) else { return }
    do {
      try client.bulk(core.agents) {
        try $0.update(
          BSON { $0.set("_id", owner) },
          BSON { $0.set("$addToSet") { $0.set("sessions", id) } }, upsert: true)
      }
    } catch {
      forget(session: text)
      throw error
    }
  }

  /// Ends the sessions of an agent's document, and with them the transactions that it left open.
  func endSessions(of agent: BSON, _ client: MongoClient) throws {
    guard let id = agent.string("_id"), agent.has("sessions.0") else { return }
    let command = BSON()
    guard command.copy("sessions", of: agent, as: "killSessions") else { return }
    try client.command("admin", command)
    try client.bulk(core.agents) {
      try $0.update(
        BSON { $0.set("_id", id) }, BSON { $0.set("$unset") { $0.set("sessions", "") } })
    }
  }

  /// Throws `CatalogError` (`fenced`) where the lease is another agent's by now.
  private func check(
    _ fence: LeaseFence?, _ tenant: TenantCode, _ client: MongoClient
  ) throws {
    guard let fence else { return }
    guard try client.first(core.leases, fence.filter(tenant)) != nil else {
      throw CatalogError.fenced(tenant)
    }
  }

  /// Ends the change that a journal is there of: this agent's, or that of one that was killed in it.
  func recover(_ names: TenantNames, under fence: LeaseFence?, _ client: MongoClient) throws {
    guard !isSettled(names, under: fence) else { return }
    try MongoJournal.replay(client, names, onStep: onStep) {
      try guarded(names.tenant, under: fence, client, $0)
    }
    settle(names, under: fence)
  }

  /// Ends it before the holder of a lease reads: it may have lost the connection amid its own change,
  /// and what it plans next begins with the whole of it.
  func recover(_ names: TenantNames, reading fence: LeaseFence?, _ client: MongoClient) throws {
    if fence != nil { try recover(names, under: fence, client) }
  }

  /// Writes a few documents beside the entries, which without a fence need no transaction.
  func writeAside(
    _ tenant: TenantCode, under fence: LeaseFence?, _ client: MongoClient,
    _ body: (MongoSession?) throws -> Void
  ) throws {
    guard fence != nil else { return try body(nil) }
    try write(tenant, under: fence, client, changed: { [] }, body)
  }

  /// Tells followers of a change: the last write of it.
  func pass(
    _ fence: LeaseFence, _ tenant: TenantCode, _ changed: Set<Int32>, _ client: MongoClient,
    _ session: MongoSession?
  ) throws {
    try touch(fence, tenant, client, session) {
      $0.set("$inc") { $0.set("writes", Int64(1)) }
      if changed.count <= Self.toldOneByOne {
        $0.set("$set") {
          $0.set("changed") {
            $0.set("n", Int32(changed.count))
            $0.setArray("ids", changed.sorted()) { $0.set($1, $2) }
          }
        }
      } else {
        $0.set("$unset") { $0.set("changed", "") }
      }
    }
    onStep("fence")
  }

  /// Changes the lease's document: the last write of a transaction, which fails where the lease is
  /// another one's, and conflicts with whoever takes it meanwhile.
  private func touch(
    _ fence: LeaseFence, _ tenant: TenantCode, _ client: MongoClient, _ session: MongoSession?,
    _ update: (BSON) -> Void
  ) throws {
    let result = try client.bulk(core.leases, session: session) { bulk in
      try bulk.update(fence.filter(tenant), BSON(update))
    }
    guard result.matched == 1 else { throw CatalogError.fenced(tenant) }
  }
}

extension CatalogError {
  static func fenced(_ tenant: TenantCode) -> CatalogError {
    CatalogError(
      .fenced, operation: "write", subject: "tenant \(tenant)",
      cause: "another agent holds its lease", remedy: "that agent does it")
  }
}
