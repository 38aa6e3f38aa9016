import Catalog
import Testing
import UtilityModel

/// What every `ExecutionStore` must do.
public enum ExecutionContract {
  private static func record(
    _ number: Int, of tenant: TenantCode, task: Int64 = 1001, at date: Int64? = nil
  ) -> ExecutionRecord {
    let digits = String(number, radix: 16)
    return ExecutionRecord(
      id: String(repeating: "0", count: 24 - digits.count) + digits, taskid: task, userid: 7,
      tenantcode: tenant.rawValue, createddate: date ?? Int64(number), request: "{\"data\":1}",
      response: "2", status: "completed", executionTime: 0.25, errorMessage: "", logs: ["a", "b"],
      username: "ann", name: "u\(task)")
  }

  /// Checks an empty store.
  public static func check(_ store: any ExecutionStore & CatalogStore) async throws {
    let tenant = CatalogSamples.tenant
    let other = try #require(TenantCode("other"))
    for tenant in [tenant, other] { try await store.ensureTenant(tenant, now: 1) }
    let all = RecordQuery(limit: 100)
    #expect(try await store.executions(of: tenant, all).total == 0)

    // Newest first, whole, and apart by tenant and entry.
    let first = [record(1, of: tenant), record(2, of: tenant, task: 1002), record(3, of: tenant)]
    #expect(try await store.appendExecutions(first, of: tenant, keeping: 10) == first)
    let foreign = [record(3, of: other)]
    #expect(try await store.appendExecutions(foreign, of: other, keeping: 10) == foreign)
    #expect(try await store.executions(of: tenant, all).records == first.reversed())
    #expect(try await store.executions(of: other, all).records == foreign)
    let ofOne = try await store.executions(
      of: tenant, RecordQuery(taskid: 1001, limit: 1, offset: 1))
    #expect(ofOne.records == [first[0]] && ofOne.total == 2)

    // Once, however often they are told.
    let again = [first[2], record(4, of: tenant)]
    #expect(try await store.appendExecutions(again, of: tenant, keeping: 10) == [again[1]])
    #expect(try await store.executions(of: tenant, all).total == 4)

    // The oldest go, of this tenant alone.
    let newest = [record(5, of: tenant, at: 100), record(6, of: tenant, at: 50)]
    _ = try await store.appendExecutions(newest, of: tenant, keeping: 3)
    let kept = try await store.executions(of: tenant, all)
    #expect(kept.records.map(\.createddate) == [100, 50, 4] && kept.total == 3)
    #expect(try await store.executions(of: other, all).total == 1)
  }
}

extension CatalogContract {
  /// Calls, where the store keeps them: every catalog is to.
  static func executions(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    try await ExecutionContract.check(try #require(store as? any ExecutionStore & CatalogStore))
    try await fixture.close(store)
  }
}
