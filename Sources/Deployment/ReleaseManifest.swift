import UtilityModel

/// A release's own description, its `release.json`: what the server must load, hash by hash.
///
/// Format 1. The server refuses a format that it does not know.
public struct ReleaseManifest: Codable, Sendable, Hashable {
  /// One utility of a release.
  public struct Utility: Codable, Sendable, Hashable {
    /// Its file, relative to the release's folder: `utils/<name>.py`.
    public var file: String
    /// Lower-case hex SHA-256 of the file.
    public var sha256: String
    /// The time limit of a call in seconds.
    public var timeout: Int
    /// The digest of its package environment, "" without packages.
    public var env: String

    /// A utility by its parts.
    public init(file: String, sha256: String, timeout: Int, env: String) {
      self.file = file
      self.sha256 = sha256
      self.timeout = timeout
      self.env = env
    }
  }

  /// The format that this agent writes.
  public static let currentFormat = 1

  /// The format: 1.
  public var format: Int
  /// The release's digest, 64 lower-case hex digits.
  public var release: String
  /// The tenant's code.
  public var tenant: String
  /// The utilities by name.
  public var utilities: [String: Utility]
  /// The shared modules: path below the release's folder to lower-case hex SHA-256.
  public var modules: [String: String]

  /// The description of some contents.
  public init(_ contents: ReleaseContents) {
    format = Self.currentFormat
    release = contents.digest.hex
    tenant = contents.tenant.rawValue
    utilities = Dictionary(
      contents.utilities.map { utility in
        let entry = Utility(
          file: "utils/\(utility.name).py", sha256: utility.filehash.hex,
          timeout: utility.timeout, env: utility.env)
        return (utility.name, entry)
      }, uniquingKeysWith: { first, _ in first })
    modules = Dictionary(
      contents.modules.map { ($0.path, $0.filehash.hex) }, uniquingKeysWith: { first, _ in first })
  }

  /// The digests of the package environments that its utilities need.
  public var environments: Set<String> {
    Set(utilities.values.map(\.env)).subtracting([""])
  }

  /// The names to the hashes that the running server has to report.
  var hashes: [String: String] { utilities.mapValues(\.sha256) }
}
