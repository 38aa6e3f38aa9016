import Foundation
import HTTPTypes
import Synchronization
import Telemetry
import Testing
import UtilityModel

@testable import CatalogAPI

@Suite struct AuthenticationTests {
  private static let later = #""exp":1900000060"#
  private static let hs = #"{"alg":"HS256"}"#

  static let accepted: [(header: String, claims: String, key: TokenForge.Key)] = [
    (hs, #"{\#(later),"tenantcode":"acme"}"#, .secret),
    (
      #"{"alg":"HS256","typ":"jwt","kid":"../../dev/null"}"#, #"{\#(later),"tenantcode":"*"}"#,
      .secret
    ),
    (#"{"alg":"ES256","kid":"ec"}"#, #"{\#(later),"tenantcode":["acme","beta"]}"#, .elliptic),
    (#"{"alg":"ES256"}"#, #"{\#(later),"tenantcode":[]}"#, .elliptic),
    (
      #"{"alg":"EdDSA","kid":"ed","typ":"at+jwt"}"#, #"{"exp":1900000000.5,"tenantcode":"acme"}"#,
      .edwards
    ),
    // Never followed, and no reason to refuse a token that is good by the configured keys.
    (
      #"{"alg":"EdDSA","kid":"ed","jku":"http://127.0.0.1:1/"}"#,
      #"{\#(later),"tenantcode":"acme"}"#, .edwards
    ),
    (hs, #"{\#(later),"nbf":1900000004,"iat":1899999999.25,"tenantcode":"acme"}"#, .secret),
  ]

  @Test(arguments: accepted)
  func acceptsWhatIsGood(header: String, claims: String, key: TokenForge.Key) async throws {
    let forge = try TokenForge()
    let token = try await forge.token(header, claims, key)
    let service = try await forge.service()
    let fields: HTTPFields = [.authorization: "Bearer \(token)"]
    #expect(service.known(fields) == nil)
    let verified = try await service.claims(fields)
    #expect(service.known(fields) == verified)
    try forge.remove()
  }

  static let refused: [(header: String, claims: String, key: TokenForge.Key)] = [
    (#"{"alg":"none"}"#, #"{\#(later),"tenantcode":"*"}"#, .nothing),
    (#"{"alg":"NONE"}"#, #"{\#(later),"tenantcode":"*"}"#, .nothing),
    (#"{"typ":"JWT"}"#, #"{\#(later),"tenantcode":"*"}"#, .secret),
    (#"{"alg":"HS256","kid":"ec"}"#, #"{\#(later),"tenantcode":"*"}"#, .ellipticAsSecret),
    (#"{"alg":"HS384"}"#, #"{\#(later),"tenantcode":"*"}"#, .secret),
    (#"{"alg":"ES256","kid":"ed"}"#, #"{\#(later),"tenantcode":"*"}"#, .elliptic),
    (#"{"alg":"EdDSA","kid":"ec"}"#, #"{\#(later),"tenantcode":"*"}"#, .edwards),
    (#"{"alg":"EdDSA","kid":"ed"}"#, #"{\#(later),"tenantcode":"*"}"#, .stranger),
    (#"{"alg":"EdDSA","kid":"else"}"#, #"{\#(later),"tenantcode":"*"}"#, .edwards),
    (#"{"alg":"EdDSA","kid":1}"#, #"{\#(later),"tenantcode":"*"}"#, .edwards),
    (#"{"alg":"HS256","crit":["exp"],"exp":1}"#, #"{\#(later),"tenantcode":"*"}"#, .secret),
    (#"{"alg":"HS256","typ":"logout+jwt"}"#, #"{\#(later),"tenantcode":"*"}"#, .secret),
    (#"{"alg":"none","alg":"HS256"}"#, #"{\#(later),"tenantcode":"*"}"#, .secret),
    (#"{"alg":"HS256","\u0061lg":"HS256"}"#, #"{\#(later),"tenantcode":"*"}"#, .secret),
    (#"["HS256"]"#, #"{\#(later),"tenantcode":"*"}"#, .secret),
    (hs, #"{"tenantcode":"*"}"#, .secret),
    (hs, #"{"exp":"1900000060","tenantcode":"*"}"#, .secret),
    (hs, #"{"exp":1e999,"tenantcode":"*"}"#, .secret),
    (hs, #"{"exp":null,"tenantcode":"*"}"#, .secret),
    (hs, #"{\#(later),"nbf":1900000009,"tenantcode":"*"}"#, .secret),
    (hs, #"{\#(later),"nbf":"0","tenantcode":"*"}"#, .secret),
    (hs, #"{\#(later),"sub":5,"tenantcode":"*"}"#, .secret),
    (hs, #"{\#(later)}"#, .secret),
    (hs, #"{\#(later),"tenantcode":null}"#, .secret),
    (hs, #"{\#(later),"tenantcode":7}"#, .secret),
    (hs, #"{\#(later),"tenantcode":true}"#, .secret),
    (hs, #"{\#(later),"tenantcode":{"acme":true}}"#, .secret),
    (hs, #"{\#(later),"tenantcode":["acme",7]}"#, .secret),
    (hs, #"{\#(later),"tenantcode":"ACME"}"#, .secret),
    (hs, #"{\#(later),"tenantcode":"acme,beta"}"#, .secret),
    (hs, #"{\#(later),"tenantcode":"beta","tenantcode":"*"}"#, .secret),
    (hs, #"{\#(later),"tenantcode":"*"} "x""#, .secret),
  ]

  @Test(arguments: refused)
  func refusesWhatIsNot(header: String, claims: String, key: TokenForge.Key) async throws {
    let forge = try TokenForge()
    let token = try await forge.token(header, claims, key)
    let service = try await forge.service()
    await #expect(throws: TokenRefusal.self) {
      _ = try await service.claims([.authorization: "Bearer \(token)"])
    }
    #expect(service.known([.authorization: "Bearer \(token)"]) == nil)
    try forge.remove()
  }

  @Test func refusesTamperingOtherSchemesAndHugeTokens() async throws {
    let forge = try TokenForge()
    let service = try await forge.service()
    let good = try await forge.good("\"acme\"")
    let parts = good.split(separator: ".").map(String.init)
    let other = try await forge.good("\"*\"").split(separator: ".").map(String.init)
    let last = try #require(parts[2].last)
    let huge = String(repeating: "a", count: TokenParts.lengthLimit)
    let headers = [
      "Bearer \(parts[0]).\(other[1]).\(parts[2])", "Bearer \(parts[0]).\(parts[1]).\(parts[2])=",
      "Bearer \(good).", "Bearer \(parts[0]).\(parts[1]).", "Bearer .\(parts[1]).\(parts[2])",
      "Bearer \(parts[0]).\(parts[1]).\(parts[2].dropLast())\(last == "A" ? "B" : "A")",
      "Bearer \(good), Bearer \(good)", "Bearer \(huge).\(parts[1]).\(parts[2])", "Bearer ",
      "Bearer", "Basic \(good)", good, "Bearer\(good)", "Bearer \(good)\u{E9}",
    ]
    for header in headers {
      await #expect(throws: TokenRefusal.self, "\(header.prefix(80))") {
        _ = try await service.claims([.authorization: header])
      }
    }
    await #expect(throws: TokenRefusal.missing) { _ = try await service.claims([:]) }
    let lower = try await service.claims([.authorization: "bearer  \(good)"])
    #expect(lower.subject == "ann")
    try forge.remove()
  }

  @Test func wantsOneOfTheAudiencesAndIssuers() async throws {
    let forge = try TokenForge()
    let service = try await forge.service(audiences: ["sync", "ui"], issuers: ["https://idp"])
    for (claims, isGood) in [
      (#""aud":"sync","iss":"https://idp""#, true),
      (#""aud":["x","ui"],"iss":"https://idp""#, true),
      (#""aud":"x","iss":"https://idp""#, false), (#""iss":"https://idp""#, false),
      (#""aud":"sync""#, false), (#""aud":"sync","iss":"https://idp/""#, false),
      (#""aud":{"sync":1},"iss":"https://idp""#, false),
      (#""aud":"sync","iss":["https://idp"]"#, false),
    ] {
      let token = try await forge.token(
        Self.hs, #"{\#(Self.later),\#(claims),"tenantcode":"acme"}"#, .secret)
      let answer = try? await service.claims([.authorization: "Bearer \(token)"])
      #expect((answer != nil) == isGood, "\(claims)")
    }
    try forge.remove()
  }

  @Test func acceptsListedAlgorithmsOnly() async throws {
    let forge = try TokenForge()
    let service = try await forge.service(algorithms: [.hs256, .es256])
    let token = try await forge.token(
      #"{"alg":"EdDSA","kid":"ed"}"#, #"{\#(Self.later),"tenantcode":"acme"}"#, .edwards)
    await #expect(throws: TokenRefusal.self) {
      _ = try await service.claims([.authorization: "Bearer \(token)"])
    }
    try forge.remove()
  }

  @Test func aVerifiedTokenEndsWithItsTimeAndWithItsKey() async throws {
    let forge = try TokenForge()
    let clock = Clock(TokenForge.now)
    let service = try await forge.service { clock.now }
    let token = try await forge.token(
      #"{"alg":"EdDSA","kid":"ed"}"#, #"{\#(Self.later),"tenantcode":"acme"}"#, .edwards)
    let fields: HTTPFields = [.authorization: "Bearer \(token)"]
    _ = try await service.claims(fields)
    clock.now += 61
    #expect(service.known(fields) == nil)
    await #expect(throws: TokenRefusal.expired) { _ = try await service.claims(fields) }
    clock.now -= 61
    #expect(service.known(fields) != nil)

    let running = Task { try await service.run() }
    let file = forge.folder.appending(path: "jwks")
    try forge.jwks([("new", forge.stranger)]).write(to: file, atomically: true, encoding: .utf8)
    let fresh = try await forge.token(
      #"{"alg":"EdDSA","kid":"new"}"#, #"{\#(Self.later),"tenantcode":"acme"}"#, .stranger)
    try await eventually { service.known(fields) == nil }
    _ = try await service.claims([.authorization: "Bearer \(fresh)"])
    await #expect(throws: TokenRefusal.unknownKey) { _ = try await service.claims(fields) }

    // A broken file changes nothing.
    try "{".write(to: file, atomically: true, encoding: .utf8)
    try await Task.sleep(for: .seconds(2))
    #expect(service.known([.authorization: "Bearer \(fresh)"]) != nil)
    running.cancel()
    try await running.value
    try forge.remove()
  }

  @Test func refusesFilesThatOthersCanForgeWith() async throws {
    let forge = try TokenForge()
    let path = forge.folder.appending(path: "secret")
    for (text, mode) in [("short", 0o400), (TokenForge.secret, 0o622)] {
      try text.write(to: path, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path.path)
      await #expect(throws: (any Error).self) { _ = try await forge.service() }
    }
    try forge.remove()
  }

  private func eventually(_ condition: () -> Bool) async throws {
    for _ in 0..<300 where !condition() { try await Task.sleep(for: .milliseconds(50)) }
    #expect(condition())
  }
}

/// A clock that a test moves.
final class Clock: Sendable {
  private let value: Mutex<Double>
  init(_ now: Double) { value = Mutex(now) }
  var now: Double {
    get { value.withLock { $0 } }
    set { value.withLock { $0 = newValue } }
  }
}
