import Foundation
import GRDB
import UtilityModel

extension EmbeddedCatalog: CatalogTransfer {
  /// Hands every record to `receive`, all in one view of the catalog; see `CatalogTransfer`.
  public func export(
    _ receive: @escaping @Sendable (TransferRecord) throws(CatalogError) -> Void
  ) async throws(CatalogError) {
    let tenants = try await tenants()
    try await read("export") { db in
      for record in tenants { try receive(TransferRecord(record)) }
      for record in tenants { try Self.export(record.tenant, from: db, receive) }
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT CAST(document AS BLOB) FROM audit
          ORDER BY json_extract(document, '$.at'), rowid
          """)
      while let row = try rows.next() {
        try receive(TransferRecord(try row.decoded(0) as AuditRecord))
      }
    }
  }

  private static func export(
    _ tenant: TenantCode, from db: Database,
    _ receive: (TransferRecord) throws(CatalogError) -> Void
  ) throws {
    let code = tenant.rawValue
    func each(_ sql: String, _ body: (Row) throws -> Void) throws {
      let rows = try Row.fetchCursor(db, sql: sql, arguments: [code])
      while let row = try rows.next() { try body(row) }
    }
    try each(
      "SELECT CAST(document AS BLOB) FROM sync_state WHERE tenantcode = ? ORDER BY branch"
    ) { row in
      // One that cannot be read is derived from git and made anew.
      guard let status = try? row.decoded(0) as BranchStatus else { return }
      try receive(TransferRecord(status, of: tenant))
    }
    try each(
      """
      SELECT CAST(document AS BLOB), filecontents FROM tasks
      WHERE tenantcode = ? AND owned = 1 ORDER BY id, status
      """
    ) { row in
      var unknown = UnknownMembers()
      let entry = try CatalogEntry(json: row.bytes(0) ?? [], unknown: &unknown)
      try receive(
        TransferRecord(
          entry, extras: try BSON(unknown), contents: try row.bytes(1), of: tenant))
    }
    try each("SELECT value FROM counters WHERE tenantcode = ?") { row in
      try receive(TransferRecord(counter: row[0], of: tenant))
    }
    try each(
      """
      SELECT CAST(document AS BLOB) FROM task_execution WHERE tenantcode = ?
      ORDER BY createddate, json_extract(document, '$._id')
      """
    ) { row in try receive(TransferRecord(try row.decoded(0) as ExecutionRecord, of: tenant)) }
  }

  /// Refuses a catalog that holds anything; see `CatalogTransfer`.
  public func checkEmpty(for dump: CatalogDump) async throws(CatalogError) {
    let path = path
    try await read("look into") { db in try Self.checkEmpty(db, path: path) }
  }

  private static func checkEmpty(_ db: Database, path: String) throws {
    for table in ["tenants", "tasks", "audit", "sync_state", "counters", "task_execution"] {
      let isUsed = try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM \(table))")
      guard isUsed != true else { throw CatalogError.notEmpty(path, "its table \(table)") }
    }
  }

  /// Writes a dump in one transaction; see `CatalogTransfer`.
  public func restore(
    _ dump: CatalogDump, _ progress: @escaping @Sendable () -> Void
  ) async throws(CatalogError) {
    let path = path
    try await write("import into") { db in
      try Self.checkEmpty(db, path: path)
      var failure: (any Error)?
      do throws(CatalogError) {
        try dump.records { (record, document) throws(CatalogError) in
          let meaning = try TransferDocument(record, document)
          do {
            try Self.put(meaning, of: record.tenant, into: db)
          } catch {
            failure = error
            throw CatalogError(
              .failed, operation: "import", subject: "a record", cause: "\(error)")
          }
          progress()
        }
      } catch {
        throw failure ?? error
      }
    }
  }

  private static func put(
    _ document: TransferDocument, of tenant: String, into db: Database
  ) throws {
    switch document {
    case .tenant(let record):
      try db.cachedStatement(
        sql: "INSERT INTO tenants (tenantcode, status, createddate) VALUES (?, ?, ?)"
      ).execute(arguments: [tenant, record.status.rawValue, record.createddate])
    case .state(let status):
      guard let tenant = TenantCode(tenant) else { return }
      try db.record(status, of: tenant)
    case .entry(let entry, let unknown, let contents):
      let json = String(decoding: entry.json(with: unknown), as: UTF8.self)
      try db.cachedStatement(
        sql: "INSERT INTO tasks (document, filecontents, tenantcode) VALUES (?, ?, ?)"
      ).execute(arguments: [json, contents.map { Data($0) }, tenant])
    case .counter(let value):
      try db.execute(
        sql: "INSERT INTO counters (tenantcode, value) VALUES (?, ?)", arguments: [tenant, value])
    case .execution(let call):
      try db.insert(call, of: tenant)
    case .audit(let record):
      try db.append([record])
    }
  }
}

extension BSON {
  /// What others put on an entry.
  fileprivate convenience init(_ unknown: UnknownMembers) throws(CatalogError) {
    var writer = JSONWriter(capacity: 256)
    writer.openObject()
    for (key, value) in unknown.members {
      writer.key(key)
      writer.raw(value)
    }
    writer.closeObject()
    try self.init(json: writer.bytes)
  }
}

extension Row {
  /// A column's document. Throws what `JSONDecoder` throws.
  fileprivate func decoded<Value: Decodable>(_ index: Int) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(try bytes(index) ?? []))
  }
}

extension CatalogError {
  /// A catalog that is to be filled holds something.
  static func notEmpty(_ subject: String, _ what: String) -> CatalogError {
    CatalogError(
      .conflict, operation: "import into", subject: subject,
      cause: "it is not empty (\(what) is in use)",
      remedy: "let catalog.url name an empty catalog, or catalog.database_prefix and "
        + "catalog.core_database other databases")
  }
}
