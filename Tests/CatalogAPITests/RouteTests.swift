import Catalog
import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

@testable import CatalogAPI

@Suite struct RouteTests {
  static let reads = [
    "/utils/v1/custom-utils/acme/-/-", "/utils/v1/custom-utils/acme/1001", "/utils/v1/sync",
    "/utils/v1/sync/acme", "/utils/v1/sync/acme/commits/abcd", "/utils/v1/history/acme/1001",
    "/utils/v1/source/acme/1001", "/utils/v1/audit/acme", "/utils/v1/executions/acme",
    "/openapi.json", "/health", "/health/live", "/metrics", "/", "/console/app.js",
  ]

  @Test(arguments: reads)
  func answersGetAndHeadAndRefusesTheRest(path: String) async throws {
    try await Fixture().test { client in
      let get = try await client.execute(uri: path, method: .get) { $0 }
      let head = try await client.execute(uri: path, method: .head) { $0 }
      #expect(get.status == .ok && head.status == .ok)
      #expect(head.body.readableBytes == 0)
      #expect(head.headers[.contentType] == get.headers[.contentType])
      #expect(head.headers[.contentLength] != nil && head.headers[.contentLength] != "0")
      for method in [HTTPRequest.Method.post, .put, .patch, .delete, .options] {
        let refused = try await client.execute(uri: path, method: method) { $0 }
        #expect(refused.status == .methodNotAllowed)
        #expect(refused.headers[.allow] == "GET, HEAD")
        let message = try Answer(refused).json["displaymessage"] as? String
        #expect(message?.contains("git") == true)
      }
    }
  }

  @Test(arguments: [
    "/nowhere", "/console", "/console/none.js", "/console/a/b", "/console/..%2fx",
    "/utils/v1/custom-utils", "/utils/v1/custom-utils/none/-/-", "/utils/v1/custom-utils/ACME/-/-",
    "/utils/v1/custom-utils/acme/4711", "/utils/v1/sync/none",
    "/utils/v1/sync/none/commits/abcd", "/utils/v1/history/acme/4711",
    "/utils/v1/source/acme/1001?revision=dead", "/utils/v1/custom-utils/a%2Fb/-/-",
    "/utils/v1/custom-utils/acme/1002?status=draft", "/utils/v1/audit/none",
    "/utils/v1/executions/none", "/utils/v1/events/none",
    "/utils/v1/custom-utils/acme/2147483648", "/utils/v1/history/acme/99999999999999999999",
    "/utils/v1/source/acme/1001?revision=bogus@sha1:0123456789012345678901234567890123456789",
  ])
  func whatIsNotThereIs404(path: String) async throws {
    try await Fixture().test { client in
      let response = try await client.execute(uri: path, method: .get) { $0 }
      #expect(response.status == .notFound)
      let answer = try Answer(response)
      #expect(answer.error == "NOT_FOUND" && !answer.success)
    }
  }

  @Test(arguments: ["abc", "xyz1", String(repeating: "a", count: 41)])
  func aCommitIsHexadecimal(sha: String) async throws {
    try await Fixture().test { client in
      let uri = "/utils/v1/sync/acme/commits/\(sha)"
      let response = try await client.execute(uri: uri, method: .get) { $0 }
      #expect(response.status == .badRequest)
      #expect(try Answer(response).fields == ["sha"])
    }
  }

  @Test func digitsThatNameSeveralCommitsAreRefusedByName() async throws {
    try await Fixture().test { client in
      for (uri, status, fields) in [
        ("/utils/v1/sync/acme/commits/a1b1", HTTPResponse.Status.badRequest, ["sha"]),
        ("/utils/v1/source/acme/1001?revision=a1b1", .badRequest, ["revision"]),
        ("/utils/v1/sync/acme/commits/b0b0", .serviceUnavailable, []),
      ] {
        let response = try await client.execute(uri: uri, method: .get) { $0 }
        #expect(response.status == status)
        #expect(try Answer(response).fields == fields)
        #expect((response.headers[.retryAfter] != nil) == (status == .serviceUnavailable))
      }
    }
  }

  @Test func theOldRouteForWritesSaysThatThisInterfaceReads() async throws {
    try await Fixture().test { client in
      let uri = "/utils/v1/custom-utils"
      let response = try await client.execute(uri: uri, method: .post) { $0 }
      #expect(response.status == .methodNotAllowed && response.headers[.allow] == "GET, HEAD")
    }
  }

  @Test(arguments: [
    ("127.0.0.1", true), ("127.0.0.1:8109", true), ("[::1]:8109", true), ("[::1]", true),
    ("localhost", true), ("LOCALHOST:1", true), ("agent.example:8109", true), ("192.0.2.7", true),
    ("evil.example", false), ("127.0.0.1.evil.example", false), ("localhost.evil.example", false),
    ("", false), (":8109", false), ("[::1", false), ("[::1]x", false), ("a:b:c", false),
    ("evil.example:80", false), ("127.1", false),
  ])
  func withoutAuthenticationOnlyItsOwnNamesAreServed(authority: String, isServed: Bool) {
    #expect(HostRule(configured: "Agent.example").admits(authority) == isServed)
    #expect(HostRule(configured: "127.0.0.1").admits(nil))
  }

  @Test func failuresTellNothing() async throws {
    try await Fixture().test { client in
      let uri = "/utils/v1/custom-utils/acme/1004"
      let response = try await client.execute(uri: uri, method: .get) { $0 }
      #expect(response.status == .internalServerError)
      #expect(try Answer(response).error == "INTERNAL_ERROR")
      #expect(!String(buffer: response.body).contains("Cocoa"))
    }
  }

  @Test(
    "a catalog that cannot be read is told as the database's, without where it is",
    arguments: [
      (CatalogError.Code.unavailable, HTTPResponse.Status.serviceUnavailable),
      (.locked, .serviceUnavailable), (.corrupt, .internalServerError),
      (.wrongKey, .internalServerError),
    ])
  func catalogFailures(_ code: CatalogError.Code, _ status: HTTPResponse.Status) async throws {
    let fixture = try Fixture()
    fixture.catalog.failure.withLock {
      $0 = CatalogError(code, operation: "read", subject: "/secret/catalog", cause: "host db:27017")
    }
    try await fixture.test { client in
      let uri = "/utils/v1/custom-utils/acme/1004"
      let response = try await client.execute(uri: uri, method: .get) { $0 }
      #expect(response.status == status)
      #expect(response.headers[.retryAfter] == (status == .serviceUnavailable ? "5" : nil))
      #expect(try Answer(response).error == "DATABASE_ERROR")
      let text = String(buffer: response.body)
      #expect(!text.contains("secret") && !text.contains("27017"))
    }
  }

  @Test func answersSyncHistoryAndSource() async throws {
    try await Fixture().test { client in
      let sync = try Answer(try await client.execute(uri: "/utils/v1/sync", method: .get) { $0 })
      let data = sync.json["data"] as? [String: [[String: Any]]]
      #expect(data?["tenants"]?.first?["tenantcode"] as? String == "acme")
      let one = try Answer(
        try await client.execute(uri: "/utils/v1/sync/acme", method: .get) { $0 })
      #expect((one.json["data"] as? [String: Any])?["tenantcode"] as? String == "acme")
      let history = try Answer(
        try await client.execute(uri: "/utils/v1/history/acme/1001", method: .get) { $0 })
      #expect((history.json["data"] as? [[String: Any]])?.first?["message"] as? String == "alpha")
      let source = try await client.execute(
        uri: "/utils/v1/source/acme/1001?revision=BEEF", method: .get
      ) { $0 }
      #expect(source.headers[.contentType] == "text/x-python; charset=utf-8")
      #expect(String(buffer: source.body) == "# alpha beef\n")
    }
  }

  @Test func healthFollowsTheChecks() async throws {
    let fixture = try Fixture()
    try await fixture.test { client in
      func status(_ path: String) async throws -> Int {
        try await client.execute(uri: path, method: .get) { Int($0.status.code) }
      }
      let early = try await status("/health/ready")
      fixture.health.report(check: "database", status: .healthy)
      let ready = try await status("/health/ready")
      fixture.health.report(check: "database", status: .unhealthy)
      let unhealthy = try await status("/health")
      let live = try await status("/health/live")
      let seen: [Int] = [early, ready, unhealthy, live]
      let wanted: [Int] = [503, 200, 503, 200]
      #expect(seen == wanted)
    }
  }

  @Test func requestIDsAreEchoedOnlyWhenHarmless() async throws {
    try await Fixture().test { client in
      for (given, isTaken) in [("abc-1.2_X", true), ("a b", false), ("", false)] {
        let response = try await client.execute(
          uri: "/health", method: .get, headers: [.requestID: given]
        ) { $0 }
        let id = try #require(response.headers[.requestID])
        let taken = id == given
        #expect(taken == isTaken)
        #expect(!id.isEmpty)
      }
    }
  }

  @Test func metricsAreLabelledByTemplate() async throws {
    try await Fixture().testLive { client in
      for path in ["/utils/v1/custom-utils/acme/-/-", "/secret/1", "/secret/2"] {
        _ = try await client.execute(uri: path, method: .get) { $0 }
      }
      let text = try await client.execute(uri: "/metrics", method: .get) {
        String(buffer: $0.body)
      }
      let name = "http_request_duration_seconds_count"
      let list = Route.list.rawValue
      #expect(text.contains("\(name){endpoint=\"\(list)\",method=\"GET\",status=\"200\"} 1\n"))
      #expect(text.contains("\(name){endpoint=\"other\",method=\"GET\",status=\"404\"} 2\n"))
      #expect(!text.contains("secret"))
    }
  }
}
