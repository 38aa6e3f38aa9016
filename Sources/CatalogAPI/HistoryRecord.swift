/// One revision of an entry: an element of `GET /utils/v1/history/{tenant-code}/{task-id}`.
public struct HistoryRecord: Sendable, Codable, Hashable {
  /// The commit, 40 hexadecimal digits.
  public var commit: String
  /// The author's name.
  public var author: String
  /// Who merged it, or "".
  public var approver: String
  /// When it was written, in milliseconds since 1970.
  public var date: Int64
  /// The commit's message.
  public var message: String
  /// SHA-256 of the file at that commit, or "" where the commit removed it.
  public var filehash: String
  /// The file's path at that commit: another one before a rename.
  public var path: String

  /// A record by its parts.
  public init(
    commit: String, author: String, approver: String, date: Int64, message: String,
    filehash: String, path: String
  ) {
    self.commit = commit
    self.author = author
    self.approver = approver
    self.date = date
    self.message = message
    self.filehash = filehash
    self.path = path
  }
}
