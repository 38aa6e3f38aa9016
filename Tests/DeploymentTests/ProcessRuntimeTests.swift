import Foundation
import Glibc
import Synchronization
import Testing
import UtilityModel

@testable import Deployment

/// The real server on real sockets. `PathRedaction` and the source's search stand beside it.
@Suite(
  .serialized,
  .enabled(if: Fixture.missing == nil, Comment(rawValue: Fixture.missing ?? "")),
  .timeLimit(.minutes(3)))
struct ProcessRuntimeTests {
  let fixture: Fixture
  init() throws { fixture = try Fixture() }

  @Test func deploysOnceAndLeavesNoProcess() async throws {
    let release = try fixture.publish(
      ["hello": "from lib.words import WORD\ndef hello(data, filter):\n    return WORD\n"],
      modules: ["lib/words.py": "WORD = 'shared'\n"])
    try await fixture.withRuntime { runtime in
      #expect(await runtime.running(fixture.active) == nil)
      let deployed = try await runtime.deploy(release, slot: fixture.active, retiring: [])
      #expect(deployed == Deployed(release: release.digest, port: fixture.ports.active))
      #expect(try await HTTPClient.call("hello", port: deployed.port).body.contains("shared"))
      let servers = try fixture.servers()
      _ = try await runtime.deploy(release, slot: fixture.active, retiring: [])
      #expect(try fixture.servers() == servers)
      #expect(await runtime.running(fixture.active) == release.digest)
      #expect(await runtime.releasesInUse(by: fixture.tenant) == [release.digest])
    }
    #expect(try fixture.servers().isEmpty)
    #expect(throws: (any Error).self) { try HTTPClient(port: fixture.ports.active).post("hello") }
  }

  @Test func redeploysUnderLoadWithoutAFailedRequest() async throws {
    try await fixture.withRuntime { runtime in
      var deployed = try await runtime.deploy(
        fixture.publish(["hello": answering("0")]), slot: fixture.active, retiring: [])
      let port = deployed.port
      let load = Load()
      let clients = (0..<4).map { number in
        Task { await HTTPClient.pool.run { load.run(port: port, keepAlive: number >= 2) } }
      }
      for number in 1...5 {
        try await Task.sleep(for: .milliseconds(200))
        deployed = try await runtime.deploy(
          fixture.publish(["hello": answering("\(number)")]), slot: fixture.active, retiring: [])
        // What connects from now on reaches the new release.
        let body = try await HTTPClient.call("hello", port: port).body
        #expect(body.contains("\"\(number)\""))
      }
      load.stop()
      for client in clients { await client.value }
      let (count, failures) = load.result
      print("redeployed 5 times under \(count) requests, \(failures.count) failed")
      #expect(failures.isEmpty)
      #expect(count > 100)
      try await eventually { try fixture.servers().count == 1 }
    }
  }

  @Test func unhealthyReleaseLeavesTheOldOneServing() async throws {
    let good = try fixture.publish(["hello": answering("good")])
    let bad = try fixture.publish(["hello": answering("bad")])
    try tamper(bad.directory + "/utils/hello.py")
    try await fixture.withRuntime { runtime in
      let port = try await runtime.deploy(good, slot: fixture.active, retiring: []).port
      let error = await #expect(throws: DeploymentError.self) {
        try await runtime.deploy(bad, slot: fixture.active, retiring: [])
      }
      #expect(error?.code == .corruptRelease && error?.disposition == .retry)
      #expect(error?.description.contains("utils/hello.py") == true)
      #expect(error?.description.contains(fixture.root) == false)
      #expect(try await HTTPClient.call("hello", port: port).body.contains("good"))
      #expect(await runtime.running(fixture.active) == good.digest)
      try await eventually { try fixture.servers().count == 1 }
    }
  }

  @Test func firstReleaseThatFailsLeavesThePortRefused() async throws {
    let release = try fixture.publish(["hello": answering("1")], timeout: 99_999)
    try await fixture.withRuntime { runtime in
      let error = await #expect(throws: DeploymentError.self) {
        try await runtime.deploy(release, slot: fixture.active, retiring: [])
      }
      #expect(error?.code == .unhealthy)
      #expect(error?.cause.contains("timeout") == true)
      #expect(throws: (any Error).self) { try HTTPClient(port: fixture.ports.active).post("hello") }
    }
  }

  @Test func retiringNamesAnswerUntilRetired() async throws {
    let old = try fixture.publish(["hello": answering("1"), "gone": answering("old", name: "gone")])
    let new = try fixture.publish(["hello": answering("2")])
    try await fixture.withRuntime { runtime in
      let port = try await runtime.deploy(old, slot: fixture.active, retiring: []).port
      let retiring = [RetiringUtility(name: "gone", release: old)]
      _ = try await runtime.deploy(new, slot: fixture.active, retiring: retiring)
      #expect(try await HTTPClient.call("gone", port: port).status == 200)
      #expect(await runtime.releasesInUse(by: fixture.tenant).contains(old.digest))
      try await runtime.retire(fixture.active)
      #expect(try await HTTPClient.call("gone", port: port).status == 404)
      #expect(try await HTTPClient.call("hello", port: port).body.contains("2"))
      try await eventually {
        await runtime.releasesInUse(by: fixture.tenant) == [new.digest]
      }
    }
  }

  @Test func killedServerIsNoticedAndClientsWaitForTheNext() async throws {
    let release = try fixture.publish(["hello": answering("1")])
    try await fixture.withRuntime { runtime in
      let reasons = Reasons()
      await runtime.onExit { slot, reason in reasons.add("\(slot): \(reason)") }
      let port = try await runtime.deploy(release, slot: fixture.active, retiring: []).port
      for server in try fixture.servers() { kill(server, SIGKILL) }
      try await eventually { reasons.all == ["demo/active: killed by signal 9"] }
      #expect(await runtime.running(fixture.active) == nil)
      async let waiting = HTTPClient.call("hello", port: port)
      try await Task.sleep(for: .milliseconds(50))
      _ = try await runtime.deploy(release, slot: fixture.active, retiring: [])
      #expect(try await waiting.status == 200)
    }
  }

  @Test func hungServerIsNoticedEndedAndReplaced() async throws {
    let release = try fixture.publish(["hello": answering("1")])
    try await fixture.withRuntime {
      $0.pingInterval = .milliseconds(100)
      $0.answerLimit = .milliseconds(500)
    } _: { runtime in
      let reasons = Reasons()
      await runtime.onExit { slot, reason in reasons.add("\(slot): \(reason)") }
      let port = try await runtime.deploy(release, slot: fixture.active, retiring: []).port
      try await Task.sleep(for: .seconds(1))
      #expect(reasons.all.isEmpty, "a server that answers is left alone")
      for server in try fixture.servers() { kill(server, SIGSTOP) }
      try await eventually { reasons.all == ["demo/active: killed by signal 9"] }
      async let waiting = HTTPClient.call("hello", port: port)
      _ = try await runtime.deploy(release, slot: fixture.active, retiring: [])
      #expect(try await waiting.status == 200)
    }
  }

  @Test func whoAsksWhatRunsLearnsThatItHangs() async throws {
    let release = try fixture.publish(["hello": answering("1")])
    try await fixture.withRuntime {
      $0.pingInterval = .seconds(600)
      $0.answerLimit = .milliseconds(300)
    } _: { runtime in
      _ = try await runtime.deploy(release, slot: fixture.active, retiring: [])
      #expect(await runtime.running(fixture.active) == release.digest)
      for server in try fixture.servers() { kill(server, SIGSTOP) }
      #expect(await runtime.running(fixture.active) == nil)
      let port = try await runtime.deploy(release, slot: fixture.active, retiring: []).port
      #expect(try await HTTPClient.call("hello", port: port).status == 200)
    }
  }

  @Test func utilitiesSeeNeitherTheAgentNorOtherReleases() async throws {
    let other = try fixture.publish(["hello": answering("theirs")])
    try Folder.make(fixture.root + "/state")
    let catalog = fixture.root + "/state/catalog.sqlite"
    try "SQLite".write(toFile: catalog, atomically: true, encoding: .utf8)
    let hidden = ["/proc/\(getpid())/environ", catalog, other.directory + "/release.json"]
    let source = """
      def look(data, filter):
          seen = []
          for path in \(hidden):
              try:
                  open(path, "rb").read(1)
              except PermissionError:
                  continue
              seen.append(path)
          return seen

      """
    let release = try fixture.publish(["look": source])
    try await fixture.withRuntime { runtime in
      let port = try await runtime.deploy(release, slot: fixture.active, retiring: []).port
      let answer = try await HTTPClient.call("look", port: port)
      #expect(answer.status == 200 && answer.body.contains(#""data": []"#), "\(answer)")
    }
  }

  @Test func serverEndsWhenTheAgentsEndOfThePipeCloses() async throws {
    let release = try fixture.publish(["hello": answering("1")])
    let supervisor = try ChildSupervisor()
    let listener = try Listener(port: fixture.ports.active)
    let command = ChildProcess.Command(
      arguments: [
        "/usr/bin/python3", "-I", "-B", Fixture.serverFolder + "/serve.py", "--release",
        release.directory, "--tenant", "demo", "--listen-fd", "3",
      ], environment: ["PATH=/usr/bin:/bin"], inherited: listener.descriptor)
    let ended = Reasons()
    let child = try ChildProcess(command) { event in
      if case .output(let line) = event { ended.add(String(decoding: line, as: UTF8.self)) }
      if case .exited(let how) = event { ended.add(how) }
    }
    supervisor.add(child)
    try await eventually { ended.all.first?.contains("\"ready\"") == true }
    child.closeControl()
    try await eventually { ended.all.last == "exit status 1" }
    supervisor.stop()
  }

  @Test func cancelledDeploymentLeavesTheOldOneServing() async throws {
    let old = try fixture.publish(["hello": answering("old")])
    let new = try fixture.publish(["hello": answering("new")])
    try await fixture.withRuntime { runtime in
      let port = try await runtime.deploy(old, slot: fixture.active, retiring: []).port
      let deployment = Task { try await runtime.deploy(new, slot: fixture.active, retiring: []) }
      try await Task.sleep(for: .milliseconds(20))
      deployment.cancel()
      let error = await #expect(throws: DeploymentError.self) { try await deployment.value }
      #expect(error?.code == .cancelled)
      #expect(try await HTTPClient.call("hello", port: port).body.contains("old"))
    }
  }

  @Test func removedSlotRefusesAndKeepsItsPort() async throws {
    let release = try fixture.publish(["hello": answering("1")])
    try await fixture.withRuntime { runtime in
      let port = try await runtime.deploy(release, slot: fixture.active, retiring: []).port
      await runtime.remove(fixture.active)
      #expect(await runtime.running(fixture.active) == nil)
      #expect(throws: (any Error).self) { try HTTPClient(port: port).post("hello") }
      #expect(try await runtime.address(of: fixture.active).port == port)
      #expect(try await runtime.deploy(release, slot: fixture.active, retiring: []).port == port)
    }
  }

  @Test func deploymentTakesLittleMoreThanTheInterpreter() async throws {
    var bare: [Duration] = []
    for _ in 0..<7 {
      bare.append(
        try await HTTPClient.pool.run {
          try ContinuousClock().measure {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
            process.arguments = ["-c", "import aiohttp.web"]
            try process.run()
            process.waitUntilExit()
          }
        })
    }
    let deployments = try await fixture.withRuntime { runtime in
      var durations: [Duration] = []
      for number in 0..<9 {
        let release = try fixture.publish(["hello": answering("\(number)")])
        durations.append(
          try await ContinuousClock().measure {
            _ = try await runtime.deploy(release, slot: fixture.active, retiring: [])
          })
      }
      return durations
    }
    print("deploy p50 \(deployments.sorted()[4]), bare import of aiohttp.web \(bare.sorted()[3])")
  }
}

/// Texts from other threads, in order.
final class Reasons: Sendable {
  private let texts = Mutex<[String]>([])
  var all: [String] { texts.withLock { $0 } }
  func add(_ text: String) { texts.withLock { $0.append(text) } }
}

/// Requests without end, counted.
final class Load: Sendable {
  private struct State {
    var count = 0
    var failures: [String] = []
    var stopped = false
  }
  private let state = Mutex(State())

  var result: (Int, [String]) { state.withLock { ($0.count, $0.failures) } }
  func stop() { state.withLock { $0.stopped = true } }

  /// Blocks until `stop`.
  func run(port: Int, keepAlive: Bool) {
    let client = HTTPClient(port: port)
    while !state.withLock({ $0.stopped }) {
      var failure: String?
      do {
        let answer = try client.post("hello", keepAlive: keepAlive)
        if answer.status != 200 { failure = "\(answer)" }
      } catch {
        failure = "\(error)"
      }
      state.withLock { state in
        state.count += 1
        if let failure { state.failures.append(failure) }
      }
      usleep(2000)
    }
  }
}
