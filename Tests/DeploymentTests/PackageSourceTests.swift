import Testing

@testable import Deployment

/// What pip is told of the agent's environment.
@Suite struct PackageSourceTests {
  private let given = [
    "PIP_FIND_LINKS": "/evil", "PIP_EXTRA_INDEX_URL": "http://evil", "PIP_NO_INDEX": "1",
    "PIP_INDEX_URL": "http://other", "PIP_CERT": "/ca.pem", "https_proxy": "http://proxy",
    "CATALOG_PASSWORD": "hush", "HOME": "/root",
  ]

  @Test func aConfiguredSourceIsTheOnlyOne() {
    let indexed = PackageSource(index: "http://mine").environment(given: given)
    #expect(
      indexed == [
        "HOME=/root", "PIP_CERT=/ca.pem", "https_proxy=http://proxy", "PIP_INDEX_URL=http://mine",
        "PIP_CONFIG_FILE=/dev/null",
      ])
    let wheels = PackageSource(wheels: "/wheels").environment(given: given)
    #expect(wheels.filter { $0.contains("evil") || $0.contains("other") }.isEmpty)
  }

  @Test func withoutOneTheMachinesSettingsCount() {
    let environment = PackageSource().environment(given: given)
    #expect(environment.contains("PIP_FIND_LINKS=/evil"))
    #expect(!environment.contains { $0.contains("hush") })
  }
}
