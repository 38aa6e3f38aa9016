import UtilityModel

/// Brings a tenant's items and their tag from before a change to after it.
struct SnapshotEdit {
  /// The items.
  private(set) var orders: ItemOrders
  /// The items' tag.
  private(set) var tag: ContentTag
  /// The places that had an item which was replaced or deleted.
  private(set) var removed: [EntryKey] = []
  /// How many bytes of files are kept in memory.
  private(set) var resident: Int
  private let applied: AppliedChange

  /// An edit of items whose files take `resident` bytes.
  init(orders: ItemOrders, tag: ContentTag, resident: Int, applied: AppliedChange) {
    self.orders = orders
    self.tag = tag
    self.resident = resident
    self.applied = applied
  }

  /// Does it, keeping files as long as they fit into `room` bytes together.
  mutating func run(room: Int) {
    let formers = applied.puts.map { put in
      put.replaced.map { EntryKey(id: put.entry.id, status: $0) }
    }
    // All former items first: an active entry and its draft may have changed places.
    let formerItems = formers.map { $0.flatMap(orders.item) }
    let gone = Set(applied.deletes + formers.compactMap { $0 }).compactMap(orders.item)
    for item in gone {
      tag.remove(item.digest)
      removed.append(item.key)
      resident -= item.file?.count ?? 0
    }
    var new: [CatalogItem] = []
    new.reserveCapacity(applied.puts.count)
    for (put, former) in zip(applied.puts, formerItems) {
      tag.insert(put.item.digest)
      let file: [UInt8]? =
        switch put.contents {
        case .set(let bytes): bytes
        case .kept: former?.file
        case .large, .removed: nil
        }
      if let file = file.flatMap({ Self.fitting($0, into: room - resident) }) {
        resident += file.count
        new.append(put.item.keeping(file))
      } else {
        new.append(put.item)
      }
    }
    orders.replace(gone, by: new)
  }

  /// A file that may be kept in memory where `room` bytes are left, or nil.
  static func fitting(_ file: [UInt8], into room: Int) -> [UInt8]? {
    file.count <= CatalogLimits.residentFile && file.count <= room ? file : nil
  }
}
