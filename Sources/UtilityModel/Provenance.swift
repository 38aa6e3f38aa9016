/// Who last changed a utility's files on a branch, and who let the change in.
///
/// Source: contract, section 3, field `sync`.
public struct Provenance: Hashable, Sendable, Codable {
  /// The commit that `git log -1 <branch> -- <its files>` names.
  public var commit: ObjectID
  /// The author's name.
  public var author: String
  /// The author's e-mail.
  public var authorEmail: String
  /// When it was written, in milliseconds since 1970.
  public var authoredAt: Int64
  /// The committer's name.
  public var committer: String
  /// The committer of the first-parent merge that brought the commit in, or "" for a direct push.
  public var approvedBy: String

  /// Provenance by its parts.
  public init(
    commit: ObjectID, author: String, authorEmail: String, authoredAt: Int64, committer: String,
    approvedBy: String
  ) {
    self.commit = commit
    self.author = author
    self.authorEmail = authorEmail
    self.authoredAt = authoredAt
    self.committer = committer
    self.approvedBy = approvedBy
  }
}
