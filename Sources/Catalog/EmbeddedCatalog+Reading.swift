import Foundation
import GRDB
import UtilityModel

extension EmbeddedCatalog {
  /// Nil: the file is the agent's own.
  public func stamp(of tenant: TenantCode) async throws(CatalogError) -> CatalogStamp? { nil }

  /// The owned entries of a tenant, sorted by number, then status.
  public func entries(of tenant: TenantCode) async throws(CatalogError) -> [CatalogEntry] {
    try await read("read the entries of tenant \(tenant) from") { db in
      let statement = try db.cachedStatement(
        sql: """
          SELECT CAST(document AS BLOB) FROM tasks WHERE tenantcode = ? AND owned = 1
          ORDER BY id, status
          """)
      var entries: [CatalogEntry] = []
      let rows = try Row.fetchCursor(statement, arguments: [tenant.rawValue])
      while let row = try rows.next() {
        entries.append(try CatalogEntry(json: row.bytes(0) ?? []))
      }
      return entries
    }
  }

  /// The same for readers.
  public func items(of tenant: TenantCode) async throws(CatalogError) -> [CatalogItem] {
    try await read("read the entries of tenant \(tenant) from") { db in
      let statement = try db.cachedStatement(
        sql: """
          SELECT \(Self.itemColumns) FROM tasks WHERE tenantcode = ? AND owned = 1
          ORDER BY id, status
          """)
      var items: [CatalogItem] = []
      let rows = try Row.fetchCursor(statement, arguments: [tenant.rawValue])
      while let row = try rows.next() { items.append(try CatalogItem(row)) }
      return items
    }
  }

  /// Hands every tenant with owned entries to `receive`; see `CatalogStore`.
  public func load(
    contentsUpTo limit: Int, _ receive: @escaping @Sendable (LoadedTenant) -> Void
  ) async throws(CatalogError) {
    let cipher = cipher
    try await read("load the entries from") { db in
      let statement = try db.cachedStatement(
        sql: """
          SELECT \(Self.itemColumns), tenantcode,
            CASE WHEN length(filecontents) <= ? THEN filecontents END
          FROM tasks WHERE owned = 1 ORDER BY tenantcode
          """)
      var loaded: LoadedTenant?
      let rows = try Row.fetchCursor(
        statement, arguments: [limit <= 0 ? -1 : cipher == nil ? limit : limit * 2])
      while let row = try rows.next() {
        let tenant = try row.tenant(11)
        if loaded?.tenant != tenant {
          if let loaded { receive(loaded) }
          loaded = LoadedTenant(tenant: tenant, items: [], contents: [:])
        }
        let item = try CatalogItem(row)
        loaded?.items.append(item)
        if let stored = try row.bytes(12) {
          let bytes = try ContentCipher.file(
            stored, filehash: item.filehash, cipher: cipher,
            subject: "\(item.name) of tenant \(tenant)")
          guard bytes.count <= limit else { continue }
          loaded?.contents[EntryKey(id: item.id, status: item.status)] = bytes
        }
      }
      if let loaded { receive(loaded) }
    }
  }

  /// The file of one owned entry, or nil where it has none.
  public func contents(
    of tenant: TenantCode, id: Int32, status: EntryStatus
  ) async throws(CatalogError) -> [UInt8]? {
    let cipher = cipher
    return try await read("read the file of entry \(id) of tenant \(tenant) from") { db in
      let statement = try db.cachedStatement(
        sql: """
          SELECT filecontents, json_extract(document, '$.filehash') FROM tasks
          WHERE tenantcode = ? AND id = ? AND status = ? AND owned = 1
          """)
      let row = try Row.fetchOne(statement, arguments: [tenant.rawValue, id, status.rawValue])
      guard let row, let stored = try row.bytes(0) else { return nil }
      return try ContentCipher.file(
        stored, filehash: row[1] ?? "", cipher: cipher,
        subject: "entry \(id) of tenant \(tenant)")
    }
  }

  private static let itemColumns = """
    id, name, displayname, description, category, status, userid, updateddate, path, branch,
    CAST(document AS BLOB)
    """
}

extension CatalogItem {
  /// Reads the columns of `EmbeddedCatalog.itemColumns`.
  fileprivate convenience init(_ row: Row) throws {
    guard let id = row[0] as Int32?, let name = row[1] as String?,
      let status = (row[5] as String?).flatMap(EntryStatus.init), let json = try row.bytes(10)
    else { throw CatalogError.corruptDocument(cause: "it lacks its id, its name or its status") }
    self.init(
      id: id, name: name, displayname: row[2] ?? "", description: row[3] ?? "",
      category: row[4] ?? "", status: status, userid: row[6] ?? 0, updateddate: row[7] ?? 0,
      path: row[8] ?? "", branch: row[9] ?? "", json: json)
  }
}

extension Row {
  /// A BLOB column's bytes, or nil for NULL.
  func bytes(_ index: Int) throws -> [UInt8]? {
    try withUnsafeData(atIndex: index) { data in data.map { [UInt8]($0) } }
  }

  /// A column's tenant.
  func tenant(_ index: Int) throws -> TenantCode {
    let text = self[index] as String? ?? ""
    guard let tenant = TenantCode(text) else {
      throw CatalogError.corruptDocument(cause: "\"\(text)\" is no tenant code")
    }
    return tenant
  }
}

extension EmbeddedCatalog {
  /// Seals a tenant's files under the newest key; see `CatalogStore`.
  public func reseal(
    _ tenant: TenantCode, _ progress: @escaping @Sendable () -> Void
  ) async throws(CatalogError) -> Int {
    guard let cipher else { throw CatalogError.noKey }
    let rows = try await read("list the files of tenant \(tenant) in") { db in
      try Int64.fetchAll(
        db,
        sql: """
          SELECT rowid FROM tasks WHERE tenantcode = ? AND owned = 1 AND filecontents IS NOT NULL
          """, arguments: [tenant.rawValue])
    }
    var written = 0
    for row in rows {
      // The transaction keeps others away between the reading and the writing.
      let isWritten = try await write("seal the files of tenant \(tenant) in") { db in
        let found = try Row.fetchOne(
          db,
          sql: """
            SELECT filecontents, json_extract(document, '$.filehash') FROM tasks
            WHERE rowid = ? AND owned = 1
            """, arguments: [row])
        guard let found, let stored = try found.bytes(0), !cipher.isCurrent(stored) else {
          return false
        }
        let file = try ContentCipher.file(
          stored, filehash: found[1] ?? "", cipher: cipher, subject: "a file of tenant \(tenant)")
        try db.execute(
          sql: "UPDATE tasks SET filecontents = ? WHERE rowid = ?",
          arguments: [Data(cipher.seal(file)), row])
        return true
      }
      if isWritten { written += 1 }
      progress()
    }
    return written
  }
}
