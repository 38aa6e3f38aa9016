import Hummingbird
import HummingbirdTesting
import Testing

@testable import CatalogAPI

@Suite struct CrossOriginTests {
  private let uri = "/utils/v1/custom-utils/acme/-/-"

  private func ask(
    _ origins: [String]?, origin: String?, method: HTTPRequest.Method = .get
  ) async throws -> TestResponse {
    var fixture = try Fixture()
    if let origins { fixture.crossOrigin = try CrossOrigin(origins: origins) }
    var headers: HTTPFields = [:]
    headers[.origin] = origin
    if method == .options { headers[.accessControlRequestMethod] = "GET" }
    let sent = headers
    return try await fixture.application.test(.router) { client in
      try await client.execute(uri: uri, method: method, headers: sent) { $0 }
    }
  }

  @Test func isOffByDefault() async throws {
    let answer = try await ask(nil, origin: "https://ui.example")
    #expect(answer.status == .ok && answer.headers[.accessControlAllowOrigin] == nil)
    let preflight = try await ask(nil, origin: "https://ui.example", method: .options)
    #expect(preflight.status == .methodNotAllowed)
  }

  @Test(
    arguments: [
      ("https://ui.example", "https://ui.example"), ("https://evil.example", nil), ("null", nil),
      ("https://ui.example.evil.example", nil), ("http://ui.example", nil), (nil, nil),
    ] as [(String?, String?)])
  func admitsTheConfiguredOriginsAlone(origin: String?, allowed: String?) async throws {
    let answer = try await ask(["https://ui.example"], origin: origin)
    #expect(answer.status == .ok)
    #expect(answer.headers[.accessControlAllowOrigin] == allowed)
    #expect(answer.headers[.accessControlAllowCredentials] == nil)
    #expect(answer.headers[.vary]?.contains("Origin") == true)
    let preflight = try await ask(["https://ui.example"], origin: origin, method: .options)
    #expect((preflight.status == .noContent) == (allowed != nil))
    #expect(preflight.headers[.accessControlAllowOrigin] == allowed)
  }

  @Test func aWildcardNeverComesWithNull() async throws {
    #expect(
      try await ask(["*"], origin: "https://any.example").headers[.accessControlAllowOrigin] == "*")
    #expect(try await ask(["*"], origin: "null").headers[.accessControlAllowOrigin] == nil)
  }

  @Test(arguments: [
    "null", "ui.example", "https://ui.example/", "https://*.example", "ftp://ui.example",
    "https://", "HTTPS://UI.example", "https://user@ui.example",
  ])
  func refusesWhatIsNoOrigin(text: String) {
    #expect(throws: CrossOrigin.Refusal.self) { try CrossOrigin(origins: [text]) }
  }

  @Test func aWildcardStandsAlone() {
    #expect(throws: CrossOrigin.Refusal.self) {
      try CrossOrigin(origins: ["*", "https://ui.example"])
    }
  }
}
