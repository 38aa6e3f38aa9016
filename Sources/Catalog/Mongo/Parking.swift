/// Which stored documents have to move aside while a change is written, because another document of
/// the change takes their number and status or their live name.
struct Parking {
  /// A place that a unique index knows.
  private enum Place: Hashable {
    case number(EntryKey)
    case name(String, EntryStatus)
  }

  private var taken: Set<Place> = []

  /// The parking of one change.
  init(_ change: CatalogChange) {
    for put in change.puts {
      if case .existing(let id) = put.identity {
        taken.insert(.number(EntryKey(id: id, status: put.entry.status)))
      }
      if put.entry.status != .inactive {
        taken.insert(.name(put.entry.name.lowercased(), put.entry.status))
      }
    }
  }

  /// Whether `former`, which `put` replaces, has to move.
  func isNeeded(of former: CatalogEntry, for put: EntryPut) -> Bool {
    let name = former.name.lowercased()
    let leavesStatus = former.status != put.entry.status
    let leavesName = leavesStatus || name != put.entry.name.lowercased()
    return leavesName && taken.contains(.name(name, former.status))
      || leavesStatus && taken.contains(.number(former.key))
  }

  /// The status of a parked document: outside of the unique names, and a place of its own.
  static func status(of key: EntryKey) -> String { prefix + key.status.rawValue }

  /// Whether a document is parked: on a standalone server an agent that was killed leaves such ones,
  /// which readers pass over until its change is ended.
  static func isParked(_ document: BSON) -> Bool {
    document.string("status")?.hasPrefix(prefix) == true
  }

  private static let prefix = "parked-"
}
