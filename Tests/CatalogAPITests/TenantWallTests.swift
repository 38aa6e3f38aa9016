import Catalog
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import Telemetry
import Testing
import UtilityModel

@testable import CatalogAPI

/// Two tenants, of which a token sees one.
@Suite struct TenantWallTests {
  private struct TwoTenants: CatalogReading {
    let snapshots: [TenantCode: TenantSnapshot]
    func snapshot(of tenant: TenantCode) -> TenantSnapshot? { snapshots[tenant] }
    func tenants() -> [TenantCode] { snapshots.keys.sorted() }
    func contents(of tenant: TenantCode, id: Int32, status: EntryStatus) async throws -> [UInt8]? {
      Array(Fixture.file(status).utf8)
    }
  }

  /// A word that stands in everything that is the other tenant's.
  private static let mark = "hidden-treasure"

  private static func application(
    _ forge: TokenForge, limits: Limits = Limits()
  ) async throws -> some ApplicationProtocol {
    var snapshots: [TenantCode: TenantSnapshot] = [:]
    for name in ["acme", mark] {
      let tenant = try #require(TenantCode(name))
      snapshots[tenant] = TenantSnapshot(
        tenant: tenant, items: [Fixture.item(1001, "\(name)_utility", updated: 1)], etag: name)
    }
    let known = Set(snapshots.keys)
    @Sendable func status(_ tenant: TenantCode) -> TenantStatus {
      TenantStatus(tenantcode: tenant.rawValue, branches: [BranchStatus(branch: "main")])
    }
    let dependencies = APIDependencies(
      catalog: TwoTenants(snapshots: snapshots), status: { known.sorted().map(status) },
      tenantStatus: { known.contains($0) ? status($0) : nil },
      commitFate: { tenant, sha in
        guard known.contains(tenant) else { return nil }
        return CommitFate(
          sha: sha, state: .unknown, branch: "", revision: "", reason: tenant.rawValue)
      },
      history: { tenant, item, _ in
        [
          HistoryRecord(
            commit: "c", author: tenant.rawValue, approver: "", date: 1, message: item.name,
            filehash: "h", path: item.path)
        ]
      },
      source: { tenant, _, _ in Array("# \(tenant)\n".utf8) },
      audit: { _, _ in .empty }, executions: { _, _ in .empty },
      health: HealthRegistry(version: "1"), metrics: PrometheusRegistry(), version: "1",
      logger: Logger(label: "test"))
    var configuration = APIConfiguration()
    configuration.authentication = try await forge.service()
    configuration.limits = limits
    return buildApplication(dependencies: dependencies, configuration: configuration)
  }

  /// A path of each route, for a tenant.
  private static func path(_ route: Route, _ tenant: String) -> String {
    let parts = route.rawValue.split(separator: "/").map { part in
      switch part {
      case "{tenant-code}": tenant
      case "{userid}", "{name}": "-"
      case "{task-id}": "1001"
      case "{sha}": "abcdef"
      case "{asset}": "app.js"
      default: String(part)
      }
    }
    return "/" + parts.joined(separator: "/")
  }

  /// What an answer is but for what differs between any two.
  private static func essence(_ response: TestResponse) -> String {
    var headers = response.headers
    headers[.requestID] = nil
    headers[.date] = nil
    let body = String(buffer: response.body).replacing(/"time":\d+/, with: "\"time\":0")
    return "\(response.status.code)\n\(headers.map { "\($0.name): \($0.value)" })\n\(body)"
  }

  @Test(arguments: Route.allCases)
  fileprivate func everyRouteKeepsTheWall(_ route: Route) async throws {
    let forge = try TokenForge()
    let tokens: [(name: String, value: String?)] = [
      ("none", nil),
      ("bad", "x.y.z"),
      ("expired", try await forge.good("\"*\"", expires: TokenForge.now - 1)),
      (
        "unsigned",
        try await forge.token(#"{"alg":"none"}"#, #"{"exp":2000000000,"tenantcode":"*"}"#, .nothing)
      ),
      ("acme", try await forge.good("\"acme\"")),
      ("both unknown and acme", try await forge.good("[\"acme\",\"nobody\"]")),
      ("no tenant", try await forge.good("[]")),
      ("operator", try await forge.good("\"*\"")),
    ]
    let application = try await Self.application(forge)
    try await application.test(.router) { client in
      func ask(
        _ tenant: String, _ token: String?, _ method: HTTPRequest.Method = .get, query: String = ""
      ) async throws -> TestResponse {
        var headers: HTTPFields = [:]
        if let token { headers[.authorization] = "Bearer \(token)" }
        return try await client.execute(
          uri: Self.path(route, tenant) + query, method: method, headers: headers
        ) { $0 }
      }
      let operatorToken = tokens.last?.value
      // Filled before the others ask: kept answers must not leak either. A stream would not end.
      if route != .events { _ = try await ask(Self.mark, operatorToken) }
      for (name, token) in tokens where name != "operator" {
        for method in [HTTPRequest.Method.get, .head, .post] {
          let hidden = try await ask(Self.mark, token, method)
          let unknown = try await ask("nobody-at-all", token, method)
          // A probe tells of the moment.
          if !route.isProbe {
            #expect(Self.essence(hidden) == Self.essence(unknown), "\(name) \(method)")
          }
          #expect(!Self.essence(hidden).contains(Self.mark), "\(name) \(method)")
          let isRefused = !["acme", "both unknown and acme", "no tenant"].contains(name)
          if isRefused, !route.isOpen {
            #expect(hidden.status == .unauthorized)
            #expect(hidden.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
            if method == .get {
              #expect(try Answer(hidden).json["sessionexpired"] as? Bool == (name == "expired"))
            }
          } else if Self.path(route, "x").contains("/x"), method != .post {
            #expect(hidden.status == .notFound, "\(name) \(method)")
          }
        }
        guard !route.isProbe else { continue }
        let query = try await ask(Self.mark, token, query: "?nothing=1")
        #expect(
          Self.essence(query)
            == Self.essence(try await ask("nobody-at-all", token, query: "?nothing=1")))
      }
      guard route != .events, route != .legacyWrite else { return }
      let own = try await ask("acme", try await forge.good("\"acme\""))
      let isOperators = route == .metrics || route == .audit
      #expect(
        own.status == (isOperators ? .forbidden : route == .ready ? .serviceUnavailable : .ok))
      let all = try await ask(Self.mark, operatorToken)
      #expect(all.status == (route == .ready ? .serviceUnavailable : .ok))
    }
    try forge.remove()
  }

  @Test func theListOfStatusesIsTheTokensOwn() async throws {
    let forge = try TokenForge()
    let cases: [(claim: String, seen: Set<String>)] = [
      ("\"acme\"", ["acme"]), ("[]", []), ("\"*\"", ["acme", Self.mark]), ("\"nobody\"", []),
    ]
    let application = try await Self.application(forge)
    try await application.test(.router) { client in
      for (claim, seen) in cases {
        let token = try await forge.good(claim)
        let answer = try Answer(
          try await client.execute(
            uri: "/utils/v1/sync", method: .get, headers: [.authorization: "Bearer \(token)"]
          ) { $0 })
        let data = answer.json["data"] as? [String: [[String: Any]]]
        #expect(Set(data?["tenants"]?.compactMap { $0["tenantcode"] as? String } ?? []) == seen)
        #expect(answer.count == seen.count)
      }
    }
    try forge.remove()
  }

  @Test func unknownRoutesWantATokenToo() async throws {
    let forge = try TokenForge()
    let token = try await forge.good("\"acme\"")
    try await Self.application(forge).test(.router) { client in
      let cases: [(HTTPFields, HTTPResponse.Status)] = [
        ([:], .unauthorized), ([.authorization: "Bearer \(token)"], .notFound),
      ]
      for (headers, status) in cases {
        let response = try await client.execute(uri: "/nowhere", method: .get, headers: headers) {
          $0
        }
        #expect(response.status == status)
      }
    }
    try forge.remove()
  }

  @Test func aClientThatAsksTooOftenWaits() async throws {
    let forge = try TokenForge()
    var limits = Limits()
    limits.requestRate = 1
    limits.requestBurst = 3
    let ann = try await forge.good("\"acme\"", subject: "ann")
    let bob = try await forge.good("\"acme\"", subject: "bob")
    try await Self.application(forge, limits: limits).test(.router) { client in
      func ask(_ token: String, _ path: String = "/utils/v1/sync") async throws -> TestResponse {
        try await client.execute(
          uri: path, method: .get, headers: [.authorization: "Bearer \(token)"]
        ) { $0 }
      }
      // The first two are verified, which the address pays for.
      _ = try await (ask(ann), ask(bob))
      for _ in 0..<3 { #expect(try await ask(ann).status == .ok) }
      // On a slow machine a permit may come back between two requests.
      var refused = try await ask(ann)
      for _ in 0..<50 where refused.status == .ok { refused = try await ask(ann) }
      #expect(refused.status == .tooManyRequests)
      #expect(refused.headers[.retryAfter] == "1")
      #expect(try Answer(refused).error == "RATE_LIMITED")
      #expect(try await ask(bob).status == .ok)
      for _ in 0..<9 { #expect(try await ask("bad", "/health/live").status == .ok) }
    }
    try forge.remove()
  }
}
