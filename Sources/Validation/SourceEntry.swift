import UtilityModel

/// One file of a tree as the inventory needs it.
public struct SourceEntry: Hashable, Sendable {
  /// What stands at a path.
  public enum Kind: Sendable, Hashable {
    /// A blob of mode 100644 or 100755.
    case file
    /// A symbolic link.
    case symbolicLink
    /// A submodule.
    case submodule
  }
  /// The path in the repository.
  public var path: String
  /// The blob.
  public var id: ObjectID
  /// What it is.
  public var kind: Kind
  /// Whether the path is UTF-8.
  public var isValidPath: Bool

  /// A file by its parts.
  public init(path: String, id: ObjectID, kind: Kind, isValidPath: Bool = true) {
    self.path = path
    self.id = id
    self.kind = kind
    self.isValidPath = isValidPath
  }
}

/// What stands at a path after a change, nil when it is gone.
public struct SourceChange: Sendable {
  /// The path in the repository.
  public var path: String
  /// The file that stands there now.
  public var entry: SourceEntry?

  /// A change by its parts.
  public init(path: String, entry: SourceEntry?) {
    self.path = path
    self.entry = entry
  }
}

/// A blob as far as it could be read.
public enum BlobContent: Sendable {
  /// All of it.
  case bytes([UInt8])
  /// It is larger than was asked for: its size in bytes.
  case tooLarge(Int)
  /// The repository cannot give it: why.
  case unreadable(String)
}

/// Reads blobs on one blocking thread.
public protocol BlobReader: AnyObject {
  /// The blob's bytes, if there are at most `limit`.
  func read(_ id: ObjectID, limit: Int) -> BlobContent
}

/// Makes a reader for the calling thread. Throws when the repository cannot be opened.
public typealias BlobReaderFactory = @Sendable () throws -> any BlobReader
