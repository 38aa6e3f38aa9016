/// Why the catalog could not do what it was asked to.
///
/// The text names the thing, the cause and the way out, and holds no document's content.
public struct CatalogError: Error, Sendable, CustomStringConvertible {
  /// What callers branch on.
  public enum Code: String, Sendable {
    /// `catalog.url` is no address of a catalog.
    case configuration
    /// The store is not part of this build.
    case unsupported
    /// The file is no SQLite database, or belongs to another program.
    case notACatalog
    /// A newer agent made the catalog.
    case newerSchema
    /// The file or its folder cannot be written.
    case readOnly
    /// The disk is full.
    case full
    /// The database cannot be reached or cannot be written to just now.
    case unavailable
    /// The database refuses the agent's user.
    case unauthorized
    /// No key opens an encrypted file.
    case wrongKey
    /// Another process holds the catalog.
    case locked
    /// The catalog's content is damaged.
    case corrupt
    /// The change does not fit what is stored; nothing was written.
    case conflict
    /// Another agent holds the tenant's lease; nothing was written.
    case fenced
    /// A file's bytes could not be read for storing; nothing was written.
    case contents
    /// Anything else.
    case failed
  }

  /// What to do about it.
  public enum Disposition: Sendable {
    /// Try again later, after observing anew.
    case retry
    /// Trying again does not help before somebody has stepped in.
    case stalled
  }

  /// What callers branch on.
  public var code: Code
  /// What was being done, as in "open the catalog".
  public var operation: String
  /// The file, tenant or entry that it was done to.
  public var subject: String
  /// What went wrong.
  public var cause: String
  /// What a person can do, or "".
  public var remedy: String
  /// The error of the callback that failed, for `contents`.
  public var underlying: (any Error)?

  /// An error by its parts.
  public init(
    _ code: Code, operation: String, subject: String, cause: String, remedy: String = "",
    underlying: (any Error)? = nil
  ) {
    self.code = code
    self.operation = operation
    self.subject = subject
    self.cause = cause
    self.remedy = remedy
    self.underlying = underlying
  }

  /// Whether trying again can help.
  public var disposition: Disposition {
    switch code {
    case .full, .locked, .readOnly, .conflict, .contents, .failed, .unavailable,
      .unauthorized, .fenced:
      .retry
    case .configuration, .unsupported, .wrongKey, .notACatalog, .newerSchema, .corrupt: .stalled
    }
  }

  /// One sentence: the thing, the cause, the way out.
  public var description: String {
    "cannot \(operation) \(subject): \(cause)" + (remedy.isEmpty ? "" : "; \(remedy)")
  }

  static func corruptDocument(cause: String) -> CatalogError {
    CatalogError(
      .corrupt, operation: "read", subject: "a catalog entry",
      cause: "its document is damaged, \(cause)",
      remedy: "restore the catalog, or remove it and let the next sync rebuild it")
  }
}
