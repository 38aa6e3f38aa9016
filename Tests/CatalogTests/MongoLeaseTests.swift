@testable import Catalog
import TestSupport
import Testing
import UtilityModel

@Suite(
  "MongoLeases", .serialized,
  .enabled(if: MongoServer.missing == nil, "no MongoDB-protocol server"))
struct MongoLeaseTests {
  private let tenant = CatalogSamples.tenant

  private func leases(
    _ fixture: MongoFixture, _ id: String, duration: Double = 60
  ) async throws -> (MongoLeases, MongoCatalog) {
    let catalog = try MongoCatalog(fixture.options)
    return (
      MongoLeases(catalog, id: id, name: "agent \(id)", isCommand: false, duration: duration),
      catalog
    )
  }

  @Test("a lease goes to one of those who ask at once, and to the next when it is given back")
  func taking() async throws {
    let fixture = try MongoFixture()
    let (a, _) = try await leases(fixture, "a")
    let (b, _) = try await leases(fixture, "b")
    _ = try await a.beat()
    _ = try await b.beat()
    async let one = a.take([tenant: 0])
    async let two = b.take([tenant: 0])
    let (first, second) = try await (one, two)
    let got = [first, second].filter { !$0.isEmpty }
    #expect(got == [[tenant: 1]])
    let winner = first.isEmpty ? b : a
    let loser = first.isEmpty ? a : b
    #expect(try await loser.take([tenant: 0]).isEmpty)
    try await winner.release([tenant: 1])
    #expect(try await loser.beat().holder(of: tenant) == nil)
    #expect(try await loser.take([tenant: 2]) == [tenant: 3])
    #expect(try await winner.beat().holder(of: tenant)?.id == loser.me.id)
  }

  @Test(
    "a heartbeat expires by the server's clock, and one in time goes on being settled",
    .timeLimit(.minutes(5)))
  func expiring() async throws {
    let fixture = try MongoFixture()
    let (short, _) = try await leases(fixture, "short", duration: 3)
    let (long, _) = try await leases(fixture, "long")
    #expect(try await short.beat().agents["short"]?.isSettled == false)
    var view = try await long.beat()
    // The server alone decides when.
    while view.agents["short"] != nil { view = try await long.beat() }
    #expect(view.agents.keys.sorted() == ["long"])
    // Settled after a whole lease time without a gap; on a slow machine a gap begins it anew.
    while try await short.beat().agents["short"]?.isSettled != true {}
  }

  @Test("a write under a lease that another has taken writes nothing")
  func fencing() async throws {
    let fixture = try MongoFixture()
    let (a, catalog) = try await leases(fixture, "a")
    let (b, successor) = try await leases(fixture, "b")
    try await catalog.ensureTenant(tenant, now: 1)
    var status = BranchStatus(branch: "main")
    await #expect(throws: CatalogError.self, "without a fence") {
      try await catalog.record([status], of: tenant)
    }
    #expect(try await a.take([tenant: 0]) == [tenant: 1])
    let old = LeaseFence(owner: "a", epoch: 1)
    try await LeaseFence.$current.withValue(old) {
      try await catalog.record([status], of: tenant)
    }
    #expect(try await a.leases()[tenant]?.writes == 1)
    #expect(try await b.take([tenant: 1]) == [tenant: 2])
    status.applied = "stale"
    let stale = status
    let record = AuditRecord(
      at: 1, tenantcode: tenant.rawValue, actor: "a", action: .suspend, subject: "", reason: "",
      before: "", after: "")
    await #expect {
      try await LeaseFence.$current.withValue(old) {
        _ = try await catalog.apply(
          CatalogChange(tenant: tenant, statuses: [stale], audit: [record])
        ) { _ in [] }
      }
    } throws: {
      ($0 as? CatalogError)?.code == .fenced
    }
    await #expect(throws: CatalogError.self) {
      try await LeaseFence.$current.withValue(old) { try await catalog.append([record]) }
    }
    await #expect(throws: CatalogError.self) {
      try await LeaseFence.$current.withValue(old) {
        try await catalog.setStatus(.suspended, of: tenant)
      }
    }
    #expect(try await successor.branchStatuses(of: tenant).map(\.applied) == [nil])
    #expect(try await successor.auditRecords(of: nil, limit: 10, offset: 0).total == 0)
    #expect(try await successor.tenants().map(\.status) == [.active])
    #expect(try await a.leases()[tenant]?.writes == 1)
  }

  @Test("an open change is whole before the holder of the lease reads")
  func openChange() async throws {
    let fixture = try MongoFixture()
    let (a, catalog) = try await leases(fixture, "a")
    try await catalog.ensureTenant(tenant, now: 1)
    #expect(try await a.take([tenant: 0]) == [tenant: 1])
    let fence = LeaseFence(owner: "a", epoch: 1)
    try await leaveOpen(change("alpha", 1), in: catalog, under: fence)
    #expect(try await catalog.entries(of: tenant).isEmpty, "others see what is there")
    let entries = try await LeaseFence.$current.withValue(fence) {
      try await catalog.entries(of: tenant)
    }
    #expect(entries.map(\.name) == ["alpha"])
    #expect(try await catalog.entries(of: tenant).map(\.name) == ["alpha"])
  }

  @Test("a tenant is emptied under its lease alone, and an open change goes with it")
  func emptying() async throws {
    let fixture = try MongoFixture()
    let (a, catalog) = try await leases(fixture, "a")
    let (b, successor) = try await leases(fixture, "b")
    try await catalog.ensureTenant(tenant, now: 1)
    #expect(try await a.take([tenant: 0]) == [tenant: 1])
    let old = LeaseFence(owner: "a", epoch: 1)
    _ = try await LeaseFence.$current.withValue(old) {
      try await catalog.apply(change("alpha", 1), reading: CatalogSamples.bytes)
    }
    try await leaveOpen(change("beta", 2), in: catalog, under: old)
    #expect(try await b.take([tenant: 1]) == [tenant: 2])
    await #expect {
      try await LeaseFence.$current.withValue(old) { try await catalog.empty(tenant) }
    } throws: {
      ($0 as? CatalogError)?.code == .fenced
    }
    #expect(try await successor.entries(of: tenant).map(\.name) == ["alpha"])
    let new = LeaseFence(owner: "b", epoch: 2)
    try await LeaseFence.$current.withValue(new) { try await successor.empty(tenant) }
    let left = try await LeaseFence.$current.withValue(new) {
      try await successor.entries(of: tenant)
    }
    #expect(left.isEmpty)
  }

  /// A change that adds one utility.
  private func change(_ name: String, _ blob: UInt8) -> CatalogChange {
    CatalogChange(
      tenant: tenant,
      puts: [
        EntryPut(
          identity: .new(0), entry: CatalogSamples.entry(name), replaces: nil,
          contents: .set(blob: CatalogSamples.blob(blob)))
      ])
  }

  /// As if the connection had been lost just after the journal of a change was complete.
  private func leaveOpen(
    _ change: CatalogChange, in catalog: MongoCatalog, under fence: LeaseFence
  ) async throws {
    let names = try catalog.names(of: tenant)
    try await catalog.connection.run("write") { client in
      try catalog.prepare(names, client)
      let journal = try MongoJournal(client: client, names: names, onStep: { _ in }) {
        try catalog.guarded(names.tenant, under: fence, client, $0)
      }
      let writer = MongoChangeWriter(
        client: client, catalog: catalog, names: names, change: change,
        reading: { CatalogSamples.bytes($0) })
      _ = try writer.recorded(in: journal).apply()
      try journal.complete()
    }
  }
}
