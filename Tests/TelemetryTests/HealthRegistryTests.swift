import Foundation
import Testing

@testable import Telemetry

@Suite struct HealthRegistryTests {
  @Test func onlyACriticalCheckMakesTheWholeUnhealthy() {
    let health = HealthRegistry(version: "1")
    #expect(health.overall == .healthy)
    #expect(!health.isReady)
    health.report(check: "database", status: .healthy)
    #expect(health.isReady)
    health.report(check: "docker", status: .unhealthy)
    #expect(health.overall == .degraded)
    #expect(health.isReady)
    health.report(check: "database", status: .unhealthy)
    #expect(health.overall == .unhealthy)
    #expect(!health.isReady)
    health.report(check: "database", status: .healthy)
    health.drain()
    #expect(!health.isReady)
  }

  @Test func answersInTheFormatOfTheLLD() throws {
    let health = HealthRegistry(version: "1.2")
    health.report(
      check: "database", status: .degraded, message: "slow", latency: .microseconds(1500))
    let json = try #require(
      JSONSerialization.jsonObject(with: Data(health.json())) as? [String: Any])
    #expect(json["status"] as? String == "degraded")
    #expect(json["version"] as? String == "1.2")
    #expect(json["uptime"] as? String == "0s")
    let checks = try #require(json["checks"] as? [String: [String: Any]])
    #expect(checks["database"]?["message"] as? String == "slow")
    #expect(checks["database"]?["latency_ms"] as? Double == 1.5)
  }
}
