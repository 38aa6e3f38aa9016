import Catalog
import Testing
import UtilityModel

extension CatalogContract {
  static func foreignDocuments(_ fixture: any CatalogFixture) async throws {
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

  static func durability(_ fixture: any CatalogFixture) async throws {
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

  struct Unreadable: Error {}

  static func atomicity(_ fixture: any CatalogFixture) async throws {
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

  static func goneDocument(_ fixture: any CatalogFixture) async throws {
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
    let a = CatalogSamples.entry("a", id: 1001)
    await expect(.conflict) { try await apply([update(a), update(a)], to: store) }
    await expect(.conflict) { try await apply([update(a)], deletes: [a.key], to: store) }
    #expect(try await store.entries(of: tenant).map(\.name) == ["a"])
    try await fixture.close(store)
  }

  static func branches(_ fixture: any CatalogFixture) async throws {
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
    for tenant in [tenant, other] { try await store.ensureTenant(tenant, now: 1) }
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

  static func tenants(_ fixture: any CatalogFixture) async throws {
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

  static func removal(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    let other = try #require(TenantCode("aaa"))
    for tenant in [tenant, other] {
      try await store.ensureTenant(tenant, now: 1)
      _ = try await apply([new("one", 0, tenant: tenant)], tenant: tenant, to: store)
      try await store.record([BranchStatus(branch: "main")], of: tenant)
    }
    let calls = try #require(store as? any ExecutionStore)
    func call(_ id: String, of tenant: TenantCode) async throws -> Int {
      try await calls.appendExecutions(
        [
          ExecutionRecord(
            id: id, taskid: 1001, userid: 1, tenantcode: tenant.rawValue, createddate: 1,
            request: "{}", response: "{}", status: "completed", executionTime: 0.1,
            errorMessage: "", logs: [], username: "", name: "one")
        ], of: tenant, keeping: 10
      ).count
    }
    #expect(try await call("000000000000000000000001", of: tenant) == 1)
    try await fixture.insertForeign(
      #"{"name":"foreign","id":7,"status":"active","customutils":false,"tenantcode":"demo"}"#,
      tenant: tenant)
    try await store.setStatus(.removed, of: tenant)
    for _ in 1...2 {
      try await store.empty(tenant)
      #expect(try await store.entries(of: tenant).isEmpty)
      #expect(try await store.branchStatuses(of: tenant).isEmpty)
      #expect(try await calls.executions(of: tenant, RecordQuery()).total == 0)
      #expect(try await fixture.documents(of: tenant).count == 1)
    }
    // A server that drained meanwhile tells of its last call.
    #expect(try await call("000000000000000000000002", of: tenant) == 0)
    #expect(try await store.tenants().map(\.status) == [.active, .removed])
    for _ in 1...2 { try await store.forget(tenant) }
    #expect(try await store.tenants().map(\.tenant) == [other])
    #expect(try await store.entries(of: other).count == 1)
    #expect(try await store.branchStatuses(of: other).count == 1)
    try await store.ensureTenant(tenant, now: 2)
    #expect(try await apply([new("one", 0)], to: store).identities == [0: 1002])
    try await fixture.close(store)
  }

  static func bigBatch(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    try await store.ensureTenant(tenant, now: 1)
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
