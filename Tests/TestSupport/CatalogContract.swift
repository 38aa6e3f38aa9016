import Catalog
import Hashing
import Testing
import UtilityModel

/// Where a contract test gets its store from.
public protocol CatalogFixture: Sendable {
  /// An empty store, or the same store opened anew after an earlier call.
  func open() async throws -> any CatalogStore
  /// Ends a store's use of its files or connections.
  func close(_ store: any CatalogStore) async throws
  /// Puts a document into a tenant's `tasks` past the agent, as another program would.
  func insertForeign(_ json: String, tenant: TenantCode) async throws
  /// A tenant's documents as they are stored, JSON with all members but `filecontents`.
  func documents(of tenant: TenantCode) async throws -> [String]
  /// Sets one member of the agent's own document past the agent; `value` is JSON.
  func set(_ member: String, to value: String, tenant: TenantCode, id: Int32) async throws
}

/// What every `CatalogStore` must do, whatever stands behind it: each function is one behaviour.
///
/// A store's own suite runs `behaviours` as an argument list over a fresh fixture each.
public struct CatalogContract: Sendable, CustomTestStringConvertible {
  /// The behaviour in words.
  public let name: String
  private let body: @Sendable (any CatalogFixture) async throws -> Void

  /// The behaviour in words.
  public var testDescription: String { name }

  /// Checks the behaviour on a fresh fixture.
  public func check(_ fixture: any CatalogFixture) async throws { try await body(fixture) }

  /// All of them.
  public static let behaviours: [CatalogContract] = [
    .init(name: "an entry comes back as it was put", body: entryComesBack),
    .init(name: "numbers start at 1001 and follow the order of the new", body: numbers),
    .init(name: "a number is never used again", body: numbersAreNotReused),
    .init(name: "live names are unique in any case", body: liveNamesAreUnique),
    .init(name: "names are swapped and rotated in one change", body: namesAreSwapped),
    .init(name: "active and draft change places with their files", body: statusesAreSwapped),
    .init(name: "foreign documents are neither seen nor touched", body: foreignDocuments),
    .init(name: "a reopened store has everything", body: durability),
    .init(name: "a failed reading changes nothing", body: atomicity),
    .init(name: "a replaced document that is gone is a conflict", body: goneDocument),
    .init(name: "branches are recorded, replaced and forgotten", body: branches),
    .init(name: "unknown members and utils_used survive", body: unknownMembers),
    .init(name: "contents are kept, set and removed", body: contents),
    .init(name: "deletes are exact and repeatable", body: deletes),
    .init(name: "tenants are known once and apart", body: tenants),
    .init(name: "two thousand entries in one change", body: bigBatch),
  ]
}

/// Values for catalog tests.
public enum CatalogSamples {
  /// The tenant that most tests use.
  public static let tenant = TenantCode("acme")!
  /// A moment, in milliseconds since 1970.
  public static let now: Int64 = 1_700_000_000_000

  /// The blob whose twenty bytes are all `byte`.
  public static func blob(_ byte: UInt8) -> ObjectID {
    ObjectID(bytes: [UInt8](repeating: byte, count: 20))!
  }

  /// What `reading` gives for a blob in these tests: its name in hexadecimal.
  public static func bytes(_ blob: ObjectID) -> [UInt8] { Array(blob.hex.utf8) }

  /// A version of a utility with every kind of value in it.
  public static func version(_ name: String, blob: ObjectID = blob(1)) -> UtilityVersion {
    var metadata = Metadata(
      title: name, displayname: Metadata.displayName(for: name),
      description: "Says \"hi\",\n\tand é 😀 \u{1}", category: "Data Processing",
      inputLabel: "Text \"in\" \\", filterLabel: "Filter")
    metadata.outputs = [
      .name("plain"), .described(name: "rich", type: "string", description: "what it is"),
    ]
    metadata.packages = ["pandas>=2"]
    metadata.playbooks = ["triage"]
    return UtilityVersion(
      name: name, path: "utils/\(name).py", blob: blob, sidecarPath: "utils/\(name).yaml",
      sidecarBlob: CatalogSamples.blob(2), filehash: SHA256.digest(of: name),
      metahash: SHA256.digest(of: "meta"), metadata: metadata,
      findings: [
        Finding(
          path: "utils/\(name).py", line: 3, column: 5, rule: .noNetwork, severity: .medium,
          message: "imports requests", hint: "ask first")
      ], modules: [])
  }

  /// Its entry.
  public static func entry(
    _ name: String, id: Int32 = 0, status: EntryStatus = .active, tenant: TenantCode = tenant,
    updated: Int64 = now
  ) -> CatalogEntry {
    EntryBuilder.entry(
      id: id, tenant: tenant, version: version(name), status: status, userid: 42,
      restURL: "http://python-utils:8110/\(name)", port: "8110", env: "e0",
      provenance: Provenance(
        commit: blob(9), author: "Ann", authorEmail: "ann@example.com", authoredAt: now - 5,
        committer: "Bob", approvedBy: "Cleo"),
      branch: "main", created: now, updated: updated, now: now)
  }
}

extension CatalogContract {
  private static let tenant = CatalogSamples.tenant
  private static let blob = CatalogSamples.blob

  /// Applies puts and deletes with the samples' blobs.
  @discardableResult
  private static func apply(
    _ puts: [EntryPut], deletes: [EntryKey] = [], tenant: TenantCode = tenant,
    to store: any CatalogStore
  ) async throws -> AppliedChange {
    try await store.apply(
      CatalogChange(tenant: tenant, puts: puts, deletes: deletes), reading: CatalogSamples.bytes)
  }

  /// A new document.
  private static func new(
    _ name: String, _ index: Int, status: EntryStatus = .active, tenant: TenantCode = tenant,
    blob: ObjectID = CatalogSamples.blob(1)
  ) -> EntryPut {
    EntryPut(
      identity: .new(index),
      entry: CatalogSamples.entry(name, status: status, tenant: tenant), replaces: nil,
      contents: .set(blob: blob))
  }

  /// A document in place of another.
  private static func update(
    _ entry: CatalogEntry, replaces: EntryStatus? = nil, contents: ContentChange = .keep
  ) -> EntryPut {
    EntryPut(
      identity: .existing(entry.id), entry: entry, replaces: replaces ?? entry.status,
      contents: contents)
  }

  /// Expects a `CatalogError` of a code.
  private static func expect(
    _ code: CatalogError.Code, from body: () async throws -> Void
  ) async {
    await #expect {
      try await body()
    } throws: {
      ($0 as? CatalogError)?.code == code
    }
  }

  private static func entryComesBack(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    var put = new("alpha", 0)
    put.entry.quarantine = QuarantineRecord(
      revision: "main@sha1:\(blob(7).hex)", findings: put.entry.sync.findings)
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

  private static func numbers(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    let applied = try await apply(
      [new("c", 2), new("a", 0), new("b", 1), new("a", 0, status: .draft)], to: store)
    #expect(applied.identities == [0: 1001, 1: 1002, 2: 1003])
    #expect(applied.puts.map(\.entry.id) == [1003, 1001, 1002, 1001])
    let more = try await apply([new("d", 7)], to: store)
    #expect(more.identities == [7: 1004])
    try await fixture.close(store)
  }

  private static func numbersAreNotReused(_ fixture: any CatalogFixture) async throws {
    var store = try await fixture.open()
    try await apply([new("a", 0), new("b", 1)], to: store)
    try await apply([], deletes: [EntryKey(id: 1002, status: .active)], to: store)
    try await fixture.close(store)
    store = try await fixture.open()
    let applied = try await apply([new("c", 0)], to: store)
    #expect(applied.identities == [0: 1003])
    try await fixture.close(store)
  }

  private static func liveNamesAreUnique(_ fixture: any CatalogFixture) async throws {
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

  private static func namesAreSwapped(_ fixture: any CatalogFixture) async throws {
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

  private static func statusesAreSwapped(_ fixture: any CatalogFixture) async throws {
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

  private static func foreignDocuments(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    let foreign = [
      #"{"name":"alpha","id":1002,"type":"task","status":"active","customutils":false}"#,
      #"{"name":"beta","id":1001,"type":"customutils","status":"active","customutils":true}"#,
    ]
    for json in foreign { try await fixture.insertForeign(json, tenant: tenant) }
    let applied = try await apply([new("alpha", 0), new("beta", 1)], to: store)
    #expect(applied.identities == [0: 1003, 1: 1004])
    #expect(try await store.entries(of: tenant).map(\.name) == ["alpha", "beta"])
    #expect(try await store.items(of: tenant).map(\.id) == [1003, 1004])
    #expect(try await store.contents(of: tenant, id: 1001, status: .active) == nil)
    try await apply([], deletes: [EntryKey(id: 1001, status: .active)], to: store)
    await expect(.conflict) {
      try await apply([update(CatalogSamples.entry("beta", id: 1001))], to: store)
    }
    let documents = try await fixture.documents(of: tenant)
    #expect(documents.count == 4 && foreign.allSatisfy(documents.contains))
    try await fixture.close(store)
  }

  private static func durability(_ fixture: any CatalogFixture) async throws {
    var store = try await fixture.open()
    try await store.ensureTenant(tenant, now: 5)
    try await apply([new("a", 0), new("b", 1, blob: blob(3))], to: store)
    try await store.record([BranchStatus(branch: "main")], of: tenant)
    let before = try await store.entries(of: tenant)
    try await fixture.close(store)
    store = try await fixture.open()
    #expect(try await store.entries(of: tenant) == before)
    #expect(
      try await store.contents(of: tenant, id: 1002, status: .active)
        == CatalogSamples.bytes(blob(3)))
    #expect(try await store.allBranchStatuses() == [tenant: [BranchStatus(branch: "main")]])
    #expect(try await store.tenants().map(\.tenant) == [tenant])
    try await fixture.close(store)
  }

  private struct Unreadable: Error {}

  private static func atomicity(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    try await apply([new("a", 0), new("b", 1)], to: store)
    let before = try await store.entries(of: tenant)
    var status = BranchStatus(branch: "main")
    status.applied = "main@sha1:\(blob(1).hex)"
    let change = CatalogChange(
      tenant: tenant,
      puts: [
        update(CatalogSamples.entry("b", id: 1001), contents: .set(blob: blob(4))),
        new("c", 0), new("d", 1, blob: blob(66)),
      ], deletes: [EntryKey(id: 1002, status: .active)], statuses: [status])
    await #expect {
      _ = try await store.apply(change) { blob in
        guard blob != CatalogSamples.blob(66) else { throw Unreadable() }
        return CatalogSamples.bytes(blob)
      }
    } throws: { error in
      let error = error as? CatalogError
      return error?.code == .contents && error?.underlying is Unreadable
    }
    #expect(try await store.entries(of: tenant) == before)
    #expect(try await store.branchStatuses(of: tenant).isEmpty)
    #expect(
      try await store.contents(of: tenant, id: 1001, status: .active)
        == CatalogSamples.bytes(blob(1)))
    let applied = try await apply([new("c", 0)], to: store)
    #expect(applied.identities == [0: 1003])
    try await fixture.close(store)
  }

  private static func goneDocument(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    try await apply([new("a", 0)], to: store)
    await expect(.conflict) {
      try await apply([new("b", 0), update(CatalogSamples.entry("z", id: 1009))], to: store)
    }
    await expect(.conflict) {
      let put = EntryPut(
        identity: .existing(1001), entry: CatalogSamples.entry("b", id: 1001), replaces: nil,
        contents: .remove)
      try await apply([put], to: store)
    }
    #expect(try await store.entries(of: tenant).map(\.name) == ["a"])
    try await fixture.close(store)
  }

  private static func branches(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    var main = BranchStatus(branch: "main")
    main.observed = "main@sha1:\(blob(1).hex)"
    main.nextRetry = 17
    main.report = SyncReport(
      revision: main.observed, startedAt: 3, duration: 1.5, changes: ["create": 2],
      quarantined: [QuarantinedUtility(name: "q", findings: [])],
      held: HeldRevision(reason: "because"), error: "e")
    let trial = BranchStatus(branch: "trial")
    let other = try #require(TenantCode("other"))
    try await store.record([trial, main], of: tenant)
    try await store.record([trial], of: other)
    #expect(try await store.branchStatuses(of: tenant) == [main, trial])
    main.phase = .synced
    _ = try await store.apply(
      CatalogChange(tenant: tenant, statuses: [main], removedBranches: ["trial"]),
      reading: CatalogSamples.bytes)
    #expect(try await store.allBranchStatuses() == [tenant: [main], other: [trial]])
    try await fixture.close(store)
  }

  private static func unknownMembers(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    try await apply([new("a", 0)], to: store)
    let value = #"{"b":[1,2.5e3,null,"x\"y"],"a":true}"#
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

  private static func contents(_ fixture: any CatalogFixture) async throws {
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

  private static func deletes(_ fixture: any CatalogFixture) async throws {
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

  private static func tenants(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    let other = try #require(TenantCode("aaa"))
    try await store.ensureTenant(tenant, now: 1)
    try await store.ensureTenant(other, now: 2)
    try await store.ensureTenant(tenant, now: 3)
    try await store.setStatus(.suspended, of: tenant)
    try await store.ensureTenant(tenant, now: 4)
    #expect(
      try await store.tenants() == [
        TenantRecord(tenant: other, status: .active, createddate: 2),
        TenantRecord(tenant: tenant, status: .suspended, createddate: 1),
      ])
    await expect(.conflict) {
      try await store.setStatus(.orphaned, of: try #require(TenantCode("nobody")))
    }
    for tenant in [tenant, other] {
      let applied = try await apply([new("same", 0, tenant: tenant)], tenant: tenant, to: store)
      #expect(applied.identities == [0: 1001])
    }
    #expect(try await store.entries(of: other).map(\.tenantcode) == ["aaa"])
    try await fixture.close(store)
  }

  private static func bigBatch(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    let puts = (0..<2000).map { new("utility_\($0)", $0) }
    let applied = try await apply(puts, to: store)
    #expect(applied.identities.count == 2000 && applied.identities[1999] == 3000)
    #expect(try await store.entries(of: tenant) == applied.puts.map(\.entry))
    let snapshots = SnapshotStore(store: store)
    try await snapshots.load()
    #expect(snapshots.snapshot(of: tenant)?.items.count == 2000)
    #expect(
      try await snapshots.contents(of: tenant, id: 1500, status: .active)
        == CatalogSamples.bytes(blob(1)))
    try await fixture.close(store)
  }
}
