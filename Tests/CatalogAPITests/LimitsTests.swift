import Foundation
import NIOCore
import Testing

@testable import CatalogAPI

@Suite struct LimitsTests {
  @Test func aClientMayBurstAndThenAskAtItsRate() throws {
    let limit = RateLimit(rate: 10, burst: 5)
    let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    for _ in 0..<5 { #expect(limit.admit(.subject("a"), now: start) == nil) }
    #expect(limit.admit(.subject("a"), now: start) == 1)
    #expect(limit.admit(.address("a"), now: start) == nil)
    #expect(limit.admit(.subject("a"), now: start + .milliseconds(99)) == 1)
    #expect(limit.admit(.subject("a"), now: start + .milliseconds(100)) == nil)
    #expect(limit.admit(.subject("a"), now: start + .milliseconds(101)) != nil)
    for _ in 0..<5 { #expect(limit.admit(.subject("a"), now: start + .seconds(9)) == nil) }
  }

  @Test func aNetworkOfIPv6IsOneClient() throws {
    let one = try SocketAddress(ipAddress: "2001:db8::1", port: 1)
    let other = try SocketAddress(ipAddress: "2001:db8::ffff:2", port: 2)
    let far = try SocketAddress(ipAddress: "2001:db8:0:1::1", port: 1)
    #expect(RateLimit.client(at: one) == RateLimit.client(at: other))
    #expect(RateLimit.client(at: one) != RateLimit.client(at: far))
    let four = try SocketAddress(ipAddress: "192.0.2.1", port: 1)
    #expect(RateLimit.client(at: four) == .address("192.0.2.1"))
  }

  @Test func aTableKeepsWhatIsUsedWithinItsBound() {
    var table = RecencyTable<Int, Int>(capacity: 100)
    for key in 0..<1000 {
      table[key] = key
      #expect(table[0] == 0)
      #expect(table.count <= 100)
    }
    #expect(table[1] == nil && table[999] == 999)
    table[999] = nil
    #expect(table[999] == nil)
  }

  @Test(arguments: [
    ("127.0.0.1", true), ("127.9.9.9", true), ("::1", true), ("[::1]", true), ("localhost", true),
    ("LOCALHOST", true), ("0.0.0.0", false), ("::", false), ("128.0.0.1", false), ("", false),
    ("127.0.0.1.example.com", false), ("localhost.example.com", false), ("::ffff:1.2.3.4", false),
  ])
  func loopbackIsWhatNobodyElseReaches(host: String, isLoopback: Bool) {
    #expect(ListenAddress.isLoopback(host) == isLoopback)
  }

  @Test func settingsThatContradictThemselvesAreRefused() throws {
    typealias Settings = AuthenticationSettings
    #expect(throws: Settings.Refusal.self) { try Settings() }
    for algorithms: Set<TokenAlgorithm> in [[.hs256], [.hs256, .rs256], []] {
      #expect(throws: Settings.Refusal.self) {
        try Settings(keySet: .file("k"), algorithms: algorithms)
      }
    }
    #expect(throws: Settings.Refusal.self) {
      try Settings(secretFile: "s", algorithms: [.rs256])
    }
    #expect(try Settings(keySet: .file("k")).algorithms == TokenAlgorithm.keySetDefaults)
    #expect(try Settings(secretFile: "s").algorithms == [.hs256])
    #expect(KeySetSource("HTTPS://x/y") == .url("HTTPS://x/y"))
    #expect(KeySetSource("/etc/https.json") == .file("/etc/https.json"))
    #expect(KeySetSource("http://idp/keys").isCleartext)
    #expect(!KeySetSource("http://127.0.0.1:1/keys").isCleartext)
  }
}
