import Catalog
import Testing
import UtilityModel

extension CatalogContract {
  static func audit(_ fixture: any CatalogFixture) async throws {
    let store = try await fixture.open()
    let other = try #require(TenantCode("aaa"))
    func record(_ number: Int, _ tenant: TenantCode = tenant) -> AuditRecord {
      AuditRecord(
        at: Int64(number), tenantcode: tenant.rawValue, actor: "Olga", action: .approve,
        subject: "main@sha1:1", reason: "reason \(number)", before: "a", after: "b")
    }
    try await store.append([record(1), record(2, other)])
    try await store.append([])
    let change = CatalogChange(tenant: tenant, puts: [new("one", 0)], audit: [record(3)])
    _ = try await store.apply(change, reading: CatalogSamples.bytes)
    func page(_ tenant: TenantCode?, _ limit: Int, _ offset: Int = 0) async throws -> [AuditRecord]
    {
      let page = try await store.auditRecords(of: tenant, limit: limit, offset: offset)
      #expect(page.total == (tenant == nil ? 3 : 2))
      return page.records
    }
    #expect(try await page(nil, 10) == [record(3), record(2, other), record(1)])
    #expect(try await page(tenant, 10) == [record(3), record(1)])
    #expect(try await page(tenant, 1) == [record(3)])
    #expect(try await page(tenant, 1, 1) == [record(1)])
    #expect(try await page(nil, 10, 3) == [])
    struct Unreadable: Error {}
    let failing = CatalogChange(tenant: tenant, puts: [new("two", 0)], audit: [record(4)])
    await expect(.contents) { _ = try await store.apply(failing) { _ in throw Unreadable() } }
    #expect(try await page(nil, 10).count == 3)
    try await fixture.close(store)
    let reopened = try await fixture.open()
    #expect(
      try await reopened.auditRecords(of: other, limit: 10, offset: 0).records == [record(2, other)]
    )
    try await fixture.close(reopened)
  }
}
