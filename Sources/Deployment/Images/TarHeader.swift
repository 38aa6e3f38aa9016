/// The header blocks of one member of a tar archive.
///
/// The same arguments give the same bytes: owner and group are root's numbers, and no name of either
/// stands there. Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block".
struct TarHeader {
  static let blockSize = 512
  /// The two empty blocks at an archive's end.
  static let end = [UInt8](repeating: 0, count: 2 * blockSize)

  /// What a member is.
  enum Kind: UInt8 {
    case file = 0x30  // "0"
    case folder = 0x35  // "5"
    case extended = 0x78  // "x"
  }

  /// Relative to where the archive is unpacked; folders end in "/".
  var path: String
  var kind = Kind.file
  /// Bytes.
  var size = 0
  var mode = 0o644
  /// Seconds since 1970.
  var modified = 0

  /// The blocks that stand before the member's bytes.
  var blocks: [UInt8] {
    guard path.utf8.count > 100 else { return block(name: Array(path.utf8)) }
    // A name that the fixed field cannot hold stands in a member of its own before it.
    let record = Self.record("path", path)
    let extended = TarHeader(path: "pax", kind: .extended, size: record.count)
    return extended.blocks + record + Self.padding(after: record.count)
      + block(name: Array(path.utf8.prefix(100)))
  }

  /// The zeros that fill a member's last block.
  static func padding(after size: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: (blockSize - size % blockSize) % blockSize)
  }

  /// "30 path=a/b\n", whose number is its own length.
  private static func record(_ key: String, _ value: String) -> [UInt8] {
    let rest = " \(key)=\(value)\n".utf8.count
    var length = rest
    while "\(length)".utf8.count + rest != length { length = "\(length)".utf8.count + rest }
    return Array("\(length) \(key)=\(value)\n".utf8)
  }

  private func block(name: [UInt8]) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: Self.blockSize)
    func put(_ bytes: [UInt8], at offset: Int) {
      block.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
    }
    func number(_ value: Int, digits: Int, at offset: Int) {
      let octal = String(value, radix: 8)
      let zeros = String(repeating: "0", count: max(0, digits - octal.count))
      put(Array((zeros + octal).utf8.suffix(digits)), at: offset)
    }
    put(name, at: 0)
    number(mode, digits: 7, at: 100)
    number(0, digits: 7, at: 108)
    number(0, digits: 7, at: 116)
    number(size, digits: 11, at: 124)
    number(modified, digits: 11, at: 136)
    put(Array("        ".utf8), at: 148)
    block[156] = kind.rawValue
    put(Array("ustar\u{0}00".utf8), at: 257)
    let sum = block.reduce(0) { $0 + Int($1) }
    number(sum, digits: 6, at: 148)
    block[154] = 0
    return block
  }
}
