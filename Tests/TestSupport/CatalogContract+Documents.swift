import Catalog
import Testing
import UtilityModel

extension CatalogContract {
  static func entryComesBack(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    var put = new("alpha", 0)
    put.entry.quarantine = QuarantineRecord(
      revision: "main@sha1:\(blob(7).hex)", findings: put.entry.sync.findings)
    put.entry.sync.rollback = RollbackStamp(
      revision: "main@sha1:\(blob(5).hex)", insteadOf: "main@sha1:\(blob(6).hex)", actor: "Olga",
      reason: "é \"why\"", at: CatalogSamples.now)
    let applied = try await apply([put], to: store)
    var expected = put.entry
    expected.id = 1001
    #expect(try await store.entries(of: tenant) == [expected])
    #expect(applied.puts.map(\.entry) == [expected])
    let items = try await store.items(of: tenant)
    #expect(items.map(\.json) == [expected.json])
    #expect(applied.puts.map(\.item.json) == [expected.json])
    let item = try #require(items.first)
    #expect(item.id == 1001 && item.name == "alpha" && item.status == .active)
    #expect(item.displayname == expected.displayname && item.category == expected.category)
    #expect(item.description == expected.description && item.userid == 42)
    #expect(item.updateddate == CatalogSamples.now)
    #expect(item.path == "utils/alpha.py" && item.branch == "main")
    #expect(try await fixture.documents(of: tenant).count == 1)
    try await fixture.close(store)
  }

  static func numbers(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    let applied = try await apply(
      [new("c", 2), new("a", 0), new("b", 1), new("a", 0, status: .draft)], to: store)
    #expect(applied.identities == [0: 1001, 1: 1002, 2: 1003])
    #expect(applied.puts.map(\.entry.id) == [1003, 1001, 1002, 1001])
    let more = try await apply([new("d", 7)], to: store)
    #expect(more.identities == [7: 1004])
    try await fixture.close(store)
  }

  static func numbersAreNotReused(_ fixture: any CatalogFixture) async throws {
    var store = try await fixture.open()
    try await apply([new("a", 0), new("b", 1)], to: store)
    try await apply([], deletes: [EntryKey(id: 1002, status: .active)], to: store)
    try await fixture.close(store)
    store = try await fixture.open()
    let applied = try await apply([new("c", 0)], to: store)
    #expect(applied.identities == [0: 1003])
    try await fixture.close(store)
  }

  static func liveNamesAreUnique(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    try await apply([new("alpha", 0), new("alpha", 0, status: .draft)], to: store)
    await expect(.conflict) { try await apply([new("ALPHA", 0)], to: store) }
    await expect(.conflict) { try await apply([new("Alpha", 0, status: .draft)], to: store) }
    await expect(.conflict) { try await apply([new("x", 0), new("X", 1)], to: store) }
    #expect(try await store.entries(of: tenant).count == 2)
    // Removed utilities give their name free, any number of times.
    let entries = try await store.entries(of: tenant)
    var gone = try #require(entries.first)
    gone.status = .inactive
    try await apply([update(gone, replaces: .active, contents: .remove)], to: store)
    try await apply([new("Alpha", 0)], to: store)
    #expect(try await store.entries(of: tenant).count == 3)
    try await fixture.close(store)
  }

  static func namesAreSwapped(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    try await apply([new("a", 0), new("b", 1), new("c", 2)], to: store)
    let renamed = zip(["b", "c", "A"], Int32(1001)...1003).map { name, id in
      update(CatalogSamples.entry(name, id: id))
    }
    try await apply(renamed, to: store)
    #expect(try await store.entries(of: tenant).map(\.name) == ["b", "c", "A"])
    // A name that is deleted in the same change is free.
    try await apply(
      [update(CatalogSamples.entry("c", id: 1001))],
      deletes: [EntryKey(id: 1002, status: .active)], to: store)
    #expect(try await store.entries(of: tenant).map(\.name) == ["c", "A"])
    try await fixture.close(store)
  }

  static func statusesAreSwapped(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    try await apply(
      [new("a", 0), new("a", 0, status: .draft, blob: blob(5))], to: store)
    try await apply(
      [
        update(CatalogSamples.entry("a", id: 1001, status: .draft), replaces: .active),
        update(CatalogSamples.entry("a", id: 1001, status: .active), replaces: .draft),
      ], to: store)
    #expect(
      try await store.contents(of: tenant, id: 1001, status: .active)
        == CatalogSamples.bytes(blob(5)))
    #expect(
      try await store.contents(of: tenant, id: 1001, status: .draft)
        == CatalogSamples.bytes(blob(1)))
    try await fixture.close(store)
  }

  static func unknownMembers(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    try await apply([new("a", 0)], to: store)
    let value = #"{"b":[1,2.5,null,"x\"y"],"a":true}"#
    try await fixture.set("platform_note", to: value, tenant: tenant, id: 1001)
    try await fixture.set("utils_used", to: "true", tenant: tenant, id: 1001)
    let changed = CatalogSamples.entry("renamed", id: 1001)
    #expect(!changed.utilsUsed)
    let applied = try await apply([update(changed)], to: store)
    #expect(applied.puts.first?.entry.utilsUsed == true)
    let document = try #require(try await fixture.documents(of: tenant).first)
    #expect(document.contains(#""platform_note":"# + value))
    #expect(document.contains(#""utils_used":true"#) && document.contains(#""name":"renamed""#))
    #expect(try await store.items(of: tenant).map(\.json) == applied.puts.map(\.item.json))
    try await fixture.close(store)
  }

  static func platformPlaybooks(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    try await apply([new("a", 0)], to: store)
    try await fixture.set("playbook_name", to: #"["p","q"]"#, tenant: tenant, id: 1001)
    var entry = CatalogSamples.entry("a", id: 1001)
    entry.description = "changed"
    entry.playbookNames = []
    let kept = try await apply([update(entry)], to: store)
    #expect(kept.puts.first?.entry.playbookNames == ["p", "q"])
    let stored = try #require(try await store.entries(of: tenant).first)
    #expect(stored.playbookNames == ["p", "q"] && stored.description == "changed")
    #expect(!entry.differs(from: stored))
    entry.playbookNames = ["mine"]
    #expect(entry.differs(from: stored))
    try await apply([update(entry)], to: store)
    #expect(try await store.entries(of: tenant).first?.playbookNames == ["mine"])
    try await fixture.close(store)
  }

  static func contents(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    let first = try await apply([new("a", 0)], to: store)
    #expect(first.puts.first?.contents == .set(CatalogSamples.bytes(blob(1))))
    var entry = try #require(first.puts.first?.entry)
    func stored(_ status: EntryStatus) async throws -> [UInt8]? {
      try await store.contents(of: tenant, id: 1001, status: status)
    }
    #expect(try await stored(.active) == CatalogSamples.bytes(blob(1)))
    let kept = try await apply([update(entry)], to: store)
    #expect(kept.puts.first?.contents == .kept)
    #expect(try await stored(.active) == CatalogSamples.bytes(blob(1)))
    try await apply([update(entry, contents: .set(blob: blob(2)))], to: store)
    #expect(try await stored(.active) == CatalogSamples.bytes(blob(2)))
    let odd: [UInt8] = [0, 255, 34, 92] + [UInt8](repeating: 7, count: 300 << 10)
    let large = try await store.apply(
      CatalogChange(tenant: tenant, puts: [update(entry, contents: .set(blob: blob(3)))])
    ) { _ in odd }
    #expect(large.puts.first?.contents == .large)
    #expect(try await stored(.active) == odd)
    entry.status = .inactive
    try await apply([update(entry, replaces: .active, contents: .remove)], to: store)
    #expect(try await stored(.active) == nil)
    #expect(try await stored(.inactive) == nil)
    _ = try await store.apply(
      CatalogChange(tenant: tenant, puts: [update(entry, contents: .set(blob: blob(3)))])
    ) { _ in [] }
    #expect(try await stored(.inactive) == [])
    try await fixture.close(store)
  }

  static func deletes(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    try await apply([new("a", 0), new("a", 0, status: .draft), new("b", 1)], to: store)
    let key = EntryKey(id: 1001, status: .draft)
    for _ in 0..<2 { try await apply([], deletes: [key], to: store) }
    #expect(
      try await store.entries(of: tenant).map(\.key) == [
        EntryKey(id: 1001, status: .active), EntryKey(id: 1002, status: .active),
      ])
    try await fixture.close(store)
  }
}
