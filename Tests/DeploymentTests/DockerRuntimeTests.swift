import Foundation
import Testing
import UtilityModel

@testable import Deployment

/// The driver on a real engine of its own. The requests of clients are in the end-to-end tests.
@Suite(
  .serialized,
  .enabled(if: EngineFixture.missing == nil, Comment(rawValue: EngineFixture.missing ?? "")),
  .timeLimit(.minutes(5)))
struct DockerRuntimeTests {
  let fixture: Fixture
  let owner: String
  let engine: EngineClient

  init() throws {
    fixture = try Fixture()
    owner = ReleaseContainer.freshChannelName()
    engine = EngineClient(socket: try EngineFixture.socket())
  }

  private func containers(_ role: String? = nil) async throws -> [ContainerSummary] {
    var labels = [ContainerLabel.owner: owner]
    labels[ContainerLabel.role] = role
    return try await engine.containers(labels: labels)
  }

  /// A runtime whose containers are removed after `body`.
  private func withRuntime(
    memory: Int = 128, _ body: (DockerRuntime) async throws -> Void
  ) async throws {
    let runtime = try fixture.dockerRuntime(owner: owner, memory: memory)
    do {
      try await body(runtime)
    } catch {
      Issue.record(error)
    }
    await runtime.remove(fixture.active)
    try await eventually { try await containers().isEmpty }
    await runtime.shutdown()
    try FileManager.default.removeItem(atPath: "/tmp/docker-\(owner)")
  }

  @Test func deploysOnceAndRemovesEverything() async throws {
    let release = try fixture.publish(["hello": answering("1")])
    try await withRuntime { runtime in
      #expect(await runtime.running(fixture.active) == nil)
      let deployed = try await runtime.deploy(release, slot: fixture.active, retiring: [])
      #expect(deployed == Deployed(release: release.digest, port: 8110))
      let made = try await containers("release").map(\.id)
      _ = try await runtime.deploy(release, slot: fixture.active, retiring: [])
      #expect(try await containers("release").map(\.id) == made)
      #expect(await runtime.running(fixture.active) == release.digest)
      #expect(await runtime.releasesInUse(by: fixture.tenant) == [release.digest])
    }
    // The network goes after the last container.
    try await eventually {
      do throws(EngineFailure) {
        _ = try await engine.network("t\(owner)-demo")
        return false
      } catch {
        return error.isMissing
      }
    }
  }

  @Test func nextReleaseReplacesTheOldOneAndThePauseContainerStays() async throws {
    let old = try fixture.publish(["hello": answering("1"), "gone": answering("0", name: "gone")])
    let new = try fixture.publish(["hello": answering("2")])
    try await withRuntime { runtime in
      _ = try await runtime.deploy(old, slot: fixture.active, retiring: [])
      let pause = try await containers("pause").map(\.id)
      let retiring = [RetiringUtility(name: "gone", release: old)]
      _ = try await runtime.deploy(new, slot: fixture.active, retiring: retiring)
      #expect(await runtime.running(fixture.active) == new.digest)
      #expect(await runtime.releasesInUse(by: fixture.tenant).contains(old.digest))
      try await runtime.retire(fixture.active)
      try await eventually {
        await runtime.releasesInUse(by: fixture.tenant) == [new.digest]
      }
      try await eventually { try await containers("release").count == 1 }
      #expect(await runtime.releasesInUse(by: fixture.tenant) == [new.digest])
      #expect(try await containers("release").count == 1)
      #expect(try await containers("pause").map(\.id) == pause)
    }
  }

  @Test func nextAgentAdoptsAndAnotherLimitReplaces() async throws {
    let release = try fixture.publish(["hello": answering("1")])
    try await withRuntime { runtime in
      _ = try await runtime.deploy(release, slot: fixture.active, retiring: [])
      let made = try await containers("release").map(\.id)
      let next = try fixture.dockerRuntime(owner: owner)
      #expect(await next.running(fixture.active) == release.digest)
      _ = try await next.deploy(release, slot: fixture.active, retiring: [])
      #expect(try await containers("release").map(\.id) == made)
      let larger = try fixture.dockerRuntime(owner: owner, memory: 192)
      #expect(await larger.running(fixture.active) == nil)
      _ = try await larger.deploy(release, slot: fixture.active, retiring: [])
      try await eventually { try await containers("release").count == 1 }
      #expect(try await containers("release").map(\.id) != made)
      let stranger = try fixture.dockerRuntime(owner: "stranger")
      #expect(await stranger.running(fixture.active) == nil)
    }
  }

  @Test func damagedReleaseLeavesTheOldOneServing() async throws {
    let good = try fixture.publish(["hello": answering("good")])
    let bad = try fixture.publish(["hello": answering("bad")])
    let file = bad.directory + "/utils/hello.py"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
    try "x".write(toFile: file, atomically: false, encoding: .utf8)
    try await withRuntime { runtime in
      _ = try await runtime.deploy(good, slot: fixture.active, retiring: [])
      let made = try await containers("release").map(\.id)
      let error = await #expect(throws: DeploymentError.self) {
        try await runtime.deploy(bad, slot: fixture.active, retiring: [])
      }
      #expect(error?.code == .corruptRelease && error?.log.isEmpty == false)
      #expect(error?.description.contains(fixture.root) == false)
      #expect(await runtime.running(fixture.active) == good.digest)
      #expect(try await containers("release").map(\.id) == made)
      // Its channel is gone with it.
      #expect(try Folder.entries(of: "/tmp/docker-\(owner)").count == 1)
    }
  }

  @Test func serverThatRefusesIsToldWithItsWords() async throws {
    let release = try fixture.publish(["hello": answering("1")], timeout: 99_999)
    try await withRuntime { runtime in
      let error = await #expect(throws: DeploymentError.self) {
        try await runtime.deploy(release, slot: fixture.active, retiring: [])
      }
      #expect(error?.code == .unhealthy && error?.cause.contains("timeout") == true)
      let left = try await containers("release")
      #expect(left.isEmpty)
    }
  }

  @Test func missingImageIsStalledAndTold() async throws {
    let release = try fixture.publish(["hello": answering("1")])
    let runtime = try fixture.dockerRuntime(owner: owner, image: "absent:1")
    let error = await #expect(throws: DeploymentError.self) {
      try await runtime.deploy(release, slot: fixture.active, retiring: [])
    }
    #expect(error?.code == .imageMissing && error?.disposition == .stalled)
    #expect(error?.remedy.contains("docker build") == true)
    let socket = try EngineFixture.socket()
    #expect(await DockerRuntime.missing(socket: socket, image: "absent:1").count == 1)
    #expect(await DockerRuntime.missing(socket: socket, image: "python-utils:latest").isEmpty)
  }

  @Test func cancelledDeploymentLeavesNothing() async throws {
    let old = try fixture.publish(["hello": answering("old")])
    let new = try fixture.publish(["hello": answering("new")])
    try await withRuntime { runtime in
      _ = try await runtime.deploy(old, slot: fixture.active, retiring: [])
      // At whatever step it is: also while the engine makes a container whose id nobody has yet.
      for delay in stride(from: 0, through: 60, by: 4) {
        let deployment = Task {
          try await runtime.deploy(new, slot: fixture.active, retiring: [])
        }
        try await Task.sleep(for: .milliseconds(delay))
        deployment.cancel()
        let error = await #expect(throws: DeploymentError.self) { try await deployment.value }
        #expect(error?.code == .cancelled)
        #expect(await runtime.running(fixture.active) == old.digest)
        #expect(try await containers("release").count == 1, "cancelled after \(delay) ms")
      }
    }
  }
}
