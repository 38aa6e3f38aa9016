import TestSupport
import Testing
import UtilityModel

@testable import Catalog

@Suite struct SortedItemsTests {
  private static func item(_ id: Int32, _ name: String, updated: Int64) -> CatalogItem {
    CatalogItem(
      id: id, name: name, displayname: "", description: "", category: "", status: .active,
      userid: 0, updateddate: updated, path: "", branch: "main", json: [])
  }

  /// Against a plain sorted array, one change after the other; copies stay what they were.
  @Test(arguments: [UInt64(1), 2, 3]) func followsAnArray(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var model: [CatalogItem] = []
    var items = SortedItems(by: ItemOrders.newestFirst)
    for step in 0..<3000 {
      let before = items
      let formerIDs = model.map(\.id)
      if step % 500 == 499 {
        let gone = Set(model.filter { _ in Bool.random(using: &random) }.map(\.id))
        model.removeAll { gone.contains($0.id) }
        items.replace(items.filter { gone.contains($0.id) }, by: [])
      } else if !model.isEmpty, Int.random(in: 0..<3, using: &random) == 0 {
        let gone = model.remove(at: Int.random(in: 0..<model.count, using: &random))
        items.replace([gone], by: [])
        items.replace([gone], by: [])
      } else if step % 97 == 96 {
        let many = (0..<70).map { index in
          Self.item(
            Int32(step * 100 + index), "many\(index)",
            updated: Int64.random(in: 0..<50, using: &random))
        }
        model = (model + many).sorted(by: ItemOrders.newestFirst)
        items.replace([], by: many)
      } else {
        let new = Self.item(
          Int32(step), "n\(Int.random(in: 0..<40, using: &random))",
          updated: Int64.random(in: 0..<50, using: &random))
        model = (model + [new]).sorted(by: ItemOrders.newestFirst)
        items.replace([], by: [new])
      }
      #expect(items.map(\.id) == model.map(\.id))
      #expect(
        items.count == model.count && items.reversed().map(\.id) == model.reversed().map(\.id))
      #expect(before.map(\.id) == formerIDs)
    }
  }

  @Test func findsByNameAndByPlace() throws {
    let tenant = try #require(TenantCode("acme"))
    let all = (0..<1000).map { Self.item(Int32($0), "name\($0 % 250)", updated: Int64($0)) }
    let snapshot = TenantSnapshot(tenant: tenant, items: all, etag: "")
    #expect(snapshot.items(named: "name7").map(\.id) == [757, 507, 257, 7])
    #expect(snapshot.items(named: "name250").isEmpty && snapshot.items(named: "").isEmpty)
    #expect(snapshot.item(EntryKey(id: 999, status: .active))?.name == "name249")
    #expect(snapshot.item(EntryKey(id: 999, status: .draft)) == nil)
    #expect(snapshot.items.first?.id == 999 && snapshot.items.last?.id == 0)
  }
}
