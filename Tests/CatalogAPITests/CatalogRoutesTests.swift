import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

@testable import CatalogAPI

private let base = "/utils/v1/custom-utils/acme"

@Suite struct CatalogRoutesTests {
  static let lists: [(path: String, names: [String], count: Int)] = [
    ("/-/-", ["alpha/draft", "alpha/active", "beta/active", "broken/active"], 4),
    ("/7/-", ["alpha/draft", "alpha/active"], 2),
    ("/-/beta", ["beta/active"], 1),
    ("/-/b%65ta", ["beta/active"], 1),
    ("/-/-?status=inactive", ["gone/inactive"], 1),
    ("/-/-?status=draft,inactive", ["alpha/draft", "gone/inactive"], 2),
    ("/-/-?status=all&limit=1", ["alpha/draft"], 5),
    ("/-/-?status=-&limit=1&offset=4", ["broken/active"], 5),
    ("/-/-?limit=2&offset=1", ["alpha/active", "beta/active"], 4),
    ("/-/-?offset=9", [], 4),
    ("/-/-?category=Net", ["beta/active"], 1),
    ("/-/-?q=ABOUT+be", ["beta/active"], 1),
    ("/-/-?sort=name&limit=1", ["alpha/active"], 4),
    ("/-/-?sort=-name&limit=1", ["broken/active"], 4),
    ("/-/-?sort=updateddate&limit=1", ["broken/active"], 4),
  ]

  @Test(arguments: lists)
  func listsWhatMatches(path: String, names: [String], count: Int) async throws {
    try await Fixture().test { client in
      try await client.execute(uri: base + path, method: .get) { response in
        #expect(response.status == .ok)
        #expect(response.headers[.cacheControl] == "no-cache")
        let answer = try Answer(response)
        #expect(answer.success)
        #expect(answer.names == names)
        #expect(answer.count == count)
      }
    }
  }

  @Test func saysThatNothingMatches() async throws {
    try await Fixture().test { client in
      try await client.execute(uri: base + "/-/nothing", method: .get) { response in
        #expect(response.status == .ok)
        let answer = try Answer(response)
        #expect(!answer.success && answer.count == 0)
        #expect((answer.json["data"] as? [Any])?.isEmpty == true)
        #expect(answer.json["displaymessage"] as? String == "No utilities found")
      }
    }
  }

  @Test(arguments: [
    ("/-/-?limit=0", "limit"), ("/-/-?limit=1001", "limit"), ("/-/-?limit=", "limit"),
    ("/-/-?offset=-1", "offset"), ("/-/-?status=live", "status"), ("/-/-?sort=id", "sort"),
    ("/-/-?sort=--name", "sort"), ("/-/-?limit=1&limit=1", "limit"), ("/-/-?lmit=1", "lmit"),
    ("/-/-?q=%ff", "q"), ("/x/-", "userid"), ("/12x", "task-id"), ("/1001?limit=1", "limit"),
    ("/-/%zz", "name"),
  ])
  func refusesBadParametersByName(path: String, field: String) async throws {
    try await Fixture().test { client in
      try await client.execute(uri: base + path, method: .get) { response in
        #expect(response.status == .badRequest)
        let answer = try Answer(response)
        #expect(answer.error == "VALIDATION_ERROR")
        #expect(answer.fields == [field])
      }
    }
  }

  @Test(arguments: [
    ("", "active"), ("?status=draft", "draft"), ("?status=active", "active"),
  ])
  func answersOneEntryWithItsFile(query: String, status: String) async throws {
    try await Fixture().test { client in
      try await client.execute(uri: base + "/1001" + query, method: .get) { response in
        let answer = try Answer(response)
        let data = try #require(answer.json["data"] as? [String: Any])
        #expect(data["status"] as? String == status)
        #expect(data["filecontents_instring"] as? String == "def f(): \"\(status)\" # ü\n")
        #expect(answer.count == 1)
      }
    }
  }

  @Test func aTagMeansTheSameBytesAndGets304() async throws {
    let fixture = try Fixture()
    try await fixture.test { client in
      for path in ["/-/-", "/1001"] {
        let first = try await client.execute(uri: base + path, method: .get) { $0 }
        let tag = try #require(first.headers[.eTag])
        #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
        try await Task.sleep(for: .milliseconds(3))
        for same in [path, path + "?"] {
          let next = try await client.execute(uri: base + same, method: .get) { $0 }
          #expect(next.headers[.eTag] == tag)
          #expect(next.body == first.body)
        }
        for condition in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
          let response = try await client.execute(
            uri: base + path, method: .get, headers: [.ifNoneMatch: condition]
          ) { $0 }
          #expect(response.status == .notModified, "\(condition)")
          #expect(response.headers[.eTag] == tag)
          #expect(response.body.readableBytes == 0)
        }
        let other = try await client.execute(
          uri: base + path, method: .get, headers: [.ifNoneMatch: "\"x\""]
        ) { $0 }
        #expect(other.status == .ok)
        let renewed = try Fixture.snapshot(etag: "after \(path)")
        fixture.catalog.current.withLock { $0 = renewed }
        let changed = try await client.execute(uri: base + path, method: .get) { $0 }
        #expect(changed.headers[.eTag] != tag)
      }
    }
  }

  @Test func concurrentReadersSeeOneBodyPerTag() async throws {
    let fixture = try Fixture()
    try await fixture.testLive { client in
      let bodies = try await withThrowingTaskGroup(of: (String, ByteBuffer).self) { group in
        for index in 0..<64 {
          let offset = index % 4
          group.addTask {
            let response = try await client.execute(
              uri: base + "/-/-?offset=\(offset)", method: .get
            ) { $0 }
            return (response.headers[.eTag] ?? "", response.body)
          }
        }
        return try await group.reduce(into: [String: Set<String>]()) { result, next in
          result[next.0, default: []].insert(String(buffer: next.1))
        }
      }
      #expect(bodies.count == 4)
      #expect(bodies.values.allSatisfy { $0.count == 1 })
    }
  }

  @Test func theCacheStaysWithinItsBound() throws {
    let cache = ResponseCache(capacity: 100_000)
    let tenant = try Fixture.snapshot().tenant
    for index in 0..<500 {
      _ = cache.store(
        CachedAnswer(
          tenant: tenant, snapshotTag: "s", etag: "t\(index)", headers: [:],
          body: ByteBuffer(repeating: 1, count: 5000), route: .list), uri: "/\(index)")
      #expect(cache.bytes <= 100_000)
    }
    #expect(cache.answer(uri: "/0") == nil)
    #expect(cache.answer(uri: "/499") != nil)
  }
}
