import Synchronization
import TestSupport
import Testing
import UtilityModel

@testable import Catalog

@Suite("SnapshotStore")
struct SnapshotStoreTests {
  private let tenant = CatalogSamples.tenant

  private func put(_ entry: CatalogEntry, _ contents: ContentChange = .remove) -> EntryPut {
    EntryPut(
      identity: .existing(entry.id), entry: entry, replaces: entry.status, contents: contents)
  }

  private func new(_ name: String, _ index: Int, updated: Int64) -> EntryPut {
    EntryPut(
      identity: .new(index), entry: CatalogSamples.entry(name, updated: updated), replaces: nil,
      contents: .set(blob: CatalogSamples.blob(UInt8(index % 250))))
  }

  @Test("publishing changes gives what a load gives: order, tag and files", arguments: [3, 200])
  func incremental(count: Int) async throws {
    let fixture = try EmbeddedFixture()
    let store = try await fixture.open()
    try await store.ensureTenant(tenant, now: 1)
    let snapshots = SnapshotStore(store: store)
    var generator = SystemRandomNumberGenerator()
    func step(_ change: CatalogChange) async throws {
      snapshots.publish(try await store.apply(change, reading: CatalogSamples.bytes))
      let fresh = SnapshotStore(store: store)
      try await fresh.load()
      let (one, two) = (snapshots.snapshot(of: tenant), fresh.snapshot(of: tenant))
      #expect(one?.items.map(\.json) == two?.items.map(\.json) && one?.etag == two?.etag)
      for item in one.map({ Array($0.items) }) ?? [] {
        let mine = try await snapshots.contents(of: tenant, id: item.id, status: item.status)
        #expect(
          try await mine == store.contents(of: tenant, id: item.id, status: item.status))
      }
    }
    try await step(
      CatalogChange(
        tenant: tenant,
        puts: (0..<count).map {
          new("u\($0)", $0, updated: .random(in: 1...20, using: &generator))
        }))
    let first = snapshots.snapshot(of: tenant)?.etag
    var entries = try await store.entries(of: tenant)
    entries[0].updateddate = 10
    entries[0].status = .draft
    try await step(
      CatalogChange(
        tenant: tenant,
        puts: [
          EntryPut(
            identity: .existing(1001), entry: entries[0], replaces: .active, contents: .keep),
          put(entries[1], .set(blob: CatalogSamples.blob(77))),
        ], deletes: [entries[2].key]))
    #expect(snapshots.snapshot(of: tenant)?.etag != first)
    #expect(snapshots.snapshot(of: tenant)?.items.count == count - 1)
    try await step(
      CatalogChange(tenant: tenant, deletes: try await store.entries(of: tenant).map(\.key)))
    #expect(snapshots.snapshot(of: tenant)?.etag == String(repeating: "0", count: 64))
    try await fixture.close(store)
  }

  @Test("large files come from the store, and memory follows what replaces them")
  func largeFiles() async throws {
    let fixture = try EmbeddedFixture()
    let store = try await fixture.open()
    let snapshots = SnapshotStore(store: store)
    let large = [UInt8](repeating: 3, count: CatalogLimits.residentFile + 1)
    snapshots.publish(
      try await store.apply(
        CatalogChange(tenant: tenant, puts: [new("a", 0, updated: 1)]), reading: { _ in [1, 2] }))
    #expect(try await snapshots.contents(of: tenant, id: 1001, status: .active) == [1, 2])
    let entry = try #require(try await store.entries(of: tenant).first)
    let change = CatalogChange(
      tenant: tenant, puts: [put(entry, .set(blob: CatalogSamples.blob(1)))])
    snapshots.publish(try await store.apply(change) { _ in large })
    #expect(try await snapshots.contents(of: tenant, id: 1001, status: .active) == large)
    try await fixture.close(store)
  }

  @Test("listeners hear of every publication, and unknown tenants are nil")
  func listeners() async throws {
    let fixture = try EmbeddedFixture()
    let store = try await fixture.open()
    let snapshots = SnapshotStore(store: store)
    let heard = Mutex<[[EntryKey]?]>([])
    snapshots.onChange { publication in heard.withLock { $0.append(publication.changed) } }
    #expect(snapshots.snapshot(of: tenant) == nil && snapshots.tenants().isEmpty)
    snapshots.publish(tenant, items: [])
    let applied = try await store.apply(
      CatalogChange(tenant: tenant, puts: [new("a", 0, updated: 1)]),
      reading: CatalogSamples.bytes)
    snapshots.publish(applied)
    snapshots.publish(
      AppliedChange(tenant: tenant, identities: [:], puts: [], deletes: []))
    #expect(snapshots.tenants() == [tenant])
    snapshots.remove(tenant)
    #expect(snapshots.snapshot(of: tenant) == nil)
    #expect(heard.withLock { $0 } == [nil, [EntryKey(id: 1001, status: .active)], nil])
    try await fixture.close(store)
  }

  @Test("known tenants without entries are published empty")
  func emptyTenants() async throws {
    let fixture = try EmbeddedFixture()
    let store = try await fixture.open()
    try await store.ensureTenant(tenant, now: 1)
    let snapshots = SnapshotStore(store: store)
    try await snapshots.load()
    #expect(snapshots.snapshot(of: tenant)?.items.isEmpty == true)
    try await fixture.close(store)
  }
}
