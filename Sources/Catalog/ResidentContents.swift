/// The files that are kept in memory, within `CatalogLimits`.
struct ResidentContents {
  private var files: [EntryKey: [UInt8]] = [:]
  /// How many bytes the files take together.
  private(set) var size = 0

  /// The file of an entry, if it is kept.
  subscript(key: EntryKey) -> [UInt8]? { files[key] }

  /// Keeps a file if it fits into `room` bytes; whatever was kept for the entry before is dropped.
  mutating func set(_ bytes: [UInt8], for key: EntryKey, room: Int) {
    remove(key)
    guard bytes.count <= CatalogLimits.residentFile, bytes.count <= room else { return }
    files[key] = bytes
    size += bytes.count
  }

  /// Drops the file of an entry and gives it.
  @discardableResult
  mutating func remove(_ key: EntryKey) -> [UInt8]? {
    let bytes = files.removeValue(forKey: key)
    size -= bytes?.count ?? 0
    return bytes
  }
}
