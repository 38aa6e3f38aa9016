import Hashing

/// The package environment that a utility asks for.
public enum PackageEnvironment {
  /// The hexadecimal digest of a set of requirements, whatever their order; "" without any.
  public static func digest(of requirements: [String]) -> String {
    guard !requirements.isEmpty else { return "" }
    let lines = Set(requirements.map { $0.filter { $0 != " " } }).sorted()
    return SHA256.digest(of: lines.joined(separator: "\n")).hex
  }
}
