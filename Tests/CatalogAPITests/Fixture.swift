import Catalog
import Foundation
import Hashing
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
  /// What asking for the file of 1004 ends in.
  let failure = Mutex<any Error & Sendable>(CocoaError(.fileReadNoSuchFile))
  init(_ snapshot: TenantSnapshot) { current = Mutex(snapshot) }
  func snapshot(of tenant: TenantCode) -> TenantSnapshot? {
    current.withLock { $0.tenant == tenant ? $0 : nil }
  }
  func tenants() -> [TenantCode] { current.withLock { [$0.tenant] } }
  func contents(of tenant: TenantCode, id: Int32, status: EntryStatus) async throws -> [UInt8]? {
    if id == 1004 { throw failure.withLock { $0 } }
    return status == .inactive ? nil : Array(Fixture.file(status).utf8)
  }
}

/// The interface over a small catalog of the tenant `acme`.
struct Fixture {
  let catalog: MemoryCatalog
  let health = HealthRegistry(version: "1.0")
  let metrics = PrometheusRegistry()
  let events: EventHub
  var crossOrigin: CrossOrigin?

  static func file(_ status: EntryStatus) -> String { "def f(): \"\(status)\" # ü\n" }

  static func item(
    _ id: Int32, _ name: String, _ status: EntryStatus = .active, category: String = "Data",
    userid: Int64 = 7, updated: Int64 = 0
  ) -> CatalogItem {
    let hash = SHA256.digest(of: file(status)).hex
    let json =
      "{\"name\":\"\(name)\",\"id\":\(id),\"status\":\"\(status)\","
      + "\"updateddate\":\(updated),\"filehash\":\"\(hash)\"}"
    return CatalogItem(
      id: id, name: name, displayname: "Display \(name)", description: "About \(name)",
      category: category, status: status, userid: userid, updateddate: updated,
      path: "utils/\(name).py", branch: "main", json: Array(json.utf8))
  }

  static func snapshot(
    etag: String = "s1", updated: Int64 = 30, extra: [CatalogItem] = []
  ) throws -> TenantSnapshot {
    TenantSnapshot(
      tenant: try #require(TenantCode("acme")),
      items: [
        item(1001, "alpha", updated: updated), item(1001, "alpha", .draft, updated: 40),
        item(1002, "beta", category: "Net", userid: 8, updated: 20),
        item(1003, "gone", .inactive, updated: 10), item(1004, "broken", userid: 9, updated: 5),
      ] + extra, etag: etag)
  }

  static let execution = ExecutionRecord(
    id: "0123456789abcdef00000001",
    taskid: 1001, userid: 7, tenantcode: "acme", createddate: 1, request: "{}", response: "{}",
    status: "completed", executionTime: 0.5, errorMessage: "", logs: ["l"], username: "ann",
    name: "alpha")

  init(events: EventHub = EventHub(heartbeat: .seconds(1))) throws {
    catalog = MemoryCatalog(try Self.snapshot())
    self.events = events
  }

  var application: some ApplicationProtocol {
    buildApplication(
      dependencies: dependencies, configuration: APIConfiguration(crossOrigin: crossOrigin))
  }

  var dependencies: APIDependencies {
    let status = TenantStatus(tenantcode: "acme", branches: [BranchStatus(branch: "main")])
    return APIDependencies(
      catalog: catalog, status: { [status] },
      tenantStatus: { $0.rawValue == "acme" ? status : nil },
      commitFate: { tenant, sha in
        guard tenant.rawValue == "acme" else { return nil }
        if sha == "a1b1" { throw GitReadRefusal.ambiguous }
        if sha == "b0b0" { throw GitReadRefusal.busy }
        return CommitFate(sha: sha, state: .unknown, branch: "", revision: "", reason: "r")
      },
      history: { _, item, limit in
        [
          HistoryRecord(
            commit: "c", author: "a", approver: "", date: Int64(limit), message: item.name,
            filehash: "h", path: item.path)
        ]
      },
      source: { _, item, revision in
        if revision == "a1b1" { throw GitReadRefusal.ambiguous }
        if revision == "b0b0" { throw GitReadRefusal.busy }
        return revision == "dead" ? nil : Array("# \(item.name) \(revision ?? "now")\n".utf8)
      },
      executions: { _, query in
        RecordPage(
          records: query.taskid == 1002 ? [] : [Self.execution], total: query.offset + query.limit)
      }, events: events,
      health: health, metrics: metrics, version: "1.0", logger: Logger(label: "test"))
  }

  func test(_ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void) async throws
  {
    try await application.test(.router, body)
  }

  func testLive(
    _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
  ) async throws {
    try await application.test(.live, body)
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
