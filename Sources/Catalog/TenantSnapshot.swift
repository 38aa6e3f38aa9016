import UtilityModel

/// A tenant's catalog at one instant. Immutable, so that it is read without a lock.
public final class TenantSnapshot: Sendable {
  /// The tenant.
  public let tenant: TenantCode
  /// Hexadecimal digest of the content: equal content has an equal tag, also after a restart.
  public let etag: String
  private let orders: ItemOrders

  /// A snapshot of items in any order.
  public convenience init(tenant: TenantCode, items: [CatalogItem], etag: String) {
    self.init(tenant: tenant, orders: ItemOrders(items), etag: etag)
  }

  /// A snapshot of items that stand in their orders already.
  init(tenant: TenantCode, orders: ItemOrders, etag: String) {
    self.tenant = tenant
    self.orders = orders
    self.etag = etag
  }

  /// Every entry that the agent owns, sorted by `updateddate` descending, then by name, status
  /// and number.
  public var items: SortedItems { orders.newestFirst }

  /// The same, sorted by name, then by status and number.
  public var itemsByName: SortedItems { orders.byName }

  /// The items of one name, newest first. Costs the logarithm of the number of items.
  public func items(named name: String) -> [CatalogItem] {
    orders.byName.run(after: { $0.name < name }, while: { $0.name == name })
      .sorted(by: ItemOrders.newestFirst)
  }

  /// The item at a place, or nil. Costs the logarithm of the number of items.
  public func item(_ key: EntryKey) -> CatalogItem? { orders.item(key) }

  /// What a change starts from.
  var sorted: ItemOrders { orders }
}
