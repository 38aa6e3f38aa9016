import Foundation

/// A commit on a watched branch, written `main@sha1:<40 hex>`.
public struct Revision: Hashable, Sendable, CustomStringConvertible {
  /// The branch's short name, without `refs/heads/`.
  public let branch: String
  /// The commit.
  public let commit: ObjectID

  /// A commit seen on a branch.
  public init(branch: String, commit: ObjectID) {
    self.branch = branch
    self.commit = commit
  }

  /// Takes `branch@sha1:<40 hex>`, or gives `nil`.
  public init?(_ text: some StringProtocol) {
    let text = String(text)
    guard let separator = text.range(of: "@sha1:", options: .backwards),
      let commit = ObjectID(hex: text[separator.upperBound...]),
      separator.lowerBound > text.startIndex
    else { return nil }
    self.init(branch: String(text[..<separator.lowerBound]), commit: commit)
  }

  /// `branch@sha1:<40 hex>`.
  public var description: String { "\(branch)@sha1:\(commit.hex)" }
}
