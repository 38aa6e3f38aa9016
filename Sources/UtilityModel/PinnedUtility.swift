/// The last good version of a utility whose newest version is refused: what keeps running.
public struct PinnedUtility: Hashable, Sendable, Codable {
  /// The name under which it runs.
  public var name: String
  /// The `.py` file's blob.
  public var blob: ObjectID
  /// SHA-256 of the blob in hexadecimal.
  public var filehash: String
  /// The time limit of a call in seconds.
  public var timeout: Int
  /// The shared modules that it was accepted with: path to blob and SHA-256.
  public var modules: [String: Module]
  /// The requirements of its package environment; nil where it has none or they are not known.
  public var packages: [String]?
  /// The digest of its package environment, nil without packages.
  public var env: String?

  /// A shared module as it was.
  public struct Module: Hashable, Sendable, Codable {
    /// The file's blob.
    public var blob: ObjectID
    /// SHA-256 of the blob in hexadecimal.
    public var filehash: String

    /// A module by its parts.
    public init(blob: ObjectID, filehash: String) {
      self.blob = blob
      self.filehash = filehash
    }
  }

  /// A version by its parts.
  public init(
    name: String, blob: ObjectID, filehash: String, timeout: Int, modules: [String: Module]
  ) {
    self.name = name
    self.blob = blob
    self.filehash = filehash
    self.timeout = timeout
    self.modules = modules
  }
}
