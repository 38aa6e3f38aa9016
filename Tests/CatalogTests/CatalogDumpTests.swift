import Foundation
import GRDB
import Hashing
import Synchronization
import TestSupport
import Testing
import UtilityModel

@testable import Catalog

/// Dumps: what comes back is what went out, and what was tampered with changes nothing.
@Suite("A catalog's dump")
struct CatalogDumpTests {
  private static let tenant = CatalogSamples.tenant

  /// A catalog with something in every table.
  private func filled(_ cipher: ContentCipher? = nil) async throws -> EmbeddedFixture {
    let fixture = try EmbeddedFixture(cipher: cipher)
    let store = try await fixture.open()
    let other = try #require(TenantCode("other"))
    for (tenant, now) in [(Self.tenant, 5), (other, 6)] as [(TenantCode, Int64)] {
      try await store.ensureTenant(tenant, now: now)
      let puts = ["one", "two", "three"].enumerated().map { index, name in
        var entry = CatalogSamples.entry(name, tenant: tenant)
        entry.filehash = SHA256.digest(of: CatalogSamples.bytes(CatalogSamples.blob(1))).hex
        return EntryPut(
          identity: .new(index), entry: entry, replaces: nil,
          contents: .set(blob: CatalogSamples.blob(1)))
      }
      var main = BranchStatus(branch: "main")
      main.pins = [:]
      main.report = SyncReport(revision: "main@sha1:1", startedAt: 1, duration: 12)
      _ = try await store.apply(
        CatalogChange(
          tenant: tenant, puts: puts, statuses: [main, BranchStatus(branch: "trial")],
          audit: [
            AuditRecord(
              at: now, tenantcode: tenant.rawValue, actor: "ann", action: .approve, subject: "s",
              reason: "\"quoted\" and é", before: "", after: "x")
          ]), reading: CatalogSamples.bytes)
    }
    try await store.setStatus(.suspended, of: other)
    let calls = try #require(store as? any ExecutionStore)
    _ = try await calls.appendExecutions(
      [2, 1].map { number in
        ExecutionRecord(
          id: String(repeating: "0", count: 23) + "\(number)", taskid: 1001, userid: 1 << 40,
          tenantcode: other.rawValue, createddate: 9, request: "{}", response: "[]",
          status: "completed", executionTime: 0.25, errorMessage: "", logs: ["a"], username: "u",
          name: "one")
      }, of: other, keeping: 10)
    try await fixture.set(
      "platform", to: #"{"at":{"$date":"2026-01-01T00:00:00Z"},"n":[1,2.5,null]}"#,
      tenant: Self.tenant, id: 1002)
    try await fixture.close(store)
    return fixture
  }

  private func dump(_ fixture: EmbeddedFixture) async throws -> [String] {
    let store = try #require(try await fixture.open() as? EmbeddedCatalog)
    let lines = Mutex("")
    let writer = try DumpWriter(agent: "1", now: 7) { (bytes) throws(CatalogError) in
      lines.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
    }
    try await store.export { (record) throws(CatalogError) in try writer.add(record) }
    _ = try writer.finish()
    try await store.close()
    return lines.withLock { $0 }.split(separator: "\n").map(String.init)
  }

  private func check(
    _ lines: [String], ending: String = "\n", cipher: ContentCipher? = nil
  ) throws -> CatalogDump {
    let path = FileManager.default.temporaryDirectory.appending(path: "dump-\(UUID())").path
    try Data((lines.joined(separator: "\n") + ending).utf8).write(to: URL(fileURLWithPath: path))
    do {
      return try CatalogDump(checking: path, cipher: cipher)
    } catch {
      try FileManager.default.removeItem(atPath: path)
      throw error
    }
  }

  /// Every row of every table but the numbers of rows, each table sorted.
  private func rows(_ fixture: EmbeddedFixture) async throws -> [String] {
    try await fixture.raw { db in
      try [
        "SELECT tenantcode, document, hex(filecontents) FROM tasks",
        "SELECT * FROM tenants", "SELECT * FROM sync_state", "SELECT * FROM counters",
        "SELECT tenantcode, document FROM audit", "SELECT tenantcode, document FROM task_execution",
      ].flatMap { try Row.fetchAll(db, sql: $0).map { "\($0)" }.sorted() }
    }
  }

  @Test("an embedded catalog comes back row by row", arguments: [false, true])
  func roundTrip(_ isEncrypted: Bool) async throws {
    let key = Data([UInt8](repeating: 7, count: 32)).base64EncodedString()
    let cipher = isEncrypted ? try ContentCipherTests.cipher(key) : nil
    let source = try await filled(cipher)
    let lines = try await dump(source)
    #expect(!lines.joined().contains(key))
    let read = try check(lines, cipher: cipher)
    defer { try? FileManager.default.removeItem(atPath: read.path) }
    #expect(read.summary.encrypted == (isEncrypted ? 6 : 0))
    #expect(
      read.summary.counts == [
        "tenants": 2, "tasks": 6, "sync_state": 4, "counters": 2, "task_execution": 2, "audit": 2,
      ])
    let target = try EmbeddedFixture(cipher: cipher)
    let store = try #require(try await target.open() as? EmbeddedCatalog)
    try await store.checkEmpty(for: read)
    let told = Mutex(0)
    try await store.restore(read) { told.withLock { $0 += 1 } }
    #expect(told.withLock { $0 } == read.summary.records)
    #expect(try await rows(target) == rows(source))
    for attempt in [store.checkEmpty(for:), { try await store.restore($0) {} }] {
      let error = await #expect(throws: CatalogError.self) { try await attempt(read) }
      #expect(error?.code == .conflict)
    }
    #expect(try await store.entries(of: Self.tenant).count == 3)
    try await store.close()
    #expect(try await dump(target).last == lines.last)
    if isEncrypted {
      let error = #expect(throws: CatalogError.self) { try check(lines) }
      #expect(error?.code == .wrongKey)
    }
  }

  @Test("a file that is not what was exported is refused")
  func tampered() async throws {
    let lines = try await dump(try await filled())
    let last = lines.count - 1
    func refused(_ what: String, _ lines: [String], ending: String = "\n") {
      let error = #expect(throws: CatalogError.self, "\(what)") {
        try check(lines, ending: ending)
      }
      #expect(error?.code == .corrupt, "\(what): \(String(describing: error))")
    }
    for count in 0..<last { refused("\(count) lines", Array(lines[..<count])) }
    refused("the trailer is missing", Array(lines[..<last]))
    refused("the last line's end is missing", lines, ending: "")
    refused("something follows", lines + ["{}"])
    refused("two dumps", lines + lines)
    refused("another program's", [lines[1]] + lines[1...])
    refused(
      "a later format",
      [lines[0].replacing("\"version\" : 1", with: "\"version\" : 2")]
        + lines[1...])
    for index in 0..<last {
      var fewer = lines
      fewer.remove(at: index)
      refused("line \(index) is missing", fewer)
      var twice = lines
      twice.insert(lines[index], at: index)
      refused("line \(index) stands twice", twice)
      var cut = lines
      cut[index].removeLast(2)
      refused("line \(index) is cut", cut)
    }
    for (index, line) in lines.enumerated() {
      var altered = Array(line.utf8)
      guard let place = altered.lastIndex(where: { (0x30...0x38).contains($0) }) else { continue }
      altered[place] += 1
      var other = lines
      other[index] = String(decoding: altered, as: UTF8.self)
      refused("a digit of line \(index) is another", other)
    }
    let kept = try check(lines)
    try FileManager.default.removeItem(atPath: kept.path)
  }

  @Test("a dump that changes after it was checked leaves nothing")
  func changed() async throws {
    let source = try await filled()
    var lines = try await dump(source)
    let read = try check(lines)
    defer { try? FileManager.default.removeItem(atPath: read.path) }
    lines.remove(at: lines.count - 2)
    try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: read.path))
    let target = try EmbeddedFixture()
    let store = try #require(try await target.open() as? EmbeddedCatalog)
    let error = await #expect(throws: CatalogError.self) { try await store.restore(read) {} }
    #expect(error?.code == .corrupt)
    #expect(try await store.tenants().isEmpty)
    try await store.close()
  }
}
