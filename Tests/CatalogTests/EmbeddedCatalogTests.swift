@testable import Catalog
import Concurrency
import Dispatch
import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing

@Suite("EmbeddedCatalog")
struct EmbeddedCatalogTests {
  @Test("fulfils the contract", arguments: CatalogContract.behaviours)
  func contract(_ behaviour: CatalogContract) async throws {
    try await behaviour.check(try EmbeddedFixture())
  }

  /// The code and the text of the error that opening ends in.
  private func failure(path: String) async -> CatalogError {
    do {
      try await EmbeddedCatalog.open(path: path).close()
    } catch {
      return error
    }
    return CatalogError(.failed, operation: "fail on", subject: path, cause: "it opened")
  }

  @Test("a file that is no database is left alone")
  func noDatabase() async throws {
    let fixture = try EmbeddedFixture()
    let file = fixture.folder.appending(path: "notes.txt")
    let text = Data(String(repeating: "these are notes\n", count: 100).utf8)
    try text.write(to: file)
    let error = await failure(path: file.path)
    #expect(error.code == .notACatalog && error.disposition == .stalled)
    #expect(
      error.description
        == "cannot open the catalog \(file.path): the file is no SQLite database; "
        + "let catalog.url name another file")
    #expect(try Data(contentsOf: file) == text)
  }

  @Test("another program's database is refused")
  func otherProgram() async throws {
    let fixture = try EmbeddedFixture()
    let path = fixture.folder.appending(path: "other.sqlite").path
    let queue = try DatabaseQueue(path: path)
    try await queue.write { try $0.execute(sql: "CREATE TABLE t (a)") }
    try queue.close()
    #expect(await failure(path: path).code == .notACatalog)
  }

  @Test("a newer agent's catalog is refused")
  func newerSchema() async throws {
    let fixture = try EmbeddedFixture()
    try await fixture.close(try await fixture.open())
    try await fixture.raw { try $0.execute(sql: "PRAGMA user_version = 99") }
    let error = await failure(path: fixture.path)
    #expect(error.code == .newerSchema && error.description.contains("version 99"))
  }

  @Test("a folder that cannot be made is told")
  func badFolder() async throws {
    let fixture = try EmbeddedFixture()
    let file = fixture.folder.appending(path: "file")
    try Data().write(to: file)
    #expect(await failure(path: file.path + "/catalog.sqlite").code == .readOnly)
    #expect(await failure(path: "/proc/catalog.sqlite").code == .readOnly)
  }

  @Test("a full disk is told, and nothing is half written")
  func fullDisk() async throws {
    let fixture = try EmbeddedFixture()
    let store = try await EmbeddedCatalog.open(path: fixture.path)
    try await store.limitPages(to: 40)
    let put = EntryPut(
      identity: .new(0), entry: CatalogSamples.entry("a"), replaces: nil,
      contents: .set(blob: CatalogSamples.blob(1)))
    await #expect {
      _ = try await store.apply(CatalogChange(tenant: CatalogSamples.tenant, puts: [put])) { _ in
        [UInt8](repeating: 1, count: 1 << 20)
      }
    } throws: {
      ($0 as? CatalogError)?.code == .full
    }
    #expect(try await store.entries(of: CatalogSamples.tenant).isEmpty)
    try await store.close()
  }

  @Test("another process that holds the lock is waited for, then told")
  func locked() async throws {
    let fixture = try EmbeddedFixture()
    let store = try await fixture.open()
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: fixture.path, configuration: configuration)
    try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
    await #expect {
      try await store.ensureTenant(CatalogSamples.tenant, now: 1)
    } throws: { error in
      let error = error as? CatalogError
      return error?.code == .locked && error?.disposition == .retry
    }
    #expect(try await store.tenants().isEmpty)
    try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    try await store.ensureTenant(CatalogSamples.tenant, now: 1)
    try await fixture.close(store)
  }

  @Test("commits reach the disk before they are told")
  func durablePragmas() async throws {
    let fixture = try EmbeddedFixture()
    let store = try await EmbeddedCatalog.open(path: fixture.path)
    #expect(try await store.durability() == ["wal", "2"])
    try await store.close()
  }

  @Test("what large files leave in the log goes into the database beside the commits")
  func checkpoints() async throws {
    let fixture = try EmbeddedFixture()
    let store = try await EmbeddedCatalog.open(path: fixture.path)
    let large = [UInt8](repeating: 7, count: 6 << 20)
    let put = EntryPut(
      identity: .new(0), entry: CatalogSamples.entry("a"), replaces: nil,
      contents: .set(blob: CatalogSamples.blob(3)))
    _ = try await store.apply(CatalogChange(tenant: CatalogSamples.tenant, puts: [put])) { _ in
      large
    }
    func size() throws -> Int {
      try FileManager.default.attributesOfItem(atPath: fixture.path)[.size] as? Int ?? 0
    }
    let deadline = ContinuousClock.now + .seconds(30)
    while try size() < large.count, ContinuousClock.now < deadline {
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(try size() > large.count, "without a close: a checkpoint of its own")
    // The writer goes on beside it, and everything is there after the end.
    var entry = CatalogSamples.entry("a", id: 1001)
    entry.description = "after"
    let change = CatalogChange(
      tenant: CatalogSamples.tenant,
      puts: [
        EntryPut(identity: .existing(1001), entry: entry, replaces: .active, contents: .keep)
      ])
    _ = try await store.apply(change, reading: CatalogSamples.bytes)
    try await store.close()
    let again = try await EmbeddedCatalog.open(path: fixture.path)
    #expect(try await again.entries(of: CatalogSamples.tenant).map(\.description) == ["after"])
    let kept = try await again.contents(of: CatalogSamples.tenant, id: 1001, status: .active)
    #expect(kept == large)
    try await again.close()
  }

  @Test("large files are read before the writer is asked for")
  func readyBeforeTheWriter() async throws {
    let fixture = try EmbeddedFixture()
    let store = try await fixture.open()
    func change(_ name: String, _ blob: UInt8) -> CatalogChange {
      CatalogChange(
        tenant: CatalogSamples.tenant,
        puts: [
          EntryPut(
            identity: .new(0), entry: CatalogSamples.entry(name), replaces: nil,
            contents: .set(blob: CatalogSamples.blob(blob)))
        ])
    }
    var second = change("large", 2)
    second.large = [CatalogSamples.blob(2)]
    let (hasWriter, wasRead) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let wasReadBeside = Mutex(false)
    let bytes = [UInt8](repeating: 7, count: 1 << 20)
    async let first = store.apply(change("small", 1)) { _ in
      // In the middle of its transaction.
      hasWriter.signal()
      let isRead = wasRead.wait(timeout: .now() + 30) == .success
      wasReadBeside.withLock { $0 = isRead }
      return [1]
    }
    let waiting = BlockingPool(name: "test-wait", width: 1)
    await waiting.run { hasWriter.wait() }
    _ = try await store.apply(second) { _ in
      wasRead.signal()
      return bytes
    }
    _ = try await first
    #expect(wasReadBeside.withLock { $0 }, "while the other change had the writer")
    let kept = try await store.contents(of: CatalogSamples.tenant, id: 1002, status: .active)
    #expect(kept == bytes)
    try await fixture.close(store)
  }

  @Test("the hook is called after each document")
  func hook() async throws {
    let fixture = try EmbeddedFixture()
    let counts = Mutex<[Int]>([])
    let store = try await EmbeddedCatalog.open(path: fixture.path) { count in
      counts.withLock { $0.append(count) }
    }
    let puts = ["a", "b", "c"].enumerated().map { index, name in
      EntryPut(
        identity: .new(index), entry: CatalogSamples.entry(name), replaces: nil, contents: .remove)
    }
    _ = try await store.apply(
      CatalogChange(tenant: CatalogSamples.tenant, puts: puts), reading: CatalogSamples.bytes)
    #expect(counts.withLock { $0 } == [1, 2, 3])
    try await store.close()
  }

  @Test("the LLD's indexes carry the LLD's names")
  func indexes() async throws {
    let fixture = try EmbeddedFixture()
    try await fixture.close(try await fixture.open())
    let names = try await fixture.raw { db in
      try Set(String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'index'"))
    }
    #expect(
      names.isSuperset(of: [
        "idx_name_type_status", "idx_tenant_user", "idx_type_status_updated",
        "idx_task_user_created", "idx_tenant_created",
      ]))
  }

  @Test("catalog.url is read, and a password in it never repeated")
  func url() throws {
    #expect(
      try CatalogURL("sqlite:./data/catalog.sqlite") == .sqlite(path: "./data/catalog.sqlite"))
    #expect(try CatalogURL("sqlite:///var/c.sqlite") == .sqlite(path: "/var/c.sqlite"))
    for (text, code) in [
      ("mongodb://u:secret@h:x/", CatalogError.Code.configuration),
      ("mongodb://:secret@h/", .configuration), ("postgres://u:secret@h", .configuration),
      ("sqlite:", .configuration), ("", .configuration), ("sqlite::memory:", .configuration),
    ] {
      #expect {
        try CatalogURL(text)
      } throws: { error in
        guard let error = error as? CatalogError else { return false }
        return error.code == code && !error.description.contains("secret")
      }
    }
  }
}

extension EmbeddedCatalog {
  /// Makes the file unable to grow beyond some pages: what a full disk does.
  fileprivate func limitPages(to count: Int) async throws {
    let pool = pool
    try await pool.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA max_page_count = \(count)")
    }
  }

  /// The journal mode and the synchronous mode of the writing connection.
  fileprivate func durability() async throws -> [String] {
    let pool = pool
    return try await pool.writeWithoutTransaction { db in
      try ["journal_mode", "synchronous"].compactMap {
        try String.fetchOne(db, sql: "PRAGMA \($0)")
      }
    }
  }
}
