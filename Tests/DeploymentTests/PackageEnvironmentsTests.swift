import Foundation
import Hashing
import Synchronization
import Testing
import UtilityModel

@testable import Deployment

/// Scripted installations: what pip answers is an end-to-end test's, the order of things is this one's.
private actor ScriptedInstaller: PackageInstaller {
  private(set) var installed: [String] = []
  private var outcomes: [PackageFailure?]
  private var name = "one"
  private let delay: Duration

  init(_ outcomes: [PackageFailure?] = [], delay: Duration = .zero) {
    self.outcomes = outcomes
    self.delay = delay
  }

  func target() async throws(DeploymentError) -> String { name }
  func rename(to name: String) { self.name = name }

  func install(_ set: PackageSet, into staging: String) async throws(PackageFailure) {
    installed.append(set.digest)
    if delay > .zero {
      do { try await Task.sleep(for: delay) } catch { throw PackageFailure("cancelled") }
    }
    if !outcomes.isEmpty, let failure = outcomes.removeFirst() { throw failure }
    try? Folder.make("\(staging)/site-packages/shapes-1.0.dist-info")
  }

  func shutdown() {}
}

@Suite(.timeLimit(.minutes(2)))
struct PackageEnvironmentsTests {
  let fixture: Fixture
  init() throws { fixture = try Fixture() }

  private func set(_ requirements: String...) -> PackageSet {
    PackageSet(
      digest: SHA256.digest(of: requirements.joined()).hex, requirements: requirements)
  }

  private func environments(
    _ installer: ScriptedInstaller, source: PackageSource = PackageSource(wheels: "/nowhere"),
    retry: Duration = .seconds(60)
  ) -> PackageEnvironments {
    var configuration = PackageEnvironments.Configuration(source: source)
    configuration.retry = retry
    configuration.targetLife = .zero
    return PackageEnvironments(
      root: fixture.root + "/environments", installer: installer, configuration: configuration,
      logger: Fixture.logger)
  }

  @Test func installsOnceForAllWhoAsk() async throws {
    let installer = ScriptedInstaller(delay: .milliseconds(100))
    let environments = environments(installer)
    let wanted = set("shapes")
    async let one = environments.ensure([wanted], tenant: "a")
    async let two = environments.ensure([wanted], tenant: "b")
    let (first, second) = try await (one, two)
    let folder = fixture.root + "/environments/one/" + wanted.digest
    #expect(first == [wanted.digest: .ready(folder)] && first == second)
    #expect(await installer.installed == [wanted.digest])
    #expect(try Folder.entries(of: folder) == ["environment.json", "site-packages"])
    // Another agent finds it.
    let next = self.environments(ScriptedInstaller())
    #expect(try await next.states(of: [wanted]) == first)
    #expect(try await next.folders(of: [wanted.digest], for: "x") == [wanted.digest: folder])
  }

  @Test(arguments: ["site-packages", "site-packages/shapes-1.0.dist-info", "environment.json"])
  func aDamagedEnvironmentIsMadeAgain(part: String) async throws {
    let installer = ScriptedInstaller()
    let environments = environments(installer)
    let wanted = set("shapes")
    let ready = try await environments.ensure([wanted], tenant: "a")
    let folder = fixture.root + "/environments/one/" + wanted.digest
    try Folder.remove("\(folder)/\(part)")
    #expect(try await environments.states(of: [wanted]) == [wanted.digest: .due])
    #expect(try await environments.ensure([wanted], tenant: "a") == ready)
    #expect(await installer.installed.count == 2)
    #expect(FileManager.default.fileExists(atPath: "\(folder)/\(part)"))
  }

  @Test func aRefusalSticksUntilTheWheelsChange() async throws {
    let wheels = fixture.root + "/wheels"
    try Folder.make(wheels)
    let installer = ScriptedInstaller([PackageFailure("no such thing", isFinal: true)])
    let environments = environments(installer, source: PackageSource(wheels: wheels))
    let wanted = set("shapes==9")
    let refused = [wanted.digest: PackageState.refused("no such thing")]
    #expect(try await environments.ensure([wanted], tenant: "a") == refused)
    #expect(try await environments.ensure([wanted], tenant: "b") == refused)
    #expect(await installer.installed.count == 1)
    try Folder.make(wheels + "/shapes-9-py3-none-any.whl")
    #expect(try await environments.states(of: [wanted]) == [wanted.digest: .due])
    let state = try await environments.ensure([wanted], tenant: "a")[wanted.digest]
    guard case .ready = state else {
      Issue.record("it is not installed")
      return
    }
    await #expect(throws: DeploymentError.self) {
      try await environments.folders(of: [set("other").digest], for: "x")
    }
  }

  @Test func aFailureThatMayPassIsNotTriedAgainAtOnce() async throws {
    let installer = ScriptedInstaller([PackageFailure("no network")])
    let environments = environments(installer, retry: .seconds(3600))
    let wanted = set("shapes")
    let states = try await environments.ensure([wanted], tenant: "a")
    #expect(states == [wanted.digest: .failed("no network")])
    #expect(try await environments.ensure([wanted], tenant: "a") == states)
    #expect(await installer.installed.count == 1)
  }

  @Test func aFailureThatMayPassIsTriedAgainAndTold() async throws {
    let installer = ScriptedInstaller([PackageFailure("no network")])
    let environments = environments(installer, retry: .milliseconds(1))
    let told = Mutex<[String]>([])
    await environments.onChange(patience: .seconds(600)) { tenant in
      told.withLock { $0.append(tenant) }
    }
    let wanted = set("shapes")
    _ = try await environments.ensure([wanted], tenant: "a")
    // Once for the failure, once when its time has come.
    try await eventually { told.withLock { $0 == ["a", "a"] } }
    #expect(try await environments.states(of: [wanted]) == [wanted.digest: .due])
    _ = try await environments.ensure([wanted], tenant: "a")
    #expect(await installer.installed.count == 2)
  }

  @Test func nobodyWaitsLongerThanThePatience() async throws {
    let environments = environments(ScriptedInstaller(delay: .seconds(15)))
    let told = Mutex(0)
    await environments.onChange(patience: .milliseconds(50)) { _ in told.withLock { $0 += 1 } }
    let wanted = set("shapes")
    #expect(
      try await environments.ensure([wanted], tenant: "a") == [wanted.digest: .installing])
    #expect(environments.progress.state ?? (9, 9) == (0, 1))
    try await eventually { told.withLock { $0 == 1 } }
    guard case .ready = try await environments.states(of: [wanted])[wanted.digest] else {
      Issue.record("it is not there")
      return
    }
    #expect(environments.progress.state == nil)
  }

  @Test func prunesWhatNobodyNeeds() async throws {
    let installer = ScriptedInstaller()
    let environments = environments(installer)
    let (needed, released, spare) = (set("needed"), set("released"), set("spare"))
    _ = try await environments.ensure([needed, released, spare], tenant: "a")
    _ = try await environments.ensure([needed], tenant: "a")
    let stale = fixture.root + "/environments/one/.tmp-1-stale"
    try Folder.make(stale)
    await environments.prune { [released.digest] }
    let folder = fixture.root + "/environments/one"
    #expect(try Folder.entries(of: folder) == [needed.digest, released.digest].sorted())
    // Another image: the old one's stay for their time, and go at the next look.
    await installer.rename(to: "two")
    _ = try await environments.ensure([needed], tenant: "a")
    await environments.prune { [] }
    #expect(try Folder.entries(of: fixture.root + "/environments") == ["one", "two"])
    await environments.prune { [] }
    #expect(try Folder.entries(of: fixture.root + "/environments") == ["two"])
  }

  @Test(
    "pip's words, and whether they are final",
    arguments: [
      (
        [
          "ERROR: Could not find a version that satisfies the requirement x==9 (from versions: 1)",
          "ERROR: No matching distribution found for x==9",
        ], true, "No matching distribution"
      ),
      (
        [
          "WARNING: Retrying (Retry(total=0)) after connection broken by 'X'",
          "ERROR: No matching distribution found for x",
        ], false, "cannot be reached"
      ),
      (["/usr/bin/python3: No module named pip"], false, "has no pip"),
      (
        [
          "ERROR: Cannot install x and y because these package versions have conflicting dependencies.",
          "The conflict is caused by:", "    x 1 depends on z<2", "    y 1 depends on z>2", "",
          "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io",
        ], true,
        "dependencies.; x 1 depends on z<2; y 1 depends on z>2"
      ),
      (["Killed"], false, "pip ended with killed by signal 9: Killed"),
    ] as [([String], Bool, String)])
  func reasons(output: [String], isFinal: Bool, reason: String) {
    let failure = PackageFailure(output: output, end: "killed by signal 9")
    #expect(failure.isFinal == isFinal && failure.reason.contains(reason))
    #expect(!failure.reason.contains("ResolutionImpossible"))
  }
}
