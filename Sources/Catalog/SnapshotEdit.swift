import UtilityModel

/// Brings a tenant's sorted items and their tag from before a change to after it.
struct SnapshotEdit {
  /// The items, sorted by `TenantSnapshot.precedes` before and after.
  private(set) var items: [CatalogItem]
  /// The items' tag.
  private(set) var tag: ContentTag
  /// The places that had an item which was replaced or deleted.
  private(set) var removed: [EntryKey] = []
  private let applied: AppliedChange

  /// Up to this many documents, each is put in its place; beyond, sorting all is cheaper.
  private static let fewDocuments = 16

  init(items: [CatalogItem], tag: ContentTag, applied: AppliedChange) {
    self.items = items
    self.tag = tag
    self.applied = applied
  }

  /// Does it.
  mutating func run() {
    let former = applied.puts.compactMap { put in
      put.replaced.map { EntryKey(id: put.entry.id, status: $0) }
    }
    remove(Set(applied.deletes + former))
    for put in applied.puts { tag.insert(put.item.json) }
    if applied.puts.count > Self.fewDocuments {
      items.append(contentsOf: applied.puts.map(\.item))
      items.sort(by: TenantSnapshot.precedes)
    } else {
      for put in applied.puts { items.insert(put.item, at: place(of: put.item)) }
    }
  }

  private mutating func remove(_ keys: Set<EntryKey>) {
    guard !keys.isEmpty else { return }
    func isGone(_ item: CatalogItem) -> Bool {
      keys.contains(EntryKey(id: item.id, status: item.status))
    }
    if keys.count <= Self.fewDocuments {
      for key in keys {
        guard let index = items.firstIndex(where: { $0.id == key.id && $0.status == key.status })
        else { continue }
        forget(items.remove(at: index))
      }
    } else {
      for item in items where isGone(item) { forget(item) }
      items.removeAll(where: isGone)
    }
  }

  private mutating func forget(_ item: CatalogItem) {
    tag.remove(item.json)
    removed.append(EntryKey(id: item.id, status: item.status))
  }

  /// The first index whose item does not precede `item`.
  private func place(of item: CatalogItem) -> Int {
    var (low, high) = (0, items.count)
    while low < high {
      let middle = (low + high) / 2
      if TenantSnapshot.precedes(items[middle], item) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
