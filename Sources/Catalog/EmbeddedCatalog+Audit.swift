import Foundation
import GRDB
import UtilityModel

extension EmbeddedCatalog {
  /// Appends to the audit.
  public func append(_ records: [AuditRecord]) async throws(CatalogError) {
    guard !records.isEmpty else { return }
    try await write("append to the audit in") { db in try db.append(records) }
  }

  /// A page of the audit, newest first: of one tenant, or of all.
  public func auditRecords(
    of tenant: TenantCode?, limit: Int, offset: Int
  ) async throws(CatalogError) -> RecordPage<AuditRecord> {
    try await read("read the audit in") { db in
      let code = tenant?.rawValue
      let total = try Int.fetchOne(
        db, sql: "SELECT count(*) FROM audit WHERE ?1 IS NULL OR tenantcode = ?1",
        arguments: [code])
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT CAST(document AS BLOB) FROM audit WHERE ?1 IS NULL OR tenantcode = ?1
          ORDER BY rowid DESC LIMIT ?2 OFFSET ?3
          """, arguments: [code, limit, offset])
      let decoder = JSONDecoder()
      var records: [AuditRecord] = []
      while let row = try rows.next() {
        guard let bytes: Data = row[0] else { continue }
        records.append(try decoder.decode(AuditRecord.self, from: bytes))
      }
      return RecordPage(records: records, total: total ?? 0)
    }
  }
}

extension Database {
  /// Appends documents to `audit`, in order.
  func append(_ records: [AuditRecord]) throws {
    guard !records.isEmpty else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let statement = try cachedStatement(
      sql: "INSERT INTO audit (tenantcode, document) VALUES (?, ?)")
    for record in records {
      let document = String(decoding: try encoder.encode(record), as: UTF8.self)
      try statement.execute(arguments: [record.tenantcode, document])
    }
  }
}
