import Foundation
import GRDB
import UtilityModel

extension EmbeddedCatalog: ExecutionStore {
  /// Adds calls; see `ExecutionStore`.
  public func appendExecutions(
    _ records: [ExecutionRecord], of tenant: TenantCode, keeping limit: Int
  ) async throws(CatalogError) -> [ExecutionRecord] {
    guard !records.isEmpty else { return [] }
    let code = tenant.rawValue
    return try await write("add executions to") { db in
      let isThere = try Bool.fetchOne(
        db, sql: "SELECT status <> 'removed' FROM tenants WHERE tenantcode = ?", arguments: [code])
      guard isThere == true else { return [] }
      var added: [ExecutionRecord] = []
      for record in records {
        try db.insert(record, of: code)
        if db.changesCount > 0 { added.append(record) }
      }
      try db.execute(
        sql: """
          DELETE FROM task_execution WHERE rowid IN (
            SELECT rowid FROM task_execution WHERE tenantcode = ?
            ORDER BY createddate DESC, rowid DESC LIMIT -1 OFFSET ?)
          """, arguments: [code, limit])
      return added
    }
  }

  /// A page of calls; see `ExecutionStore`.
  public func executions(
    of tenant: TenantCode, _ query: RecordQuery
  ) async throws(CatalogError) -> RecordPage<ExecutionRecord> {
    let code = tenant.rawValue
    return try await read("read executions in") { db in
      let condition = "tenantcode = ?1 AND (?2 IS NULL OR taskid = ?2)"
      let total = try Int.fetchOne(
        db, sql: "SELECT count(*) FROM task_execution WHERE \(condition)",
        arguments: [code, query.taskid])
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT CAST(document AS BLOB) FROM task_execution WHERE \(condition)
          ORDER BY createddate DESC, rowid DESC LIMIT ?3 OFFSET ?4
          """, arguments: [code, query.taskid, query.limit, query.offset])
      let decoder = JSONDecoder()
      var records: [ExecutionRecord] = []
      while let row = try rows.next() {
        guard let bytes: Data = row[0] else { continue }
        records.append(try decoder.decode(ExecutionRecord.self, from: bytes))
      }
      return RecordPage(records: records, total: total ?? 0)
    }
  }
}

extension Database {
  /// Writes one document of `task_execution`; one that is there is left alone.
  func insert(_ record: ExecutionRecord, of tenant: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let document = String(decoding: try encoder.encode(record), as: UTF8.self)
    try cachedStatement(
      sql: "INSERT OR IGNORE INTO task_execution (tenantcode, document) VALUES (?, ?)"
    ).execute(arguments: [tenant, document])
  }
}
