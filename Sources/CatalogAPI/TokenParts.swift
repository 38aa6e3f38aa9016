import Catalog

/// A token in compact serialization (RFC 7515, section 7.1), taken apart and not verified.
struct TokenParts {
  /// Longer tokens are refused unread.
  static let lengthLimit = 8192

  /// The algorithm that the header names; one of the known ones.
  let algorithm: TokenAlgorithm
  /// The key that the header names.
  let keyID: String?
  /// What the signature is over.
  let signed: ArraySlice<UInt8>
  let payload: [UInt8]
  let signature: [UInt8]

  /// Takes a token apart. Throws where anything is not exactly as the standards have it: parts,
  /// alphabet, duplicate members, extensions that this program does not know (`crit`).
  init(_ text: Substring) throws(TokenRefusal) {
    // Before any other look at it: the length is the client's choice.
    guard text.utf8.count <= Self.lengthLimit else { throw .invalid("too long") }
    let bytes = Array(text.utf8)
    let dots = bytes.indices.filter { bytes[$0] == UInt8(ascii: ".") }
    guard dots.count == 2 else { throw .invalid("not three parts") }
    guard let header = Self.decoded(bytes[..<dots[0]]),
      let payload = Self.decoded(bytes[(dots[0] + 1)..<dots[1]]),
      let signature = Self.decoded(bytes[(dots[1] + 1)...])
    else { throw .invalid("not base64url") }
    signed = bytes[..<dots[1]]
    self.payload = payload
    self.signature = signature

    let members = try Self.members(of: header)
    // What would be followed to a key of the sender's choice (jku, x5u, jwk, x5c) is not even read.
    guard members["crit"] == nil else { throw .invalid("a critical extension") }
    guard case .text(let name) = members["alg"], let algorithm = TokenAlgorithm(rawValue: name)
    else { throw .invalid("no known algorithm") }
    self.algorithm = algorithm
    switch members["kid"] {
    case nil: keyID = nil
    case .text(let id) where id.utf8.count <= 256: keyID = id
    default: throw .invalid("kid is no short text")
    }
    switch members["typ"] {
    case nil: break
    case .text(let type) where Self.types.contains(type.lowercased()): break
    default: throw .invalid("typ is of another kind of token")
    }
  }

  /// Tokens that are meant for other things say so here (RFC 8725, section 3.11).
  private static let types: Set<String> = ["jwt", "at+jwt", "application/at+jwt"]

  /// A member's value, as far as headers and claims need it.
  enum Member {
    case text(String)
    case number(Double)
    case texts([String])
    case other
  }

  /// The members of a JSON object, each of which may stand once: parsers differ in which of two they
  /// believe (RFC 7519, section 4).
  static func members(of bytes: [UInt8]) throws(TokenRefusal) -> [String: Member] {
    guard String(validating: bytes, as: UTF8.self) != nil else { throw .invalid("not UTF-8") }
    var members: [String: Member] = [:]
    var isDuplicate = false
    do throws(JSONSyntaxError) {
      var reader = JSONReader(bytes)
      try reader.object { reader, name throws(JSONSyntaxError) in
        let value = Member(Array(try reader.raw()))
        if members.updateValue(value, forKey: name) != nil { isDuplicate = true }
      }
      try reader.end()
    } catch {
      throw .invalid("not a JSON object")
    }
    guard !isDuplicate else { throw .invalid("a duplicate member") }
    return members
  }

  /// Base64url without padding and with nothing in the unused bits (RFC 7515, section 2): one text
  /// for one sequence of bytes.
  static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    guard !text.isEmpty, text.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count * 3 / 4)
    var bits: UInt32 = 0
    var count = 0
    for character in text {
      guard let value = value(of: character) else { return nil }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bits & (1 << UInt32(count) - 1) == 0 ? bytes : nil
  }

  private static func value(of character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
    case UInt8(ascii: "-"): 62
    case UInt8(ascii: "_"): 63
    default: nil
    }
  }
}

extension TokenParts.Member {
  /// The value of JSON that was read once already.
  fileprivate init(_ json: [UInt8]) {
    var reader = JSONReader(json)
    do throws(JSONSyntaxError) {
      switch json.first ?? 0 {
      case UInt8(ascii: "\""): self = .text(try reader.string())
      case UInt8(ascii: "["): self = .texts(try reader.strings())
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        let number = Double(String(decoding: json, as: UTF8.self))
        self = number.flatMap { $0.isFinite ? .number($0) : nil } ?? .other
      default: self = .other
      }
    } catch {
      // An array of something else than texts.
      self = .other
    }
  }
}
