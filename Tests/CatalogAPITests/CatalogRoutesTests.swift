import Catalog
import Foundation
import Hummingbird
import HummingbirdTesting
import Synchronization
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
    ("/-/%zz", "name"), ("/+7/-", "userid"), ("/01001", "task-id"), ("/-/-?limit=+5", "limit"),
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
      }
    }
  }

  @Test func aTagFollowsFromWhatIsShownAlone() async throws {
    let fixture = try Fixture()
    let paths = ["/-/-", "/-/beta", "/1001", "/1002", "/-/nothing"]
    func answers(_ fixture: Fixture) async throws -> [String: (tag: String, body: String)] {
      let found = Mutex<[String: (tag: String, body: String)]>([:])
      try await fixture.test { client in
        for path in paths {
          let response = try await client.execute(uri: base + path, method: .get) { $0 }
          let tag = try #require(response.headers[.eTag])
          found.withLock { $0[path] = (tag, String(buffer: response.body)) }
        }
      }
      return found.withLock { $0 }
    }
    let before = try await answers(fixture)
    // As after a restart: nothing is kept, the snapshot has another name, time went on.
    try await Task.sleep(for: .milliseconds(5))
    let restarted = try Fixture()
    let same = try Fixture.snapshot(etag: "s2")
    restarted.catalog.current.withLock { $0 = same }
    let after = try await answers(restarted)
    for path in paths {
      #expect(after[path]?.tag == before[path]?.tag, "\(path)")
      #expect(after[path]?.body == before[path]?.body, "\(path)")
    }
    let changed = try Fixture.snapshot(etag: "s3", updated: 35)
    fixture.catalog.current.withLock { $0 = changed }
    let later = try await answers(fixture)
    #expect(later["/-/-"]?.tag != before["/-/-"]?.tag)
    #expect(later["/1001"]?.tag != before["/1001"]?.tag)
    for path in ["/-/beta", "/1002"] {
      #expect(later[path]?.tag == before[path]?.tag && later[path]?.body == before[path]?.body)
    }
    #expect(Set(before.values.map(\.tag)).count == paths.count)
  }

  @Test func aFileThatIsNotTheEntrysIsNeverSent() async throws {
    let fixture = try Fixture()
    let other = CatalogItem(
      id: 1009, name: "other", displayname: "", description: "", category: "", status: .active,
      userid: 0, updateddate: 1, path: "", branch: "", json: Array("{\"filehash\":\"00\"}".utf8))
    let snapshot = try Fixture.snapshot(extra: [other])
    fixture.catalog.current.withLock { $0 = snapshot }
    try await fixture.test { client in
      let response = try await client.execute(uri: base + "/1009", method: .get) { $0 }
      #expect(response.status == .serviceUnavailable)
      #expect(response.headers[.retryAfter] != nil && response.headers[.eTag] == nil)
    }
  }

  @Test func gzipIsAnotherRepresentationWithATagOfItsOwn() async throws {
    let fixture = try Fixture()
    let many = try Fixture.snapshot(
      extra: (0..<60).map { Fixture.item(Int32(2000 + $0), "n\($0)", updated: Int64($0)) })
    fixture.catalog.current.withLock { $0 = many }
    try await fixture.test { client in
      let uri = base + "/-/-"
      let plain = try await client.execute(uri: uri, method: .get) { $0 }
      #expect(plain.headers[.contentEncoding] == nil)
      #expect(plain.headers[.vary] == "Accept-Encoding")
      let tag = try #require(plain.headers[.eTag])
      for accepted in ["gzip", "br, gzip;q=0.5", "*", "GZIP"] {
        let packed = try await client.execute(
          uri: uri, method: .get, headers: [.acceptEncoding: accepted]
        ) { $0 }
        let packedTag = try #require(packed.headers[.eTag])
        #expect(packed.headers[.contentEncoding] == "gzip", "\(accepted)")
        #expect(packed.headers[.contentLength] == String(packed.body.readableBytes))
        #expect(packedTag != tag && !packedTag.hasPrefix("W/"))
        #expect(packed.body.readableBytes < plain.body.readableBytes / 2)
        #expect(try gunzip(packed.body) == plain.body)
        for (condition, status) in [(packedTag, HTTPResponse.Status.notModified), (tag, .ok)] {
          let again = try await client.execute(
            uri: uri, method: .get,
            headers: [.acceptEncoding: accepted, .ifNoneMatch: condition]
          ) { $0 }
          #expect(again.status == status)
        }
      }
      for refused in ["identity", "gzip;q=0", "gzip;q=0, *", "br"] {
        let response = try await client.execute(
          uri: uri, method: .get, headers: [.acceptEncoding: refused]
        ) { $0 }
        #expect(response.headers[.contentEncoding] == nil, "\(refused)")
        #expect(response.headers[.eTag] == tag)
      }
      let small = try await client.execute(
        uri: base + "/-/beta", method: .get, headers: [.acceptEncoding: "gzip"]
      ) { $0 }
      #expect(small.headers[.contentEncoding] == nil && small.headers[.vary] == nil)
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
    let cache = ResponseCache(capacity: 200_000)
    let tenant = try Fixture.snapshot().tenant
    for index in 0..<500 {
      let plain = Representation(
        etag: "t\(index)", headers: [:], body: ByteBuffer(repeating: 1, count: 5000))
      _ = cache.store(
        KeptAnswer(tenant: tenant, route: .list, plain: plain), uri: "/\(index)", snapshotTag: "s")
      #expect(cache.bytes <= 200_000)
    }
    #expect(cache.answer(uri: "/0") == nil && cache.answer(tag: "t0") == nil)
    #expect(cache.answer(uri: "/499")?.snapshotTag == "s")
  }

  /// What gunzip makes of a body: through files, so that neither side can wait for the other.
  private func gunzip(_ body: ByteBuffer) throws -> ByteBuffer {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let packed = folder.appending(path: "body.gz")
    try Data(body.readableBytesView).write(to: packed)
    let process = Process()
    process.executableURL = URL(filePath: "/bin/gzip")
    process.arguments = ["-d", packed.path()]
    try process.run()
    process.waitUntilExit()
    return ByteBuffer(bytes: try Data(contentsOf: folder.appending(path: "body")))
  }
}
