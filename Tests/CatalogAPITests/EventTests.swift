import Foundation
import Hummingbird
import HummingbirdTesting
import Synchronization
import Testing
import UtilityModel

@testable import CatalogAPI

@Suite struct EventRingTests {
  @Test func tellsWhatCameAfterAnID() throws {
    var ring = EventRing(capacity: 3)
    let start = ring.lastID
    for number in 1...3 { ring.append(.utility, Array("\(number)".utf8)) }
    func told(_ id: String) -> [String]? {
      guard case .events(let frames, let last) = ring.events(after: id) else { return nil }
      #expect(last == ring.lastID)
      return frames.map { String(buffer: $0) }
    }
    #expect(told(start)?.count == 3)
    #expect(told(ring.lastID) == [])
    let second = try #require(told(start)?[1].split(separator: "\n")[0].dropFirst(4))
    #expect(told(String(second))?.count == 1)
    ring.append(.sync, Array("4".utf8))
    #expect(told(start) == nil)
    #expect(told(String(second))?.map { $0.contains("event: sync") } == [false, true])
    for unknown in ["", "x", "x-1", "\(second)0", "\(start)-1", EventRing(capacity: 3).lastID] {
      #expect(told(unknown) == nil, "\(unknown)")
    }
  }
}

@Suite struct EventHubTests {
  @Test func anIDFromBeforeTheFirstEventIsKept() throws {
    let (hub, tenant) = (EventHub(), try #require(TenantCode("acme")))
    let start = hub.lastID(of: tenant)
    #expect(hub.lastID(of: tenant) == start)
    hub.publish(.sync, Array("{}".utf8), of: tenant)
    guard case .events(let frames, _) = hub.events(after: start, of: tenant) else {
      Issue.record("the first id is unknown")
      return
    }
    #expect(frames.count == 1)
  }
}

/// Over real sockets, against the running server.
@Suite(.serialized) struct EventStreamTests {
  private static func tenant() throws -> TenantCode { try #require(TenantCode("acme")) }

  /// Serves a fixture on a free port while `body` runs.
  private func serving(
    _ fixture: Fixture, _ body: (Int) async throws -> Void
  ) async throws {
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let application = buildApplication(
      dependencies: fixture.dependencies, configuration: APIConfiguration(port: 0)
    ) { continuation.yield($0) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await application.run() }
      var iterator = ports.makeAsyncIterator()
      let port = try #require(await iterator.next())
      try await body(port)
      group.cancelAll()
    }
  }

  private func wait(_ condition: () -> Bool) async throws {
    for _ in 0..<2000 where !condition() { try await Task.sleep(for: .milliseconds(5)) }
    #expect(condition())
  }

  @Test func tellsInOrderAndGoesOnAfterAnID() async throws {
    let fixture = try Fixture()
    let tenant = try Self.tenant()
    let hub = fixture.events
    try await serving(fixture) { port in
      let client = try await StreamClient.open(port)
      try await client.read(until: "retry: 2000\nid: ")
      for number in 1...200 { hub.publish(.utility, Array("{\"n\":\(number)}".utf8), of: tenant) }
      let text = try await client.read(until: "{\"n\":200}\n\n")
      #expect(text.hasPrefix("HTTP/1.1 200"))
      #expect(text.contains("text/event-stream") && text.contains("retry: 2000\n"))
      #expect(StreamClient.numbers(text) == Array(1...200))
      let hundredth = try #require(StreamClient.ids(text).dropLast(100).last)
      client.close()

      let second = try await StreamClient.open(port, after: hundredth)
      hub.publish(.sync, Array("{\"n\":201}".utf8), of: tenant)
      let rest = try await second.read(until: "{\"n\":201}\n\n")
      #expect(StreamClient.numbers(rest) == Array(101...201))
      #expect(!rest.contains("event: reset"))
      second.close()
      try await wait { hub.streams == 0 }
    }
  }

  @Test(arguments: ["nonsense", "0-1", "zz-9999999999999999999", "a b"])
  func anUnknownIDGetsResetAndNotSilence(id: String) async throws {
    let fixture = try Fixture()
    try await serving(fixture) { port in
      let client = try await StreamClient.open(port, after: id)
      let text = try await client.read(until: "event: reset")
      #expect(StreamClient.numbers(text).isEmpty)
      client.close()
    }
  }

  @Test func anIDOlderThanTheRingGetsResetOnce() async throws {
    let fixture = try Fixture(events: EventHub(capacity: 4))
    let (tenant, hub) = (try Self.tenant(), fixture.events)
    let old = hub.lastID(of: tenant)
    for number in 1...9 { hub.publish(.utility, Array("{\"n\":\(number)}".utf8), of: tenant) }
    try await serving(fixture) { port in
      let client = try await StreamClient.open(port, after: old)
      try await client.read(until: "event: reset")
      hub.publish(.utility, Array("{\"n\":10}".utf8), of: tenant)
      let text = try await client.read(until: "{\"n\":10}")
      #expect(StreamClient.numbers(text) == [10])
      #expect(text.components(separatedBy: "event: reset").count == 2)
      client.close()
    }
  }

  @Test func listThenFollowMissesNothing() async throws {
    let fixture = try Fixture()
    let (tenant, hub) = (try Self.tenant(), fixture.events)
    try await serving(fixture) { port in
      let writer = Task {
        for number in 31...600 {
          let snapshot = try Fixture.snapshot(etag: "s\(number)", updated: Int64(number))
          fixture.catalog.current.withLock { $0 = snapshot }
          hub.publish(.utility, Array("{\"n\":\(number)}".utf8), of: tenant)
          if number % 7 == 0 { try await Task.sleep(for: .milliseconds(1)) }
        }
      }
      for _ in 0..<12 {
        let list = try await StreamClient.get(port, "/utils/v1/custom-utils/acme/-/alpha")
        let id = try #require(list.header("x-event-id"))
        let shown = try #require(
          list.body.firstMatch(of: /"status":"active","updateddate":(\d+)/).flatMap {
            Int($0.output.1)
          })
        let client = try await StreamClient.open(port, after: id)
        hub.publish(.sync, Array("{\"x\":0}".utf8), of: tenant)
        let text = try await client.read(until: "{\"x\":0}")
        let told = StreamClient.numbers(text)
        // What the list had not yet is told, without a gap.
        if let first = told.first { #expect(first <= shown + 1) }
        #expect(told == Array((told.first ?? 0)..<((told.last ?? -1) + 1)))
        client.close()
      }
      try await writer.value
    }
  }

  @Test func aClientThatDoesNotReadIsCutAndHurtsNobody() async throws {
    let fixture = try Fixture(events: EventHub(capacity: 64, patience: .seconds(3)))
    let (tenant, hub) = (try Self.tenant(), fixture.events)
    let data = Array("{\"pad\":\"\(String(repeating: "x", count: 60_000))\"}".utf8)
    try await serving(fixture) { port in
      let slow = try await StreamClient.open(port)
      let healthy = try await StreamClient.open(port)
      try await healthy.read(until: "retry: 2000\nid: ")
      try await wait { hub.streams == 2 }
      for number in 1...400 {
        hub.publish(.utility, data, of: tenant)
        if number % 4 == 0 {
          hub.publish(.sync, Array("{\"n\":\(number)}".utf8), of: tenant)
          try await healthy.read(until: "{\"n\":\(number)}", forgetting: true)
        }
        if hub.streams == 1 { break }
      }
      try await wait { hub.streams == 1 }
      hub.publish(.sync, Array("{\"n\":7777}".utf8), of: tenant)
      try await healthy.read(until: "{\"n\":7777}", forgetting: true)
      slow.close()
      healthy.close()
    }
  }

  @Test func manyClientsAreServedUpToTheBound() async throws {
    let fixture = try Fixture(events: EventHub(maximumStreams: 200))
    let (tenant, hub) = (try Self.tenant(), fixture.events)
    try await serving(fixture) { port in
      var clients: [StreamClient] = []
      for _ in 0..<200 { clients.append(try await StreamClient.open(port)) }
      for client in clients { try await client.read(until: "retry: 2000\nid: ") }
      #expect(hub.streams == 200)
      let refused = try await StreamClient.get(port, "/utils/v1/events/acme")
      #expect(refused.body.hasPrefix("HTTP/1.1 503") && refused.header("retry-after") != nil)
      hub.publish(.rollout, Array("{\"n\":1}".utf8), of: tenant)
      for client in clients {
        #expect(StreamClient.numbers(try await client.read(until: "{\"n\":1}")) == [1])
      }
      hub.remove(tenant)
      for client in clients { try await client.readToEnd() }
      try await wait { hub.streams == 0 }
    }
  }

  @Test func aClientThatHangsUpGivesItsPlaceBackAtOnce() async throws {
    // No heartbeat comes within the test: only the hang-up itself can end the stream.
    let hub = EventHub(heartbeat: .seconds(3600))
    try await serving(try Fixture(events: hub)) { port in
      let client = try await StreamClient.open(port)
      try await client.read(until: "retry: 2000\nid: ")
      #expect(hub.streams == 1)
      client.close()
      try await wait { hub.streams == 0 }
    }
  }

  @Test func aHeadOpensNoStream() async throws {
    let fixture = try Fixture()
    try await fixture.test { client in
      let head = try await client.execute(uri: "/utils/v1/events/acme", method: .head) { $0 }
      #expect(head.status == .ok)
      #expect(head.headers[.contentType] == "text/event-stream; charset=utf-8")
      #expect(fixture.events.streams == 0)
    }
  }
}
