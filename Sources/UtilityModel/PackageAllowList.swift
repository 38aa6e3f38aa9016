/// Which packages utilities may ask for: `runtime.packages.allow`.
///
/// Names of distributions, separated by commas, compared as PyPI does (PEP 503: whatever the case, and
/// `-`, `_` and `.` alike); `*` stands for any characters. What allowed packages need themselves is
/// allowed with them.
public struct PackageAllowList: Hashable, Sendable, CustomStringConvertible {
  /// Everything.
  public static let all = PackageAllowList("*")

  /// As it was written.
  public let description: String
  private let patterns: [String]

  /// A list by its text.
  public init(_ text: String) {
    description = text
    patterns = text.split(separator: ",").map { Self.normalized($0.filter { $0 != " " }) }
  }

  /// Whether a PEP 508 requirement's name is in the list.
  public func allows(_ requirement: String) -> Bool {
    let name = requirement.drop { $0 == " " }.prefix {
      $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0))
    }
    let normal = Self.normalized(name)
    return patterns.contains { Self.matches(normal[...], $0[...]) }
  }

  private static func normalized(_ name: some StringProtocol) -> String {
    name.lowercased().split(whereSeparator: { "-_.".contains($0) }).joined(separator: "-")
  }

  private static func matches(_ name: Substring, _ pattern: Substring) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    if first == "*" {
      var rest = name
      while true {
        if matches(rest, pattern.dropFirst()) { return true }
        if rest.popFirst() == nil { return false }
      }
    }
    return name.first == first && matches(name.dropFirst(), pattern.dropFirst())
  }
}
