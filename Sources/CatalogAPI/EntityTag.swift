import Hashing
import UtilityModel

/// Strong entity tags (RFC 9110, section 8.8.3) and the conditions on them.
enum EntityTag {
  /// Stands for how answers are written: a change of that changes every tag.
  private static let format = "1"

  /// The tag of an answer by all that its bytes follow from; the same after a restart.
  ///
  /// `kind` names the sort of answer and what was asked for, `time` and `count` are the envelope's,
  /// `items` the digests of its data in their order.
  static func tag(kind: String, time: Int64, count: Int, items: some Sequence<Digest>) -> String {
    var hasher = SHA256()
    hasher.update("\(format)\n\(kind)\n\(time)\n\(count)\n")
    for item in items { hasher.update(item.bytes) }
    return text(hasher.finish())
  }

  /// The tag of bytes that are sent as they are.
  static func tag(of bytes: [UInt8]) -> String { text(SHA256.digest(of: bytes)) }

  private static func text(_ digest: Digest) -> String {
    "\"\(Hexadecimal.encode(digest.bytes.prefix(16)))\""
  }

  /// Whether `If-None-Match` names the tag: a list, `*`, and weak comparison (section 13.1.2).
  static func matches(_ header: String?, tag: String) -> Bool {
    guard let header else { return false }
    if header == tag { return true }
    return header.split(separator: ",").contains { candidate in
      var text = candidate.drop(while: { $0 == " " || $0 == "\t" })
      while let last = text.last, last == " " || last == "\t" { text.removeLast() }
      if text == "*" { return true }
      return (text.hasPrefix("W/") ? text.dropFirst(2) : text) == tag
    }
  }
}
