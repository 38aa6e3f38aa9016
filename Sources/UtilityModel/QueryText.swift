/// The query of an address and parts of its path: percent-decoded once, and strictly.
public enum QueryText {
  /// Why a query is refused.
  public enum Refusal: Error, Hashable, Sendable {
    /// A parameter that nobody knows, with the beginning of its name as it was written.
    case unknown(String)
    /// The parameter's value does not decode to UTF-8.
    case malformed(String)
    /// The parameter stands twice.
    case repeated(String)
  }

  /// The parameters of `query` by name. One that is not in `known`, that stands twice or that does
  /// not decode to UTF-8 is refused: a misspelt filter must not answer with everything.
  public static func parameters(
    of query: String, known: Set<String>
  ) throws(Refusal) -> [String: String] {
    var result: [String: String] = [:]
    for pair in query.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = decoded(parts[0], plusIsSpace: true), known.contains(name) else {
        throw .unknown(String(parts[0].prefix(64)))
      }
      guard let value = decoded(parts.count > 1 ? parts[1] : "", plusIsSpace: true) else {
        throw .malformed(name)
      }
      guard result.updateValue(value, forKey: name) == nil else { throw .repeated(name) }
    }
    return result
  }

  /// Percent-encoded UTF-8 as text, nil where it is not that.
  public static func decoded(_ text: Substring, plusIsSpace: Bool) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "%"):
        guard rest.count >= 2, let value = Hexadecimal.decode(Substring(rest.prefix(2))) else {
          return nil
        }
        bytes.append(contentsOf: value)
        rest = rest.dropFirst(2)
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
