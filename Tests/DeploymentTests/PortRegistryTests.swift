import Testing
import UtilityModel

@testable import Deployment

@Suite struct PortRegistryTests {
  let fixture: Fixture
  init() throws { fixture = try Fixture() }

  private func slot(_ tenant: String, _ kind: RuntimeSlot.Kind = .active) throws -> RuntimeSlot {
    RuntimeSlot(tenant: try #require(TenantCode(tenant)), kind: kind)
  }

  @Test func firstTenantHasTheConfiguredPortsAndAllKeepTheirs() throws {
    let base = fixture.ports.active
    let slots = [
      try slot("one", .trial), try slot("two"), try slot("one"), try slot("two", .trial),
    ]
    let expected = [base + 1, base + 2, base, base + 3]
    #expect(try slots.map { try fixture.registry.assign($0) } == expected)
    #expect(try slots.map { try fixture.registry.port(of: $0) } == expected)
    #expect(try fixture.registry.port(of: slot("three")) == nil)
  }

  @Test func foreignPortsArePassedOverInTheRangeAndNamedOtherwise() throws {
    let first = try Listener(port: fixture.ports.active)
    let error = #expect(throws: DeploymentError.self) {
      try fixture.registry.assign(slot("one"))
    }
    #expect(error?.code == .portInUse && error?.disposition == .retry)
    #expect(error?.description.contains("runtime.port") == true)
    _ = try fixture.registry.assign(slot("one", .trial))
    let second = try Listener(port: fixture.ports.range.lowerBound)
    #expect(try fixture.registry.assign(slot("two")) == fixture.ports.range.lowerBound + 1)
    withExtendedLifetime((first, second)) {}
  }

  @Test func exhaustedRangeIsSaid() throws {
    for number in 0...8 { _ = try fixture.registry.assign(slot("t\(number)")) }
    let error = #expect(throws: DeploymentError.self) {
      try fixture.registry.assign(slot("last"))
    }
    #expect(error?.code == .portsExhausted)
    try fixture.registry.forget(#require(TenantCode("t3")))
    _ = try fixture.registry.assign(slot("last"))
  }
}
