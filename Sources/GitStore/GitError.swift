/// Why a repository could not be read.
///
/// The text names the repository by its folder's name only, never by an absolute path, so that it
/// may stand in a report that is read over HTTP. Source: architecture, "Errors".
public struct GitError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What callers branch on.
  public enum Code: String, Sendable {
    /// The path, the revision or the repository itself does not exist (any more).
    case notFound
    /// The path exists and holds no git repository.
    case notARepository
    /// The repository has no branch yet.
    case emptyRepository
    /// The repository has branches, but not this one.
    case missingBranch
    /// The repository uses SHA-256 names, reftable or another extension that is not supported.
    case unsupportedFormat
    /// Several are named so.
    case ambiguous
    /// There is something of that name already.
    case exists
    /// The repository belongs to another user.
    case ownership
    /// An object is missing, damaged or of the wrong kind.
    case corrupt
    /// A limit was exceeded; the cause names it.
    case tooLarge
    /// The file system refused.
    case io
    /// Anything else.
    case other
  }

  /// What was being done: "open", "read a blob".
  public let operation: String
  /// What callers branch on.
  public let code: Code
  /// The repository's folder name: "demo.git".
  public let subject: String
  /// What went wrong and the way out, without the closing full stop.
  public let cause: String

  /// An error by its parts; absolute paths in `cause` are cut to their last component.
  public init(_ operation: String, _ code: Code, subject: String, cause: String) {
    self.operation = operation
    self.code = code
    self.subject = subject
    self.cause = Self.redact(cause)
  }

  /// "git <operation> failed for <subject>: <cause and way out>".
  public var description: String { "git \(operation) failed for \(subject): \(cause)" }

  /// Cuts every absolute path in a message to its last component.
  private static func redact(_ text: String) -> String {
    guard text.contains("/") else { return text }
    let openers: Set<Character> = [" ", "'", "\"", "(", "`", ":", "="]
    let closers: Set<Character> = ["'", "\"", ")", "`", ";", ",", " ", "\n"]
    var result = ""
    var rest = Substring(text)
    while let slash = rest.firstIndex(of: "/") {
      let before = slash == rest.startIndex ? result.last : rest[rest.index(before: slash)]
      result += rest[..<slash]
      let end = rest[slash...].firstIndex { closers.contains($0) } ?? rest.endIndex
      let path = rest[slash..<end]
      if before.map(openers.contains) ?? true {
        result += path.split(separator: "/").last ?? "/"
      } else {
        result += path
      }
      rest = rest[end...]
    }
    return result + rest
  }
}
