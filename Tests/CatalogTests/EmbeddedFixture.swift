import Catalog
import Foundation
import GRDB
import TestSupport
import UtilityModel

/// An embedded catalog in a folder of its own, removed with this object.
final class EmbeddedFixture: CatalogFixture {
  let folder: URL
  var path: String { folder.appending(path: "data/catalog.sqlite").path }

  private let cipher: ContentCipher?

  init(cipher: ContentCipher? = nil) throws {
    self.cipher = cipher
    folder = FileManager.default.temporaryDirectory
      .appending(path: "catalog-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit {
    do { try FileManager.default.removeItem(at: folder) } catch {
      FileHandle.standardError.write(Data("cannot remove \(folder.path): \(error)\n".utf8))
    }
  }

  func open() async throws -> any CatalogStore {
    try await EmbeddedCatalog.open(path: path, cipher: cipher)
  }

  func close(_ store: any CatalogStore) async throws {
    try await (store as? EmbeddedCatalog)?.close()
  }

  func insertForeign(_ json: String, tenant: TenantCode) async throws {
    try await raw { db in
      try db.execute(
        sql: "INSERT INTO tasks (tenantcode, document) VALUES (?, ?)",
        arguments: [tenant.rawValue, json])
    }
  }

  func documents(of tenant: TenantCode) async throws -> [String] {
    try await raw { db in
      try String.fetchAll(
        db, sql: "SELECT document FROM tasks WHERE tenantcode = ?", arguments: [tenant.rawValue])
    }
  }

  func set(_ member: String, to value: String, tenant: TenantCode, id: Int32) async throws {
    try await raw { db in
      try db.execute(
        sql: """
          UPDATE tasks SET document = json_set(document, '$.' || ?, json(?))
          WHERE tenantcode = ? AND id = ? AND owned = 1
          """, arguments: [member, value, tenant.rawValue, id])
    }
  }

  /// Works on the file through a connection of another program.
  func raw<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    try await DatabaseQueue(path: path).write(body)
  }
}
