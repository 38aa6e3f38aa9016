import UtilityModel

/// A tag of a set of documents: equal sets have equal tags, whatever the order in which they came.
///
/// The sum of the documents' SHA-256 digests modulo 2^256, so that one changed document costs two
/// additions and not the whole set, and a restart computes the same tag.
struct ContentTag: Equatable, Sendable {
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  /// The tag of nothing.
  init() {}

  /// Adds a document's digest.
  mutating func insert(_ document: Digest) { add(Self(document)) }

  /// Takes the digest of a document away that was added before.
  mutating func remove(_ document: Digest) {
    // -x is ~x + 1 in two's complement.
    let digest = Self(document)
    var negative = Self()
    negative.words = (~digest.words.0, ~digest.words.1, ~digest.words.2, ~digest.words.3)
    var one = Self()
    one.words.0 = 1
    add(negative)
    add(one)
  }

  /// 64 hexadecimal digits.
  var hex: String {
    Hexadecimal.encode(
      [words.3, words.2, words.1, words.0].flatMap { word in
        stride(from: 56, through: 0, by: -8).map {
          UInt8(truncatingIfNeeded: word >> UInt64($0))
        }
      })
  }

  private init(_ document: Digest) {
    let bytes = document.bytes
    func word(_ index: Int) -> UInt64 {
      bytes[index * 8..<index * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
    words = (word(3), word(2), word(1), word(0))
  }

  private mutating func add(_ other: Self) {
    var carry = false
    func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
      let (partial, over) = left.addingReportingOverflow(right)
      let (total, overAgain) = partial.addingReportingOverflow(carry ? 1 : 0)
      carry = over || overAgain
      return total
    }
    words.0 = sum(words.0, other.words.0)
    words.1 = sum(words.1, other.words.1)
    words.2 = sum(words.2, other.words.2)
    words.3 = sum(words.3, other.words.3)
  }

  static func == (lhs: Self, rhs: Self) -> Bool { lhs.words == rhs.words }
}
