import Synchronization
import UtilityModel

/// The published state of the catalog: what every read is answered from.
///
/// Snapshots are published only after their writes are durable. Reading takes a lock for the
/// length of a dictionary look-up; publishing computes outside of that lock. Calls for one tenant
/// must come in the order of its writes; `SnapshotStore` serialises them all.
public final class SnapshotStore: CatalogReading {
  /// What listeners are told.
  public struct Publication: Sendable {
    /// The tenant.
    public var tenant: TenantCode
    /// Its new snapshot, or nil where the tenant was removed.
    public var snapshot: TenantSnapshot?
    /// The places that were written or deleted, sorted; nil where all may have changed.
    public var changed: [EntryKey]?
  }

  private struct State {
    var snapshot: TenantSnapshot
    var tag: ContentTag
    /// How many bytes of files the snapshot keeps in memory.
    var resident: Int
  }

  private let store: any CatalogStore
  private let published = Mutex<[TenantCode: State]>([:])
  /// Held while a publication is computed; guards the listeners and the bytes kept in all.
  private let publishing = Mutex<Ledger>(Ledger())

  private struct Ledger {
    var listeners: [@Sendable (Publication) -> Void] = []
    var resident = 0
  }

  /// Snapshots of nothing yet; files that are not kept in memory come from `store`.
  public init(store: any CatalogStore) { self.store = store }

  /// Calls `listener` after each publication, on the publisher's thread and in the order of the
  /// publications, for as long as this object lives. It must be quick and must not publish.
  public func onChange(_ listener: @escaping @Sendable (Publication) -> Void) {
    publishing.withLock { $0.listeners.append(listener) }
  }

  /// Publishes everything that the store has: start-up. Known tenants without entries are
  /// published empty.
  public func load() async throws(CatalogError) {
    for record in try await store.tenants() where record.status != .removed {
      publish(record.tenant, items: [])
    }
    try await store.load(contentsUpTo: CatalogLimits.residentFile) { [self] loaded in
      publish(loaded.tenant, items: loaded.items, contents: loaded.contents)
    }
  }

  /// Publishes all of a tenant's entries, in any order, with the files that are at hand.
  public func publish(
    _ tenant: TenantCode, items: [CatalogItem], contents: [EntryKey: [UInt8]] = [:]
  ) {
    publishing.withLock { ledger in
      var tag = ContentTag()
      ledger.resident -= state(of: tenant)?.resident ?? 0
      var resident = 0
      let items = items.map { item in
        tag.insert(item.digest)
        guard let file = contents[item.key],
          let kept = SnapshotEdit.fitting(
            file, into: CatalogLimits.residentTotal - ledger.resident - resident)
        else { return item }
        resident += kept.count
        return item.keeping(kept)
      }
      let snapshot = TenantSnapshot(tenant: tenant, items: items, etag: tag.hex)
      replace(
        tenant, by: State(snapshot: snapshot, tag: tag, resident: resident), changed: nil,
        ledger: &ledger)
    }
  }

  /// Publishes what a store has written. A change without documents publishes nothing.
  public func publish(_ applied: AppliedChange) {
    guard !applied.puts.isEmpty || !applied.deletes.isEmpty else { return }
    publishing.withLock { ledger in
      let old = state(of: applied.tenant)
      let resident = old?.resident ?? 0
      ledger.resident -= resident
      var edit = SnapshotEdit(
        orders: old?.snapshot.sorted ?? ItemOrders(), tag: old?.tag ?? ContentTag(),
        resident: resident, applied: applied)
      edit.run(room: CatalogLimits.residentTotal - ledger.resident)
      let changed = Set(applied.puts.map(\.entry.key) + edit.removed)
      replace(
        applied.tenant,
        by: State(
          snapshot: TenantSnapshot(
            tenant: applied.tenant, orders: edit.orders, etag: edit.tag.hex),
          tag: edit.tag, resident: edit.resident),
        changed: changed.sorted(), ledger: &ledger)
    }
  }

  /// Takes a tenant out: readers no longer know it.
  public func remove(_ tenant: TenantCode) {
    publishing.withLock { ledger in
      let old = published.withLock { $0.removeValue(forKey: tenant) }
      guard let old else { return }
      ledger.resident -= old.resident
      let publication = Publication(tenant: tenant, snapshot: nil, changed: nil)
      for listener in ledger.listeners { listener(publication) }
    }
  }

  /// A tenant's newest snapshot, or nil. Never blocks for longer than a look-up.
  public func snapshot(of tenant: TenantCode) -> TenantSnapshot? { state(of: tenant)?.snapshot }

  /// The tenants that have a snapshot, sorted.
  public func tenants() -> [TenantCode] { published.withLock { Array($0.keys) }.sorted() }

  /// The file of one entry: from memory, or from the store where it is too large for that.
  public func contents(
    of tenant: TenantCode, id: Int32, status: EntryStatus
  ) async throws -> [UInt8]? {
    guard let snapshot = snapshot(of: tenant) else { return nil }
    let item = snapshot.item(EntryKey(id: id, status: status))
    if let file = item?.file { return file }
    guard status != .inactive else { return nil }
    return try await store.contents(of: tenant, id: id, status: status)
  }

  private func state(of tenant: TenantCode) -> State? { published.withLock { $0[tenant] } }

  private func replace(
    _ tenant: TenantCode, by state: State, changed: [EntryKey]?, ledger: inout Ledger
  ) {
    ledger.resident += state.resident
    // The old state leaves the lock alive, so that readers do not wait for its release.
    let old = published.withLock { states in
      defer { states[tenant] = state }
      return states[tenant]
    }
    let publication = Publication(tenant: tenant, snapshot: state.snapshot, changed: changed)
    for listener in ledger.listeners { listener(publication) }
    withExtendedLifetime(old) {}
  }
}
