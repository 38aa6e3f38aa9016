/// A tenant's items in every order that readers ask for.
///
/// Kept from snapshot to snapshot: a change of one item puts one reference in its place in each.
struct ItemOrders: Sendable {
  /// By `updateddate` descending, then by name, status and number: the default of lists.
  private(set) var newestFirst: SortedItems
  /// By name, then by status and number.
  private(set) var byName: SortedItems
  /// By number, then by status.
  private(set) var byKey: SortedItems

  /// Sorts items.
  init(_ items: [CatalogItem] = []) {
    newestFirst = SortedItems(items, by: Self.newestFirst)
    byName = SortedItems(items, by: Self.byName)
    byKey = SortedItems(items) { $0.key < $1.key }
  }

  /// The item at a place, or nil.
  func item(_ key: EntryKey) -> CatalogItem? {
    byKey.run(after: { $0.key < key }, while: { $0.key == key }).first
  }

  /// Takes items out that are there and puts others in.
  mutating func replace(_ old: [CatalogItem], by new: [CatalogItem]) {
    newestFirst.replace(old, by: new)
    byName.replace(old, by: new)
    byKey.replace(old, by: new)
  }

  @Sendable static func newestFirst(_ lhs: CatalogItem, _ rhs: CatalogItem) -> Bool {
    if lhs.updateddate != rhs.updateddate { return lhs.updateddate > rhs.updateddate }
    return byName(lhs, rhs)
  }

  @Sendable static func byName(_ lhs: CatalogItem, _ rhs: CatalogItem) -> Bool {
    if lhs.name != rhs.name { return lhs.name < rhs.name }
    return lhs.status != rhs.status
      ? lhs.status.rawValue < rhs.status.rawValue : lhs.id < rhs.id
  }
}
