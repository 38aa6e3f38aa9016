/// A customer's short name; names the repository, the catalog database and the runtimes.
///
/// Matches `^[a-z0-9][a-z0-9_-]{0,47}$`, so it is safe in a path, a database name and a label.
/// Source: contract, section 2.
public struct TenantCode: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The code as written.
  public let rawValue: String

  /// Takes a code, or `nil` if it does not match the pattern.
  public init?(_ rawValue: some StringProtocol) {
    let bytes = Array(rawValue.utf8)
    guard (1...48).contains(bytes.count) else { return nil }
    for (index, byte) in bytes.enumerated() {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): continue
      case UInt8(ascii: "_"), UInt8(ascii: "-"): if index == 0 { return nil }
      default: return nil
      }
    }
    self.rawValue = String(rawValue)
  }

  /// The code as written.
  public var description: String { rawValue }

  /// Orders by the code's bytes.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
