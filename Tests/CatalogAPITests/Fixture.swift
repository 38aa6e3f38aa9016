import Catalog
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import Synchronization
import Telemetry
import Testing
import UtilityModel

@testable import CatalogAPI

/// A catalog in memory whose snapshot a test may replace.
final class MemoryCatalog: CatalogReading {
  let current: Mutex<TenantSnapshot>
  init(_ snapshot: TenantSnapshot) { current = Mutex(snapshot) }
  func snapshot(of tenant: TenantCode) -> TenantSnapshot? {
    current.withLock { $0.tenant == tenant ? $0 : nil }
  }
  func tenants() -> [TenantCode] { current.withLock { [$0.tenant] } }
  func contents(of tenant: TenantCode, id: Int32, status: EntryStatus) async throws -> [UInt8]? {
    if id == 1004 { throw CocoaError(.fileReadNoSuchFile) }
    return status == .inactive ? nil : Array("def f(): \"\(status)\" # ü\n".utf8)
  }
}

/// The interface over a small catalog of the tenant `acme`.
struct Fixture {
  let catalog: MemoryCatalog
  let health = HealthRegistry(version: "1.0")
  let metrics = PrometheusRegistry()

  static func item(
    _ id: Int32, _ name: String, _ status: EntryStatus = .active, category: String = "Data",
    userid: Int64 = 7, updated: Int64 = 0
  ) -> CatalogItem {
    let json = "{\"name\":\"\(name)\",\"id\":\(id),\"status\":\"\(status)\",\"filehash\":\"ab\"}"
    return CatalogItem(
      id: id, name: name, displayname: "Display \(name)", description: "About \(name)",
      category: category, status: status, userid: userid, updateddate: updated,
      path: "utils/\(name).py", branch: "main", json: Array(json.utf8))
  }

  static func snapshot(etag: String = "s1") throws -> TenantSnapshot {
    TenantSnapshot(
      tenant: try #require(TenantCode("acme")),
      items: [
        item(1001, "alpha", updated: 30), item(1001, "alpha", .draft, updated: 40),
        item(1002, "beta", category: "Net", userid: 8, updated: 20),
        item(1003, "gone", .inactive, updated: 10), item(1004, "broken", userid: 9, updated: 5),
      ], etag: etag)
  }

  init() throws { catalog = MemoryCatalog(try Self.snapshot()) }

  var dependencies: APIDependencies {
    let status = TenantStatus(tenantcode: "acme", branches: [BranchStatus(branch: "main")])
    return APIDependencies(
      catalog: catalog, status: { [status] },
      tenantStatus: { $0.rawValue == "acme" ? status : nil },
      commitFate: { tenant, sha in
        guard tenant.rawValue == "acme" else { return nil }
        return CommitFate(sha: sha, state: .unknown, branch: "", revision: "", reason: "r")
      },
      history: { _, item in
        [
          HistoryRecord(
            commit: "c", author: "a", approver: "", date: 1, message: item.name, filehash: "h")
        ]
      },
      source: { _, item, revision in
        revision == "dead" ? nil : Array("# \(item.name) \(revision ?? "now")\n".utf8)
      },
      health: health, metrics: metrics, version: "1.0", logger: Logger(label: "test"))
  }

  func test(_ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void) async throws
  {
    let application = buildApplication(dependencies: dependencies)
    try await application.test(.router, body)
  }

  func testLive(
    _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
  ) async throws {
    try await buildApplication(dependencies: dependencies).test(.live, body)
  }
}

/// An envelope, strictly read: all keys, in the LLD's order.
struct Answer {
  let json: [String: Any]

  init(_ response: TestResponse) throws {
    let text = String(buffer: response.body)
    json = try #require(
      JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
    var rest = text[...]
    for key in [
      "success", "data", "error", "time", "displaymessage", "status", "errorpath", "sessionexpired",
      "field", "count",
    ] {
      let found = try #require(rest.range(of: "\"\(key)\":"), "\(key) in \(text)")
      rest = rest[found.upperBound...]
    }
    #expect(json.count == 10)
    #expect(json["time"] is Int64 || json["time"] is Int)
  }

  var success: Bool { json["success"] as? Bool ?? false }
  var error: String? { json["error"] as? String }
  var fields: [String]? { json["field"] as? [String] }
  var count: Int? { json["count"] as? Int }
  var names: [String] {
    (json["data"] as? [[String: Any]] ?? []).map { "\($0["name"] ?? "")/\($0["status"] ?? "")" }
  }
}
