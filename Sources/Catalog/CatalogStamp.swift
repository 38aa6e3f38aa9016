/// What a tenant's entries add up to: it tells whether somebody else has removed, added or changed one.
///
/// A sum, so that a change adds and takes away its own part, in any order. No protection against
/// forgery: whoever may write to the catalog may also write this.
public struct CatalogStamp: Hashable, Sendable {
  private var sum: UInt64 = 0

  /// The stamp of no entries.
  public init() {}

  /// The stamp as it is stored, 16 hexadecimal digits.
  public var text: String {
    let digits = String(sum, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Adds an entry's part.
  public mutating func add(_ entry: CatalogEntry) {
    sum &+= Self.part(entry.name, entry.status.rawValue, entry.filehash, entry.metahash)
  }

  /// Takes an entry's part away.
  public mutating func remove(_ entry: CatalogEntry) {
    sum &-= Self.part(entry.name, entry.status.rawValue, entry.filehash, entry.metahash)
  }

  /// Adds the part of a stored document by its fields.
  mutating func add(name: String, status: String, filehash: String, metahash: String) {
    sum &+= Self.part(name, status, filehash, metahash)
  }

  /// FNV-1a, 64 bits. Source: Fowler, Noll, Vo.
  private static func part(_ fields: String...) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for field in fields {
      for byte in field.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      // No byte of UTF-8: it ends a field.
      hash = (hash ^ 0xff) &* 0x100_0000_01b3
    }
    return hash
  }
}
