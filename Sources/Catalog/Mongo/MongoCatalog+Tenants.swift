import Foundation
import UtilityModel

extension MongoCatalog {
  /// All known tenants, sorted by code.
  ///
  /// Documents of the platform whose `tenantcode` is none are passed over, and those whose database
  /// would be another one's. A status that the agent does not know is somebody's wish that the tenant
  /// rests: it reads as `suspended`.
  public func tenants() async throws(CatalogError) -> [TenantRecord] {
    let core = core
    return try await connection.run("read the tenants from") { client in
      var tenants: [TenantRecord] = []
      try client.find(core.tenants, BSON()) { document in
        try ImportMark.refuse(document, self.connection.address)
        guard let tenant = document.string("tenantcode").flatMap({ TenantCode($0) }),
          self.takes(tenant)
        else { return }
        let status = document.string("status") ?? TenantRecord.Status.active.rawValue
        tenants.append(
          TenantRecord(
            tenant: tenant, status: TenantRecord.Status(rawValue: status) ?? .suspended,
            createddate: document.integer("createddate") ?? 0))
      }
      return tenants.sorted { $0.tenant < $1.tenant }
    }
  }

  /// Makes a tenant known; see `CatalogStore`.
  public func ensureTenant(_ tenant: TenantCode, now: Int64) async throws(CatalogError) {
    let (core, names) = (core, try names(of: tenant))
    try await connection.run("add tenant \(tenant) to") { client in
      try self.prepareCore(client)
      try self.prepare(names, client)
      let filter = BSON { $0.set("tenantcode", tenant.rawValue) }
      let update = BSON {
        $0.set("$setOnInsert") {
          $0.set("status", TenantRecord.Status.active.rawValue)
          $0.set("createddate", now)
        }
      }
      do {
        try client.bulk(core.tenants) { try $0.update(filter, update, upsert: true) }
      } catch let error as MongoError where error.isDuplicateKey {
        return  // Another agent was faster.
      }
      self.onStep("tenant")
    }
  }

  /// Sets a known tenant's status.
  public func setStatus(
    _ status: TenantRecord.Status, of tenant: TenantCode
  ) async throws(CatalogError) {
    let (core, fence) = (core, LeaseFence.current)
    try await connection.run("update tenant \(tenant) in") { client in
      let filter = BSON { $0.set("tenantcode", tenant.rawValue) }
      let update = BSON { $0.set("$set") { $0.set("status", status.rawValue) } }
      try self.writeAside(tenant, under: fence, client) { session in
        let result = try client.bulk(core.tenants, session: session) {
          try $0.update(filter, update)
        }
        guard result.matched == 1 else {
          throw CatalogError(
            .conflict, operation: "update", subject: "tenant \(tenant)",
            cause: "the catalog does not know it", remedy: "add it first")
        }
      }
      self.onStep("tenant")
    }
  }

  /// Deletes what the agent keeps of a tenant; see `CatalogStore`. Each step may be repeated. Under a
  /// fence each compares the epoch.
  public func empty(_ tenant: TenantCode) async throws(CatalogError) {
    let (names, fence) = (try names(of: tenant), LeaseFence.current)
    try await connection.run("empty tenant \(tenant) in") { client in
      // First the journal: a complete one would be done to the tenant that is added again.
      self.unsettle(names)
      try self.remove(BSON(), from: names.intents, of: tenant, under: fence, client)
      try self.remove(MongoSchema.owned(), from: names.tasks, of: tenant, under: fence, client)
      self.onStep("emptied")
      try self.remove(BSON(), from: names.state, of: tenant, under: fence, client)
      try self.remove(
        BSON { $0.set("tenantcode", tenant.rawValue) }, from: names.executions, of: tenant,
        under: fence, client)
    }
  }

  /// So many documents are deleted in one transaction.
  private static let part = 200

  /// Deletes what matches, under a fence in parts.
  private func remove(
    _ filter: BSON, from namespace: Namespace, of tenant: TenantCode, under fence: LeaseFence?,
    _ client: MongoClient
  ) throws {
    guard fence != nil else {
      try client.bulk(namespace) { try $0.removeMany(filter) }
      return
    }
    while true {
      var found: [BSON] = []
      try client.find(
        namespace, filter,
        options: {
          $0.set("projection") { $0.set("_id", Int32(1)) }
          $0.set("limit", Int64(Self.part))
        }
      ) { found.append($0) }
      guard !found.isEmpty else { return }
      let some = BSON {
        $0.set("_id") {
          $0.setArray("$in", found) { array, index, document in
            array.copy("_id", of: document, as: index)
          }
        }
      }
      try guarded(tenant, under: fence, client) { session in
        _ = try client.bulk(namespace, session: session) { try $0.removeMany(some) }
      }
    }
  }

  /// Deletes a tenant's record.
  public func forget(_ tenant: TenantCode) async throws(CatalogError) {
    let (core, fence) = (core, LeaseFence.current)
    try await connection.run("forget tenant \(tenant) in") { client in
      try self.writeAside(tenant, under: fence, client) { session in
        _ = try client.bulk(core.tenants, session: session) {
          try $0.remove(BSON { $0.set("tenantcode", tenant.rawValue) })
        }
      }
    }
  }

  /// A tenant's branches, sorted by name.
  public func branchStatuses(of tenant: TenantCode) async throws(CatalogError) -> [BranchStatus] {
    let (names, fence) = (try names(of: tenant), LeaseFence.current)
    return try await connection.run("read the branches of tenant \(tenant) from") { client in
      try self.recover(names, reading: fence, client)
      let decoder = JSONDecoder()
      var statuses: [BranchStatus] = []
      try client.find(names.state, BSON()) { document in
        // One that cannot be read is derived from git and made anew: it holds nobody up.
        do {
          statuses.append(try decoder.decode(BranchStatus.self, from: Data(document.json)))
        } catch is DecodingError {
          return
        }
      }
      return statuses.sorted { $0.branch < $1.branch }
    }
  }

  /// All tenants' branches, sorted by name.
  public func allBranchStatuses() async throws(CatalogError) -> [TenantCode: [BranchStatus]] {
    var statuses: [TenantCode: [BranchStatus]] = [:]
    for record in try await tenants() {
      let found = try await branchStatuses(of: record.tenant)
      if !found.isEmpty { statuses[record.tenant] = found }
    }
    return statuses
  }

  /// Records branches alone.
  public func record(
    _ statuses: [BranchStatus], of tenant: TenantCode
  ) async throws(CatalogError) {
    guard !statuses.isEmpty else { return }
    let names = try names(of: tenant)
    let fence = try fence(of: tenant)
    try await connection.run("record the branches of tenant \(tenant) in") { client in
      try self.prepare(names, client)
      try self.writeAside(tenant, under: fence, client) { session in
        try client.bulk(names.state, session: session) { bulk in
          for status in statuses { try bulk.put(status) }
        }
      }
      self.onStep("state")
    }
  }
}

extension MongoBulk {
  /// Writes one document of `sync_state`, which is the agent's alone.
  func put(_ status: BranchStatus) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let filter = BSON { $0.set("_id", status.branch) }
    let document = try BSON {
      $0.set("_id", status.branch)
      $0.append(try BSON(json: Array(encoder.encode(status))))
    }
    try replace(filter, document, upsert: true)
  }
}
