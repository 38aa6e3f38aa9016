import Foundation
import GRDB
import UtilityModel

/// Writes one change inside of an open transaction of the embedded catalog.
///
/// SQLite checks unique indexes row by row, so the order matters: documents are deleted first, then
/// those whose name or status changes are parked under no number and no name at all, and only then
/// is anything written. So names may be swapped in any order.
struct ChangeWriter {
  private let db: Database
  private let change: CatalogChange
  private let reading: @Sendable (ObjectID) throws -> [UInt8]
  private let stored: @Sendable (ObjectID, [UInt8]) -> Data
  private let onWrite: (@Sendable (Int) -> Void)?
  private let select: Statement
  private let park: Statement
  private let insert: Statement
  private let updateDocument: Statement
  private let updateAll: Statement

  /// A stored document that a put replaces.
  private struct Former {
    var row: Int64
    var entry: CatalogEntry
    var unknown: UnknownMembers
    var isMoved: Bool
  }

  /// A writer that reads blobs with `reading` and writes what `stored` makes of them.
  init(
    _ db: Database, change: CatalogChange,
    reading: @escaping @Sendable (ObjectID) throws -> [UInt8],
    stored: @escaping @Sendable (ObjectID, [UInt8]) -> Data, onWrite: (@Sendable (Int) -> Void)?
  ) throws {
    self.db = db
    self.change = change
    self.reading = reading
    self.stored = stored
    self.onWrite = onWrite
    select = try db.cachedStatement(
      sql: """
        SELECT rowid, CAST(document AS BLOB) FROM tasks
        WHERE tenantcode = ? AND id = ? AND status = ? AND owned = 1
        """)
    park = try db.cachedStatement(sql: "UPDATE tasks SET document = '{}' WHERE rowid = ?")
    insert = try db.cachedStatement(
      sql: "INSERT INTO tasks (document, filecontents, tenantcode) VALUES (?, ?, ?)")
    updateDocument = try db.cachedStatement(sql: "UPDATE tasks SET document = ? WHERE rowid = ?")
    updateAll = try db.cachedStatement(
      sql: "UPDATE tasks SET document = ?, filecontents = ? WHERE rowid = ?")
  }

  /// Writes the change.
  func apply() throws -> AppliedChange {
    let formers = try change.puts.map(former)
    var rows: Set<Int64> = []
    for (put, former) in zip(change.puts, formers) {
      guard let former, !rows.insert(former.row).inserted else { continue }
      throw conflict(put, "the change replaces the same document twice")
    }
    try delete()
    for former in formers {
      if let former, former.isMoved { try park.execute(arguments: [former.row]) }
    }
    let identities = try assignIdentities()
    var puts: [AppliedChange.Put] = []
    puts.reserveCapacity(change.puts.count)
    for (put, former) in zip(change.puts, formers) {
      puts.append(try write(put, over: former, identities: identities))
      onWrite?(puts.count)
    }
    try db.append(change.audit)
    for status in change.statuses { try db.record(status, of: change.tenant) }
    for branch in change.removedBranches {
      try db.execute(
        sql: "DELETE FROM sync_state WHERE tenantcode = ? AND branch = ?",
        arguments: [change.tenant.rawValue, branch])
    }
    return AppliedChange(
      tenant: change.tenant, identities: identities, puts: puts, deletes: change.deletes)
  }

  private func former(of put: EntryPut) throws -> Former? {
    guard let status = put.replaces else { return nil }
    guard case .existing(let id) = put.identity else {
      throw conflict(put, "it replaces a document and has no number")
    }
    let arguments: StatementArguments = [change.tenant.rawValue, id, status.rawValue]
    guard let row = try Row.fetchOne(select, arguments: arguments) else {
      throw conflict(put, "its \(status) document \(id) is gone")
    }
    var unknown = UnknownMembers()
    let stored = try CatalogEntry(json: row.bytes(1) ?? [], unknown: &unknown)
    return Former(
      row: row[0], entry: stored, unknown: unknown,
      isMoved: stored.name != put.entry.name || stored.status != put.entry.status)
  }

  private func delete() throws {
    let statement = try db.cachedStatement(
      sql: "DELETE FROM tasks WHERE tenantcode = ? AND id = ? AND status = ? AND owned = 1")
    for key in change.deletes {
      try statement.execute(arguments: [change.tenant.rawValue, key.id, key.status.rawValue])
    }
  }

  /// Takes a number for each new utility, in the order of their n.
  ///
  /// The counter only ever grows, so a number is not used again when its utility is deleted, and it
  /// passes over the numbers of foreign documents.
  private func assignIdentities() throws -> [Int: Int32] {
    let new = Set(
      change.puts.compactMap { put in
        if case .new(let index) = put.identity { index } else { nil }
      })
    guard !new.isEmpty else { return [:] }
    let tenant = change.tenant.rawValue
    let highest =
      try Int64.fetchOne(
        db,
        sql: """
          SELECT max(1000,
            coalesce((SELECT value FROM counters WHERE tenantcode = ?), 0),
            coalesce((SELECT max(id) FROM tasks WHERE tenantcode = ?), 0))
          """, arguments: [tenant, tenant]) ?? 1000
    guard let last = Int32(exactly: highest + Int64(new.count)) else {
      throw CatalogError(
        .failed, operation: "number the new utilities of", subject: "tenant \(tenant)",
        cause: "no 32-bit number is left above \(highest)",
        remedy: "look for a foreign document of that number in the tenant's tasks")
    }
    try db.execute(
      sql: "INSERT OR REPLACE INTO counters (tenantcode, value) VALUES (?, ?)",
      arguments: [tenant, last])
    let first = last - Int32(new.count) + 1
    return Dictionary(uniqueKeysWithValues: zip(new.sorted(), first...last))
  }

  private func write(
    _ put: EntryPut, over former: Former?, identities: [Int: Int32]
  ) throws -> AppliedChange.Put {
    var entry = put.entry
    switch put.identity {
    case .existing(let id): entry.id = id
    case .new(let index): entry.id = identities[index] ?? 0
    }
    if let former { entry.keepPlatformFields(of: former.entry) }
    let json = entry.json(with: former?.unknown ?? UnknownMembers())
    let document = String(decoding: json, as: UTF8.self)
    let bytes = try contents(put)
    var stored: Data?
    if let bytes, case .set(let blob) = put.contents { stored = self.stored(blob, bytes) }
    do {
      switch (former, put.contents) {
      case (nil, _):
        try insert.execute(arguments: [document, stored, change.tenant.rawValue])
      case (let former?, .keep):
        try updateDocument.execute(arguments: [document, former.row])
      case (let former?, _):
        try updateAll.execute(arguments: [document, stored, former.row])
      }
      guard db.changesCount == 1 else { throw conflict(put, "the change deletes it as well") }
    } catch DatabaseError.SQLITE_CONSTRAINT {
      throw conflict(put, "another entry has its number, or is live under its name")
    }
    return AppliedChange.Put(
      entry: entry, item: CatalogItem(entry, json: json), replaced: put.replaces,
      contents: outcome(put.contents, bytes: bytes, isNew: former == nil))
  }

  private func contents(_ put: EntryPut) throws -> [UInt8]? {
    guard case .set(let blob) = put.contents else { return nil }
    do { return try reading(blob) } catch {
      throw CatalogError(
        .contents, operation: "store the file of", subject: subject(put),
        cause: "blob \(blob) could not be read: \(error)", underlying: error)
    }
  }

  private func outcome(
    _ contents: ContentChange, bytes: [UInt8]?, isNew: Bool
  ) -> AppliedChange.Contents {
    guard let bytes else { return contents == .keep && !isNew ? .kept : .removed }
    return bytes.count <= CatalogLimits.residentFile ? .set(bytes) : .large
  }

  private func conflict(_ put: EntryPut, _ cause: String) -> CatalogError {
    CatalogError(
      .conflict, operation: "write", subject: subject(put), cause: cause,
      remedy: "observe the catalog and plan anew")
  }

  private func subject(_ put: EntryPut) -> String {
    "the \(put.entry.status) entry \(put.entry.name) of tenant \(change.tenant)"
  }
}

extension CatalogItem {
  /// An entry as readers see it; `json` is the document as it is stored.
  convenience init(_ entry: CatalogEntry, json: [UInt8]) {
    self.init(
      id: entry.id, name: entry.name, displayname: entry.displayname,
      description: entry.description, category: entry.category, status: entry.status,
      userid: entry.userid, updateddate: entry.updateddate, path: entry.sync.path,
      branch: entry.sync.branch, json: json)
  }
}
