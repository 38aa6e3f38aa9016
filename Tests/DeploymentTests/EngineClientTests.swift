import Foundation
import Testing
import UtilityModel

@testable import Deployment

/// What needs no engine: what is sent, what is read, what errors say.
struct EngineClientTests {
  private func spec(_ change: (inout ContainerSpec) -> Void = { _ in }) -> ContainerSpec {
    var spec = ContainerSpec(
      image: "i", entrypoint: ["e"], cmd: ["c"], labels: ["io.sync-agent.owner": "o"],
      hostConfig: .init(
        networkMode: "n", memory: 1, memorySwap: 1, nanoCpus: 1, pidsLimit: 1,
        sysctls: ["net.ipv4.x": "1"]),
      networkingConfig: .init(endpointsConfig: ["net": .init(aliases: ["a"])]))
    change(&spec)
    return spec
  }

  @Test func keysAreTheEnginesAndThoseOfMapsStay() throws {
    let bytes = try EngineClient.encode(spec())
    let value = try #require(
      try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    #expect(value["Image"] as? String == "i" && value["WorkingDir"] as? String == "/tmp")
    #expect((value["Labels"] as? [String: String])?["io.sync-agent.owner"] == "o")
    let host = try #require(value["HostConfig"] as? [String: Any])
    #expect(host["ReadonlyRootfs"] as? Bool == true)
    #expect(host["CapDrop"] as? [String] == ["ALL"])
    #expect(host["SecurityOpt"] as? [String] == ["no-new-privileges:true"])
    #expect((host["Sysctls"] as? [String: String])?["net.ipv4.x"] == "1")
    #expect((host["LogConfig"] as? [String: Any])?["Config"] as? [String: String] != nil)
    let networks = (value["NetworkingConfig"] as? [String: Any])?["EndpointsConfig"]
    #expect((networks as? [String: [String: [String]]])?["net"]?["Aliases"] == ["a"])
  }

  @Test func digestsTellSpecsApart() throws {
    #expect(try spec().digest() == spec().digest())
    #expect(try spec().digest() != spec { $0.hostConfig.memory = 2 }.digest())
    #expect(try spec().digest() != spec { $0.image = "j" }.digest())
  }

  @Test func answersAreRead() throws {
    let text = """
      [{"Id": "a", "State": "running", "Created": 5, "Labels": {"Some.Label": "X"}, "More": []}]
      """
    let found = try EngineClient.decode([ContainerSummary].self, from: Array(text.utf8))
    #expect(found.first?.labels == ["Some.Label": "X"] && found.first?.isRunning == true)
    #expect(throws: EngineFailure.self) {
      try EngineClient.decode([ContainerSummary].self, from: Array("{}".utf8))
    }
  }

  @Test func logsLoseTheirFrames() {
    func frame(_ text: String) -> [UInt8] {
      [1, 0, 0, 0, 0, 0, 0, UInt8(text.utf8.count)] + text.utf8
    }
    let stream = frame("one\n") + frame("two\nthree\n")
    #expect(EngineClient.lines(ofStream: stream) == ["one", "two", "three"])
    #expect(EngineClient.lines(ofStream: []).isEmpty)
    // Cut off in the middle: what is there is told.
    #expect(EngineClient.lines(ofStream: Array(frame("one\n").dropLast(2))) == ["on"])
  }

  @Test(arguments: [
    (EngineFailure(.unreachable, "refused"), DeploymentError.Code.engineUnreachable, "start it"),
    (EngineFailure(.timedOut, "late"), .engineUnreachable, "resumes"),
    (
      EngineFailure(.refused(500), "could not find an available, non-overlapping IPv4 pool"),
      .engineRefused, "default-address-pools"
    ),
    (EngineFailure(.refused(409), "The name is already in use"), .engineRefused, "remove it"),
    (EngineFailure(.malformed, "it speaks API 1.12"), .engineRefused, "1.41"),
    (EngineFailure(.cancelled, ""), .cancelled, "tried again"),
  ])
  func failuresSayTheWayOut(
    _ failure: EngineFailure, _ code: DeploymentError.Code, _ remedy: String
  ) {
    let error = failure.deploymentError(.deploy, subject: "release x")
    #expect(error.code == code && error.remedy.contains(remedy))
  }

  @Test func labelsOfAnotherKindMakeNoRelease() {
    func container(_ labels: [String: String]) -> ReleaseContainer? {
      ReleaseContainer(
        ContainerSummary(id: "a", state: "running", created: 1, labels: labels), channels: "/c")
    }
    let digest = String(repeating: "0a", count: 32)
    let good = [
      ContainerLabel.role: "release", ContainerLabel.release: digest,
      ContainerLabel.channel: "0123456789ab",
    ]
    #expect(container(good)?.channel.folder == "/c/0123456789ab")
    #expect(container([:]) == nil)
    #expect(container(good.merging([ContainerLabel.role: "pause"]) { $1 }) == nil)
    #expect(container(good.merging([ContainerLabel.channel: "../../etc/xx"]) { $1 }) == nil)
    #expect(container(good.merging([ContainerLabel.release: "short"]) { $1 }) == nil)
  }

  @Test func ownerIsMadeOnceAndStays() throws {
    let fixture = try Fixture()
    let file = fixture.root + "/state/owner"
    let first = try EngineOwner.load(from: file)
    let second = try EngineOwner.load(from: file)
    #expect(first.count == 12 && second == first)
    #expect(try Folder.entries(of: fixture.root + "/state") == ["owner"])
  }

  @Test func socketWithoutAnEngineIsTold() async throws {
    let fixture = try Fixture()
    let runtime = try fixture.dockerRuntime(owner: "none", socket: fixture.root + "/none.sock")
    let release = try fixture.publish(["hello": answering("1")])
    let error = await #expect(throws: DeploymentError.self) {
      try await runtime.deploy(release, slot: fixture.active, retiring: [])
    }
    #expect(error?.code == .engineUnreachable && error?.disposition == .retry)
    #expect(await runtime.running(fixture.active) == nil)
    #expect(await DockerRuntime.missing(socket: "/nowhere", image: "i").count == 1)
    await runtime.remove(fixture.active)
    await runtime.shutdown()
  }
}
