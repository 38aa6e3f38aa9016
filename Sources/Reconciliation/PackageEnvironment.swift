import Deployment
import Hashing
import UtilityModel

/// The package environment that a utility asks for.
public enum PackageEnvironment {
  /// The hexadecimal digest of a set of requirements, whatever their order; "" without any.
  public static func digest(of requirements: [String]) -> String {
    guard !requirements.isEmpty else { return "" }
    let lines = Set(requirements.map { $0.filter { $0 != " " } }).sorted()
    return SHA256.digest(of: lines.joined(separator: "\n")).hex
  }

  /// The distinct environments that some sets of requirements need.
  static func sets(_ requirements: some Sequence<[String]>) -> [PackageSet] {
    var sets: [String: PackageSet] = [:]
    for list in requirements where !list.isEmpty {
      let digest = digest(of: list)
      if sets[digest] == nil {
        sets[digest] = PackageSet(digest: digest, requirements: Array(Set(list)))
      }
    }
    return sets.values.sorted { $0.digest < $1.digest }
  }

  /// Why a version's environment is not there, or nil.
  static func refusal(
    of version: UtilityVersion, missing: [String: PackageRefusal]
  ) -> PackageRefusal? {
    missing.isEmpty ? nil : missing[digest(of: version.metadata.packages)]
  }
}

/// Why a package environment is not there.
public struct PackageRefusal: Hashable, Sendable {
  /// `PackagesUnresolvable` or `PackagesPending`.
  public var rule: Rule
  /// What went wrong.
  public var message: String
  /// The way out.
  public var hint: String

  /// A refusal by its parts.
  public init(rule: Rule, message: String, hint: String) {
    self.rule = rule
    self.message = message
    self.hint = hint
  }

  /// What a state of an environment means for the utilities that need it; nil where it is there.
  init?(_ state: PackageState) {
    switch state {
    case .ready: return nil
    case .installing, .due:
      self.init(
        rule: .packagesPending, message: "its packages are being installed",
        hint: "wait: it is served as soon as they are")
    case .failed(let reason):
      self.init(
        rule: .packagesPending, message: "its packages are not installed yet: \(reason)",
        hint: "nothing to do in git: it is tried again by itself")
    case .refused(let reason):
      self.init(
        rule: .packagesUnresolvable, message: "its packages cannot be installed: \(reason)",
        hint: "correct `packages`, or provide the wheels")
    }
  }

  /// The finding in a version's sidecar, at its first package.
  func finding(in version: UtilityVersion) -> Finding {
    let place = version.packagePlaces.first ?? FilePlace()
    return Finding(
      path: version.sidecarPath, line: place.line, column: place.column, rule: rule,
      message: message, hint: hint)
  }
}
