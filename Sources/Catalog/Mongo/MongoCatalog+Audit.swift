import Foundation
import UtilityModel

extension MongoCatalog {
  /// Appends to the audit.
  public func append(_ records: [AuditRecord]) async throws(CatalogError) {
    guard !records.isEmpty else { return }
    let (core, fence) = (core, LeaseFence.current)
    let tenant = records.lazy.compactMap { TenantCode($0.tenantcode) }.first
    try await connection.run("append to the audit in") { client in
      try self.prepareCore(client)
      let append = { (session: MongoSession?) in
        _ = try client.bulk(core.audit, session: session) { bulk in
          for record in records { try bulk.insert(record.document) }
        }
      }
      if let tenant, let fence {
        try self.writeAside(tenant, under: fence, client, append)
      } else {
        try append(nil)
      }
      self.onStep("audit")
    }
  }

  /// A page of the audit, newest first: of one tenant, or of all.
  public func auditRecords(
    of tenant: TenantCode?, limit: Int, offset: Int
  ) async throws(CatalogError) -> RecordPage<AuditRecord> {
    let core = core
    return try await connection.run("read the audit in") { client in
      let filter = BSON { if let tenant { $0.set("tenantcode", tenant.rawValue) } }
      let total = try client.count(core.audit, filter)
      // To MongoDB a limit of 0 is none.
      guard limit > 0 else { return RecordPage(records: [], total: total) }
      let decoder = JSONDecoder()
      var records: [AuditRecord] = []
      try client.find(
        core.audit, filter,
        options: {
          $0.set("sort") {
            $0.set("at", Int32(-1))
            $0.set("_id", Int32(-1))
          }
          $0.set("skip", Int64(offset))
          $0.set("limit", Int64(limit))
        }
      ) { records.append(try decoder.decode(AuditRecord.self, from: Data($0.json))) }
      return RecordPage(records: records, total: total)
    }
  }
}

extension AuditRecord {
  /// One document of the collection `audit`. Its `_id` grows with the records of one process.
  var document: BSON {
    BSON {
      $0.set("at", at)
      $0.set("tenantcode", tenantcode)
      $0.set("actor", actor)
      $0.set("action", action.rawValue)
      $0.set("subject", subject)
      $0.set("reason", reason)
      $0.set("before", before)
      $0.set("after", after)
    }
  }
}
