import Testing
import UtilityModel

@testable import Catalog

@Suite("TenantSnapshot")
struct TenantSnapshotTests {
  private func item(_ id: Int32, _ name: String, _ status: EntryStatus, updated: Int64)
    -> CatalogItem
  {
    CatalogItem(
      id: id, name: name, displayname: "", description: "", category: "", status: status,
      userid: 0, updateddate: updated, path: "", branch: "",
      json: Array("{\"id\":\(id),\"updated\":\(updated)}".utf8))
  }

  @Test("every order stays what sorting anew gives, few changes or many", arguments: [2, 40])
  func orders(batch: Int) throws {
    var generator = SystemRandomNumberGenerator()
    var orders = ItemOrders()
    var all: [CatalogItem] = []
    for round in 0..<60 {
      var (old, new): ([CatalogItem], [CatalogItem]) = ([], [])
      for step in 0..<batch {
        if Bool.random(using: &generator), !all.isEmpty {
          old.append(all.remove(at: .random(in: 0..<all.count, using: &generator)))
        }
        let id = Int32(round * batch + step)
        let name = "n\(Int.random(in: 0..<20, using: &generator))"
        new.append(item(id, name, .active, updated: .random(in: 0..<9, using: &generator)))
      }
      orders.replace(old, by: new)
      all += new
      let fresh = ItemOrders(all)
      #expect(orders.newestFirst.map(\.key) == fresh.newestFirst.map(\.key))
      #expect(orders.byName.map(\.key) == fresh.byName.map(\.key))
      #expect(orders.byKey.map(\.key) == all.map(\.key).sorted())
    }
    let snapshot = TenantSnapshot(
      tenant: try #require(TenantCode("acme")), orders: orders, etag: "")
    for name in ["n0", "n7", "n19", "n", "zz", ""] {
      #expect(
        snapshot.items(named: name).map(\.key)
          == snapshot.items.filter { $0.name == name }.map(\.key))
    }
    for item in all { #expect(snapshot.item(item.key) === item) }
    #expect(snapshot.item(EntryKey(id: 1, status: .draft)) == nil)
  }

  @Test(
    "a search ignores case and composition, and stays within one text",
    arguments: [
      ("ABOUT", true), ("blü", true), ("BLÜ", true), ("blu\u{308}", true), ("", true),
      ("tb", false), ("x", false), ("ß", false),
    ])
  func search(wanted: String, isFound: Bool) {
    let text = SearchText(["About", "Blüten", ""])
    #expect(text.contains(SearchText([wanted])) == isFound)
  }
}
