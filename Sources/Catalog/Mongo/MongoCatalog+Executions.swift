import Foundation
import UtilityModel

extension MongoCatalog: ExecutionStore {
  /// Adds calls; see `ExecutionStore`.
  public func appendExecutions(
    _ records: [ExecutionRecord], of tenant: TenantCode, keeping limit: Int
  ) async throws(CatalogError) -> [ExecutionRecord] {
    guard !records.isEmpty else { return [] }
    let names = try names(of: tenant)
    let core = core
    return try await connection.run("add executions of tenant \(tenant) to") { client in
      let record = try client.first(
        core.tenants, BSON { $0.set("tenantcode", tenant.rawValue) })
      guard let record, record.string("status") != TenantState.removed.rawValue else { return [] }
      try self.prepare(names, client)
      let known = try Self.known(records, names, client)
      // What another agent adds meanwhile is left alone as well.
      try client.bulk(names.executions) { bulk in
        for record in records {
          let id = BSON()
          try id.set(objectID: "_id", record.id)
          try bulk.update(id, BSON { $0.set("$setOnInsert", record.document) }, upsert: true)
        }
      }
      self.onStep("executions")
      try Self.forget(beyond: limit, names, client)
      return records.filter { !known.contains($0.id) }
    }
  }

  /// A page of calls; see `ExecutionStore`.
  public func executions(
    of tenant: TenantCode, _ query: RecordQuery
  ) async throws(CatalogError) -> RecordPage<ExecutionRecord> {
    let names = try names(of: tenant)
    return try await connection.run("read executions of tenant \(tenant) from") { client in
      let filter = BSON {
        $0.set("tenantcode", tenant.rawValue)
        if let task = query.taskid { $0.set("taskid", task) }
      }
      let total = try client.count(names.executions, filter)
      guard query.limit > 0 else { return RecordPage(records: [], total: total) }
      var records: [ExecutionRecord] = []
      try client.find(
        names.executions, filter,
        options: {
          Self.newestFirst($0)
          $0.set("skip", Int64(query.offset))
          $0.set("limit", Int64(query.limit))
        }
      ) { records.append(try ExecutionRecord(execution: $0)) }
      return RecordPage(records: records, total: total)
    }
  }

  private static func newestFirst(_ options: BSON) {
    options.set("sort") {
      $0.set("createddate", Int32(-1))
      $0.set("_id", Int32(-1))
    }
  }

  /// Which of some calls are there already.
  private static func known(
    _ records: [ExecutionRecord], _ names: TenantNames, _ client: MongoClient
  ) throws -> Set<String> {
    let ids = try records.map { record in
      let id = BSON()
      try id.set(objectID: "_id", record.id)
      return id
    }
    var known: Set<String> = []
    try client.find(
      names.executions, BSON { $0.set("$or", ids) },
      options: { $0.set("projection") { $0.set("_id", Int32(1)) } }
    ) { if let id = $0.objectID("_id") { known.insert(id) } }
    return known
  }

  /// Removes all but the newest `limit` calls. Where to cut is read in the order of
  /// `idx_tenant_created`: by date and `_id` the server would sort whole documents in its memory.
  private static func forget(
    beyond limit: Int, _ names: TenantNames, _ client: MongoClient
  ) throws {
    let all = BSON { $0.set("tenantcode", names.tenant.rawValue) }
    guard try client.count(names.executions, all) > limit else { return }
    let cut = try client.first(
      names.executions, all,
      options: {
        $0.set("sort") {
          $0.set("tenantcode", Int32(1))
          $0.set("createddate", Int32(-1))
        }
        $0.set("skip", Int64(max(0, limit - 1)))
        $0.set("projection") {
          $0.set("_id", Int32(0))
          $0.set("createddate", Int32(1))
        }
      })
    guard let date = cut?.integer("createddate") else { return }
    func calls(_ comparison: String) -> BSON {
      BSON {
        $0.set("tenantcode", names.tenant.rawValue)
        $0.set("createddate") { $0.set(comparison, date) }
      }
    }
    let newer = try client.count(names.executions, calls("$gt"))
    var old: [BSON] = []
    try client.find(
      names.executions, calls("$eq"),
      options: {
        $0.set("sort") { $0.set("_id", Int32(-1)) }
        $0.set("skip", Int64(max(0, limit - newer)))
        $0.set("projection") { $0.set("_id", Int32(1)) }
      }
    ) { old.append($0) }
    try client.bulk(names.executions) { bulk in
      try bulk.removeMany(calls("$lt"))
      for id in old { try bulk.remove(id) }
    }
  }
}

extension ExecutionRecord {
  /// A document of `task_execution` without its `_id`. Source: LLD, "task_execution Collection".
  var document: BSON {
    BSON {
      $0.set("taskid", taskid)
      $0.set("userid", userid)
      $0.set("tenantcode", tenantcode)
      $0.set("createddate", createddate)
      $0.set("request", request)
      $0.set("response", response)
      $0.set("status", status)
      $0.set("execution_time", executionTime)
      $0.set("error_message", errorMessage)
      $0.set("logs", logs)
      $0.set("username", username)
      $0.set("name", name)
      $0.set("task_handler", taskHandler)
    }
  }

  /// Reads a document. Throws what `JSONDecoder` throws.
  init(execution document: BSON) throws {
    let fields = document.without("_id")
    fields.set("_id", document.objectID("_id") ?? "")
    self = try JSONDecoder().decode(ExecutionRecord.self, from: Data(fields.json))
  }
}
