/// The SHA-1 name of an object in a git repository: a commit, a tree or a blob.
public struct ObjectID: Hashable, Comparable, Sendable, CustomStringConvertible {
  private var high: UInt64
  private var middle: UInt64
  private var low: UInt32

  /// Takes exactly 20 bytes, or gives `nil`.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 20 else { return nil }
    var iterator = bytes.makeIterator()
    func word(_ count: Int) -> UInt64 {
      var value: UInt64 = 0
      for _ in 0..<count { value = value << 8 | UInt64(iterator.next() ?? 0) }
      return value
    }
    high = word(8)
    middle = word(8)
    low = UInt32(word(4))
  }

  /// Takes exactly 20 bytes of memory, or gives `nil`; the fast way for many ids.
  public init?(buffer: UnsafeRawBufferPointer) {
    guard buffer.count == 20 else { return nil }
    high = UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
    middle = UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    low = UInt32(bigEndian: buffer.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
  }

  /// Takes 40 hexadecimal digits, or gives `nil`.
  public init?(hex: some StringProtocol) {
    guard hex.utf8.count == 40, let bytes = Hexadecimal.decode(hex) else { return nil }
    self.init(bytes: bytes)
  }

  /// The 20 bytes, most significant first.
  public var bytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(20)
    for shift in stride(from: 56, through: 0, by: -8) {
      result.append(UInt8(truncatingIfNeeded: high >> UInt64(shift)))
    }
    for shift in stride(from: 56, through: 0, by: -8) {
      result.append(UInt8(truncatingIfNeeded: middle >> UInt64(shift)))
    }
    for shift in stride(from: 24, through: 0, by: -8) {
      result.append(UInt8(truncatingIfNeeded: low >> UInt32(shift)))
    }
    return result
  }

  /// Writes the 20 bytes, most significant first, to the beginning of `buffer`.
  ///
  /// `buffer` holds at least 20 bytes.
  public func write(to buffer: UnsafeMutableRawBufferPointer) {
    buffer.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
    buffer.storeBytes(of: middle.bigEndian, toByteOffset: 8, as: UInt64.self)
    buffer.storeBytes(of: low.bigEndian, toByteOffset: 16, as: UInt32.self)
  }

  /// 40 lower-case hexadecimal digits.
  public var hex: String { Hexadecimal.encode(bytes) }

  /// 40 lower-case hexadecimal digits.
  public var description: String { hex }

  /// Orders by the bytes, as git does.
  public static func < (lhs: Self, rhs: Self) -> Bool {
    (lhs.high, lhs.middle, lhs.low) < (rhs.high, rhs.middle, rhs.low)
  }
}

extension ObjectID: Codable {
  /// Reads 40 hexadecimal digits.
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let value = ObjectID(hex: text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "no object id: \(text)"))
    }
    self = value
  }

  /// Writes 40 lower-case hexadecimal digits.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hex)
  }
}
