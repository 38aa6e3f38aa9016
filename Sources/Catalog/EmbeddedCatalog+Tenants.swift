import Foundation
import GRDB
import UtilityModel

extension EmbeddedCatalog {
  /// All known tenants, sorted by code.
  public func tenants() async throws(CatalogError) -> [TenantRecord] {
    try await read("read the tenants from") { db in
      let rows = try Row.fetchCursor(
        db, sql: "SELECT tenantcode, status, createddate FROM tenants ORDER BY tenantcode")
      var tenants: [TenantRecord] = []
      while let row = try rows.next() {
        guard let status = TenantRecord.Status(rawValue: row[1] as String) else {
          throw CatalogError.corruptDocument(cause: "a tenant has an unknown status")
        }
        tenants.append(
          TenantRecord(tenant: try row.tenant(0), status: status, createddate: row[2]))
      }
      return tenants
    }
  }

  /// Makes a tenant known; see `CatalogStore`. A tenant that is known costs no write.
  public func ensureTenant(_ tenant: TenantCode, now: Int64) async throws(CatalogError) {
    let isKnown = try await read("read tenant \(tenant) from") { db in
      let sql = "SELECT 1 FROM tenants WHERE tenantcode = ?"
      return try Row.fetchOne(db, sql: sql, arguments: [tenant.rawValue]) != nil
    }
    guard !isKnown else { return }
    try await write("add tenant \(tenant) to") { db in
      try db.execute(
        sql: "INSERT OR IGNORE INTO tenants (tenantcode, status, createddate) VALUES (?, ?, ?)",
        arguments: [tenant.rawValue, TenantRecord.Status.active.rawValue, now])
    }
  }

  /// Sets a known tenant's status.
  public func setStatus(
    _ status: TenantRecord.Status, of tenant: TenantCode
  ) async throws(CatalogError) {
    try await write("update tenant \(tenant) in") { db in
      try db.execute(
        sql: "UPDATE tenants SET status = ? WHERE tenantcode = ?",
        arguments: [status.rawValue, tenant.rawValue])
      guard db.changesCount == 1 else {
        throw CatalogError(
          .conflict, operation: "update", subject: "tenant \(tenant)",
          cause: "the catalog does not know it", remedy: "add it first")
      }
    }
  }

  /// Deletes what the agent keeps of a tenant; see `CatalogStore`.
  public func empty(_ tenant: TenantCode) async throws(CatalogError) {
    try await write("empty tenant \(tenant) in") { db in
      for statement in [
        "DELETE FROM tasks WHERE tenantcode = ? AND owned = 1",
        "DELETE FROM sync_state WHERE tenantcode = ?",
        "DELETE FROM task_execution WHERE tenantcode = ?",
      ] { try db.execute(sql: statement, arguments: [tenant.rawValue]) }
    }
  }

  /// Deletes a tenant's record.
  public func forget(_ tenant: TenantCode) async throws(CatalogError) {
    try await write("forget tenant \(tenant) in") { db in
      try db.execute(
        sql: "DELETE FROM tenants WHERE tenantcode = ?", arguments: [tenant.rawValue])
    }
  }

  /// A tenant's branches, sorted by name.
  public func branchStatuses(of tenant: TenantCode) async throws(CatalogError) -> [BranchStatus] {
    try await read("read the branches of tenant \(tenant) from") { db in
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT CAST(document AS BLOB) FROM sync_state WHERE tenantcode = ? ORDER BY branch
          """, arguments: [tenant.rawValue])
      let decoder = JSONDecoder()
      var statuses: [BranchStatus] = []
      while let row = try rows.next() {
        if let status = row.branchStatus(0, by: decoder) { statuses.append(status) }
      }
      return statuses
    }
  }

  /// All tenants' branches, sorted by name.
  public func allBranchStatuses() async throws(CatalogError) -> [TenantCode: [BranchStatus]] {
    try await read("read the branches from") { db in
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT tenantcode, CAST(document AS BLOB) FROM sync_state ORDER BY tenantcode, branch
          """)
      let decoder = JSONDecoder()
      var statuses: [TenantCode: [BranchStatus]] = [:]
      while let row = try rows.next() {
        let tenant = try row.tenant(0)
        guard let status = row.branchStatus(1, by: decoder) else { continue }
        statuses[tenant, default: []].append(status)
      }
      return statuses
    }
  }

  /// Records branches alone.
  public func record(
    _ statuses: [BranchStatus], of tenant: TenantCode
  ) async throws(CatalogError) {
    guard !statuses.isEmpty else { return }
    try await write("record the branches of tenant \(tenant) in") { db in
      for status in statuses { try db.record(status, of: tenant) }
    }
  }
}

extension Database {
  /// Writes one document of `sync_state`.
  func record(_ status: BranchStatus, of tenant: TenantCode) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let document = String(decoding: try encoder.encode(status), as: UTF8.self)
    let statement = try cachedStatement(
      sql: "INSERT OR REPLACE INTO sync_state (tenantcode, branch, document) VALUES (?, ?, ?)")
    try statement.execute(arguments: [tenant.rawValue, status.branch, document])
  }
}

extension Row {
  /// A branch's document; nil for one that cannot be read: it is derived from git and made anew, so
  /// that one damaged row holds nobody up.
  fileprivate func branchStatus(_ index: Int, by decoder: JSONDecoder) -> BranchStatus? {
    guard let bytes: Data = self[index] else { return nil }
    do {
      return try decoder.decode(BranchStatus.self, from: bytes)
    } catch {
      return nil
    }
  }
}
