import Catalog
import UtilityModel

/// A tenant's observed entries, found by number and by name.
public struct EntryIndex: Sendable {
  /// An entry behind one reference: a changed copy of the index then costs a reference an entry,
  /// not the retains of all its texts.
  private final class Row: Sendable {
    let entry: CatalogEntry
    init(_ entry: CatalogEntry) { self.entry = entry }
  }

  private var byKey: [EntryKey: Row] = [:]
  /// By lower-case name: names are told apart without their case.
  private var keysByName: [String: Set<EntryKey>] = [:]
  /// The names of the entries whose newest version is refused, by place.
  private(set) var quarantined: [EntryKey: String] = [:]
  /// What the entries add up to.
  private(set) var stamp = CatalogStamp()

  /// An index of `entries`.
  public init(_ entries: [CatalogEntry] = []) {
    byKey.reserveCapacity(entries.count)
    for entry in entries { insert(entry) }
  }

  /// How many entries there are.
  public var count: Int { byKey.count }
  /// The names that some entry has.
  public var names: Set<String> { Set(byKey.values.lazy.map(\.entry.name)) }
  /// All entries, in no order.
  public var all: some Sequence<CatalogEntry> { byKey.values.lazy.map(\.entry) }

  /// The entry at a place.
  public subscript(key: EntryKey) -> CatalogEntry? { byKey[key]?.entry }

  /// The entry of a number in a status.
  public subscript(id: Int32, status: EntryStatus) -> CatalogEntry? {
    byKey[EntryKey(id: id, status: status)]?.entry
  }

  /// The entries of a name.
  public func entries(named name: String) -> [CatalogEntry] {
    entries(like: name).filter { $0.name == name }
  }

  /// The entries of a name in whatever spelling.
  public func entries(like name: String) -> [CatalogEntry] {
    (keysByName[name.lowercased()] ?? []).sorted().compactMap { byKey[$0]?.entry }
  }

  /// The number of the live entry of a name: the active one's before the draft's.
  public func liveID(_ name: String) -> Int32? {
    let entries = entries(named: name)
    return (entries.first { $0.status == .active } ?? entries.first { $0.status == .draft })?.id
  }

  /// The number of the removed entry of a name: the one that changed last.
  public func inactiveID(_ name: String) -> Int32? {
    entries(named: name).filter { $0.status == .inactive }
      .max { ($0.updateddate, $0.id) < ($1.updateddate, $1.id) }?.id
  }

  /// Takes over what a store has written.
  public mutating func apply(_ applied: AppliedChange) {
    for key in applied.deletes { remove(key) }
    for put in applied.puts {
      if let former = put.replaced { remove(EntryKey(id: put.entry.id, status: former)) }
    }
    for put in applied.puts { insert(put.entry) }
  }

  /// What the entries add up to once a change is written.
  func stamp(after change: CatalogChange) -> CatalogStamp {
    var stamp = stamp
    for key in change.deletes { if let entry = self[key] { stamp.remove(entry) } }
    for put in change.puts {
      if let status = put.replaces, case .existing(let id) = put.identity,
        let former = self[id, status]
      {
        stamp.remove(former)
      }
      stamp.add(put.entry)
    }
    return stamp
  }

  private mutating func insert(_ entry: CatalogEntry) {
    remove(entry.key)
    stamp.add(entry)
    byKey[entry.key] = Row(entry)
    keysByName[entry.name.lowercased(), default: []].insert(entry.key)
    if entry.quarantine != nil { quarantined[entry.key] = entry.name }
  }

  private mutating func remove(_ key: EntryKey) {
    guard let entry = byKey.removeValue(forKey: key)?.entry else { return }
    stamp.remove(entry)
    quarantined[key] = nil
    let name = entry.name.lowercased()
    keysByName[name]?.remove(key)
    if keysByName[name]?.isEmpty == true { keysByName[name] = nil }
  }
}
