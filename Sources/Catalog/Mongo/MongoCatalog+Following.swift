import UtilityModel

extension MongoLeases {
  /// Ends what the former holder of a lease was killed in: called by the new one before it reads.
  /// Throws `CatalogError`.
  public func recover(_ tenant: TenantCode, _ fence: LeaseFence) async throws(CatalogError) {
    let names = try catalog.names(of: tenant)
    try await catalog.connection.run("end the last change of tenant \(tenant) in") { client in
      try catalog.recover(names, under: fence, client)
    }
  }

  /// What has changed in a tenant's entries since `snapshot`, as if this process had written it: all
  /// of them, or those of some numbers. Throws `CatalogError`.
  public func changes(
    of tenant: TenantCode, numbers: [Int32]?, since snapshot: TenantSnapshot?
  ) async throws(CatalogError) -> AppliedChange {
    var change = AppliedChange(tenant: tenant, identities: [:], puts: [], deletes: [])
    if numbers?.isEmpty == true { return change }
    let stored = try await catalog.stored(of: tenant, numbers: numbers)
    var former: [EntryKey: CatalogItem] = [:]
    if let numbers {
      for id in numbers {
        for status in EntryStatus.allCases {
          let key = EntryKey(id: id, status: status)
          former[key] = snapshot?.item(key)
        }
      }
    } else {
      if let snapshot { for item in snapshot.items { former[item.key] = item } }
    }
    for stored in stored {
      let (entry, item) = (stored.entry, stored.item)
      let old = former.removeValue(forKey: entry.key)
      guard old?.digest != item.digest else { continue }
      let contents: AppliedChange.Contents =
        if entry.status == .inactive {
          .removed
        } else if let old, old.filehash == entry.filehash { .kept } else { .large }
      change.puts.append(
        .init(entry: entry, item: item, replaced: old.map(\.status), contents: contents))
    }
    change.deletes = former.keys.sorted()
    return change
  }
}
