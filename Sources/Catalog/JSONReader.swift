/// What made a JSON text unreadable.
package struct JSONSyntaxError: Error, CustomStringConvertible {
  /// The byte at which reading stopped, from 0.
  package var offset: Int
  /// What was wanted there.
  package var expected: String

  package var description: String { "expected \(expected) at byte \(offset)" }
}

/// Reads JSON (RFC 8259) from UTF-8 bytes, value by value, without building a tree.
///
/// Written by hand because unknown members of a document must survive as the very bytes that
/// someone else wrote, and because decoding 10,000 entries is part of a reconcile.
package struct JSONReader {
  /// Objects and arrays may nest this deep; deeper input is refused rather than recursed into.
  package static let depthLimit = 64

  private let bytes: [UInt8]
  private(set) var offset = 0
  private var depth = 0

  /// Reads from the start of `bytes`.
  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Reads an object; `member` must consume the value of the key that it is given.
  package mutating func object(
    _ member: (inout JSONReader, String) throws(JSONSyntaxError) -> Void
  ) throws(JSONSyntaxError) {
    try enter("{")
    if try accept("}") { return leave() }
    repeat {
      let key = try string()
      try expect(":")
      try member(&self, key)
    } while try accept(",")
    try expect("}")
    leave()
  }

  /// Reads an array; `element` must consume one value.
  package mutating func array(
    _ element: (inout JSONReader) throws(JSONSyntaxError) -> Void
  ) throws(JSONSyntaxError) {
    try enter("[")
    if try accept("]") { return leave() }
    repeat { try element(&self) } while try accept(",")
    try expect("]")
    leave()
  }

  /// Reads a string.
  package mutating func string() throws(JSONSyntaxError) -> String {
    try expect("\"")
    let start = offset
    while offset < bytes.count, bytes[offset] != UInt8(ascii: "\"") {
      guard bytes[offset] != UInt8(ascii: "\\") else { return try escapedString(from: start) }
      guard bytes[offset] >= 0x20 else { throw failure("a string without control characters") }
      offset += 1
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    guard take() == UInt8(ascii: "\"") else { throw failure("the end of a string") }
    return text
  }

  /// Reads a whole number.
  mutating func integer() throws(JSONSyntaxError) -> Int64 {
    skipSpace()
    let negative = peek() == UInt8(ascii: "-")
    if negative { offset += 1 }
    var value: Int64 = 0
    let start = offset
    while let digit = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) {
      let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let step = Int64(digit - UInt8(ascii: "0"))
      let (next, over) = product.subtractingReportingOverflow(step)
      guard !tooLarge, !over else { throw failure("a 64-bit number") }
      value = next
      offset += 1
    }
    let fraction = [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")]
    guard offset > start, peek().map(fraction.contains) != true else {
      throw failure("a whole number")
    }
    guard negative || value > .min else { throw failure("a 64-bit number") }
    return negative ? value : -value
  }

  /// Reads `true` or `false`.
  mutating func boolean() throws(JSONSyntaxError) -> Bool {
    if try literal("true") { return true }
    if try literal("false") { return false }
    throw failure("true or false")
  }

  /// Reads `null` if it is next, and tells whether it was.
  mutating func null() throws(JSONSyntaxError) -> Bool { try literal("null") }

  /// Reads an array of strings.
  package mutating func strings() throws(JSONSyntaxError) -> [String] {
    var values: [String] = []
    try array { reader throws(JSONSyntaxError) in values.append(try reader.string()) }
    return values
  }

  /// Reads any value and gives its bytes as they stand.
  package mutating func raw() throws(JSONSyntaxError) -> ArraySlice<UInt8> {
    skipSpace()
    let start = offset
    switch peek() {
    case UInt8(ascii: "{"):
      try object { reader, _ throws(JSONSyntaxError) in _ = try reader.raw() }
    case UInt8(ascii: "["):
      try array { reader throws(JSONSyntaxError) in _ = try reader.raw() }
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try boolean()
    case UInt8(ascii: "n"): guard try null() else { throw failure("a value") }
    default: try number()
    }
    return bytes[start..<offset]
  }

  /// Succeeds at the end of the text only.
  package mutating func end() throws(JSONSyntaxError) {
    skipSpace()
    guard offset == bytes.count else { throw failure("the end") }
  }

  /// An error at the present place.
  func failure(_ expected: String) -> JSONSyntaxError {
    JSONSyntaxError(offset: offset, expected: expected)
  }
}

extension JSONReader {
  /// Reads on from a backslash: the rare path of `string()`.
  private mutating func escapedString(from start: Int) throws(JSONSyntaxError) -> String {
    var text = Array(bytes[start..<offset])
    while let byte = take() {
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw failure("a string without control characters")
      default: text.append(byte)
      }
    }
    throw failure("the end of a string")
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONSyntaxError) {
    switch take() {
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "u"): text.append(contentsOf: String(try unicodeEscape()).utf8)
    case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
    case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
    case UInt8(ascii: "/"): text.append(UInt8(ascii: "/"))
    default: throw failure("an escape")
    }
  }

  /// Four hexadecimal digits, or two times four where they spell a surrogate pair.
  private mutating func unicodeEscape() throws(JSONSyntaxError) -> Unicode.Scalar {
    let high = try codeUnit()
    if let scalar = Unicode.Scalar(high) { return scalar }
    guard (0xD800..<0xDC00).contains(high), take() == UInt8(ascii: "\\"),
      take() == UInt8(ascii: "u")
    else { throw failure("a surrogate pair") }
    let low = try codeUnit()
    guard (0xDC00..<0xE000).contains(low),
      let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    else { throw failure("a surrogate pair") }
    return scalar
  }

  private mutating func codeUnit() throws(JSONSyntaxError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = take(), let nibble = Character(Unicode.Scalar(digit)).hexDigitValue else {
        throw failure("a hexadecimal digit")
      }
      value = value << 4 | UInt32(nibble)
    }
    return value
  }

  private mutating func number() throws(JSONSyntaxError) {
    let start = offset
    while let byte = peek(), "+-.0123456789eE".utf8.contains(byte) { offset += 1 }
    guard offset > start, Double(String(decoding: bytes[start..<offset], as: UTF8.self)) != nil
    else { throw failure("a value") }
  }

  private mutating func literal(_ text: StaticString) throws(JSONSyntaxError) -> Bool {
    skipSpace()
    let count = text.utf8CodeUnitCount
    let wanted = UnsafeBufferPointer(start: text.utf8Start, count: count)
    guard bytes.count - offset >= count, bytes[offset..<offset + count].elementsEqual(wanted)
    else { return false }
    offset += count
    return true
  }

  private mutating func enter(_ bracket: Unicode.Scalar) throws(JSONSyntaxError) {
    try expect(bracket)
    depth += 1
    guard depth <= Self.depthLimit else { throw failure("at most \(Self.depthLimit) levels") }
  }

  private mutating func leave() { depth -= 1 }

  private mutating func expect(_ character: Unicode.Scalar) throws(JSONSyntaxError) {
    guard try accept(character) else { throw failure("\"\(character)\"") }
  }

  private mutating func accept(_ character: Unicode.Scalar) throws(JSONSyntaxError) -> Bool {
    skipSpace()
    guard peek() == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      offset += 1
    }
  }

  private func peek() -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func take() -> UInt8? {
    guard offset < bytes.count else { return nil }
    defer { offset += 1 }
    return bytes[offset]
  }
}
