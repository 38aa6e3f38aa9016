import UtilityModel

/// The leases over the tenants of a catalog in MongoDB, and the heartbeats of its agents.
///
/// A lease is held for as long as its holder's heartbeat has not expired, which the server's clock
/// decides (`$$NOW`); the clocks of the agents count nowhere. Taking, giving back and each write
/// compare the epoch in the database.
public struct MongoLeases: Sendable {
  let catalog: MongoCatalog
  /// The agent that asks.
  public let me: LiveAgent
  /// How long a heartbeat holds, in milliseconds.
  let duration: Int64

  /// The leases as the agent `id` takes part in them. From now on the catalog refuses writes of
  /// entries and branches that carry no fence.
  public init(
    _ catalog: MongoCatalog, id: String, name: String, isCommand: Bool, duration: Double
  ) {
    self.catalog = catalog
    me = LiveAgent(id: id, name: name, isSettled: false, isCommand: isCommand)
    self.duration = Int64(duration * 1000)
    catalog.requireFences(of: id)
  }

  /// Says that the agent lives, and gives who lives and who has what. Throws `CatalogError`.
  public func beat() async throws(CatalogError) -> LeaseView {
    let core = catalog.core
    return try await catalog.connection.run("renew the leases in") { client in
      try catalog.prepareCore(client)
      let reply = try client.write(
        core.database,
        BSON {
          $0.set("findAndModify", core.agents.collection)
          $0.set("query") { $0.set("_id", me.id) }
          $0.set("update", [heartbeat])
          $0.set("upsert", true)
          $0.set("new", true)
        })
      if !reply.has("value.sessions.0") { catalog.forgetSessions() }
      guard let now = reply.date("value.seen") else {
        throw CatalogError(
          .failed, operation: "renew the leases in", subject: catalog.connection.address,
          cause: "the server did not tell its time")
      }
      return try view(now: now, client)
    }
  }

  /// Who has what, without a heartbeat, before this process has written anything: what its
  /// predecessor left open is ended. Throws `CatalogError`.
  public func leases() async throws(CatalogError) -> [TenantCode: Lease] {
    try await catalog.connection.run("read the leases of") { client in
      if let own = try client.first(catalog.core.agents, BSON { $0.set("_id", me.id) }) {
        try catalog.endSessions(of: own, client)
      }
      return LeaseView(agents: [], leases: try stored(client)).leases
    }
  }

  /// The stage that sets when the heartbeat expires, and since when there has been one without a gap.
  private var heartbeat: BSON {
    BSON {
      $0.set("$set") {
        $0.set("since") {
          // As numbers: SecantusDB does not compare `$$NOW` with a stored date.
          let moments = ["$expires", "$$NOW"].map { moment in BSON { $0.set("$toLong", moment) } }
          let isAlive = BSON { $0.set("$gt", moments) }
          $0.setArray("$cond", [0, 1, 2]) { array, index, place in
            switch place {
            case 0: array.set(index, isAlive)
            case 1: array.set(index, "$since")
            default: array.set(index, "$$NOW")
            }
          }
        }
        $0.set("expires") {
          $0.setArray("$add", [0, 1]) { array, index, place in
            if place == 0 { array.set(index, "$$NOW") } else { array.set(index, duration) }
          }
        }
        $0.set("seen", "$$NOW")
        $0.set("name") { $0.set("$literal", me.name) }
        $0.set("command", me.isCommand)
      }
    }
  }

  private func view(now: Int64, _ client: MongoClient) throws -> LeaseView {
    var (agents, forgotten, abandoned): ([LiveAgent], [String], [BSON]) = ([], [], [])
    try client.find(catalog.core.agents, BSON()) { document in
      guard let id = document.string("_id"), let expires = document.date("expires") else { return }
      guard expires > now else {
        if expires < now - 100 * duration { forgotten.append(id) }
        if document.has("sessions.0") { abandoned.append(document) }
        return
      }
      let since = document.date("since") ?? now
      agents.append(
        LiveAgent(
          id: id, name: document.string("name") ?? id, isSettled: since <= now - duration,
          isCommand: document.integer("command") == 1))
    }
    for agent in abandoned { try catalog.endSessions(of: agent, client) }
    // One that comes back writes a new one.
    try client.bulk(catalog.core.agents) { bulk in
      for id in forgotten { try bulk.remove(BSON { $0.set("_id", id) }) }
    }
    return LeaseView(agents: agents, leases: try stored(client))
  }

  private func stored(_ client: MongoClient) throws -> [Lease] {
    var leases: [Lease] = []
    try client.find(catalog.core.leases, BSON()) {
      if let lease = Lease($0) { leases.append(lease) }
    }
    return leases
  }

  /// Takes leases that were seen free at an epoch (0: there was none); gives those that it got,
  /// with their new epochs. Throws `CatalogError`.
  public func take(
    _ wanted: [TenantCode: Int64]
  ) async throws(CatalogError) -> [TenantCode: Int64] {
    guard !wanted.isEmpty else { return [:] }
    return try await catalog.connection.run("take leases in") { client in
      var taken: [TenantCode: Int64] = [:]
      for (tenant, seen) in wanted {
        if let epoch = try take(tenant, seen, client) { taken[tenant] = epoch }
      }
      if !taken.isEmpty { catalog.onStep("lease") }
      return taken
    }
  }

  private func take(
    _ tenant: TenantCode, _ seen: Int64, _ client: MongoClient
  ) throws -> Int64? {
    let epoch = seen + 1
    do {
      let reply = try client.write(
        catalog.core.database,
        BSON {
          $0.set("findAndModify", catalog.core.leases.collection)
          $0.set("query") {
            $0.set("_id", tenant.rawValue)
            if seen > 0 {
              $0.set("epoch", seen)
            } else {
              $0.set("epoch") { $0.set("$exists", false) }
            }
          }
          $0.set("update") {
            $0.set("$set") {
              $0.set("tenantcode", tenant.rawValue)
              $0.set("owner", me.id)
              $0.set("agent", me.name)
              $0.set("epoch", epoch)
            }
            $0.set("$unset") { $0.set("live", "") }
          }
          $0.set("upsert", seen == 0)
          $0.set("new", true)
          // A writer that died amid its transaction holds the document until the server ends that.
          $0.set("maxTimeMS", Int32(1000))
        })
      return reply.integer("value.epoch") == epoch ? epoch : nil
    } catch let error as MongoError where error.isDuplicateKey || error.isPassing {
      return nil  // Another agent was faster, or it is tried again with the next heartbeat.
    }
  }

  /// Gives a lease back, so that another agent takes it at once. Throws `CatalogError`.
  public func release(_ tenants: [TenantCode: Int64]) async throws(CatalogError) {
    guard !tenants.isEmpty else { return }
    try await catalog.connection.run("give leases back in") { client in
      _ = try client.bulk(catalog.core.leases) { bulk in
        for (tenant, epoch) in tenants {
          try bulk.update(
            LeaseFence(owner: me.id, epoch: epoch).filter(tenant),
            BSON {
              $0.set("$set") { $0.set("owner", "") }
              $0.set("$unset") { $0.set("live", "") }
              $0.set("$inc") { $0.set("epoch", Int64(1)) }
            })
        }
      }
    }
  }

  /// Says that tenants are at what git says under this agent. Throws `CatalogError`.
  public func markLive(_ tenants: [TenantCode: Int64]) async throws(CatalogError) {
    guard !tenants.isEmpty else { return }
    try await catalog.connection.run("mark leases in") { client in
      _ = try client.bulk(catalog.core.leases) { bulk in
        for (tenant, epoch) in tenants {
          try bulk.update(
            LeaseFence(owner: me.id, epoch: epoch).filter(tenant),
            BSON { $0.set("$set") { $0.set("live", epoch) } })
        }
      }
    }
  }

  /// Takes the agent itself out. Throws `CatalogError`.
  public func leave() async throws(CatalogError) {
    try await catalog.connection.run("leave") { client in
      _ = try client.bulk(catalog.core.agents) { try $0.remove(BSON { $0.set("_id", me.id) }) }
    }
  }
}

extension Lease {
  /// Reads a document of `leases`, nil where it is none.
  init?(_ document: BSON) {
    guard let tenant = document.string("_id").flatMap({ TenantCode($0) }),
      let epoch = document.integer("epoch")
    else { return nil }
    self.init(
      tenant: tenant, owner: document.string("owner") ?? "", epoch: epoch,
      writes: document.integer("writes") ?? 0, requests: document.integer("requests") ?? 0,
      isLive: document.integer("live") == epoch)
    if let count = document.integer("changed.n") {
      changed = (0..<Int(count)).compactMap {
        document.integer("changed.ids.\($0)").map { Int32(truncatingIfNeeded: $0) }
      }
    }
  }
}

extension LeaseFence {
  /// The lease's document as long as this fence holds.
  func filter(_ tenant: TenantCode) -> BSON {
    BSON {
      $0.set("_id", tenant.rawValue)
      $0.set("owner", owner)
      $0.set("epoch", epoch)
    }
  }
}
