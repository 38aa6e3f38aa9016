import UtilityModel

/// What last changed an entry: its field `sync`.
///
/// Source: contract, section 3.
public struct SyncStamp: Sendable, Hashable {
  /// The commit that `git log -1 <branch> -- <its files>` names, as `main@sha1:<40 hex>`.
  public var revision: String
  /// The branch's short name.
  public var branch: String
  /// The `.py` file's path in the repository.
  public var path: String
  /// The `.py` file's blob, 40 hexadecimal digits.
  public var blob: String
  /// The author's name.
  public var author: String
  /// The author's e-mail.
  public var authorEmail: String
  /// When the commit was written, in milliseconds since 1970.
  public var authoredAt: Int64
  /// The committer's name.
  public var committer: String
  /// The committer of the first-parent merge that brought the commit in, or "".
  public var approvedBy: String
  /// The MEDIUM findings that were let through, sorted.
  public var findings: [Finding]
  /// When the agent wrote the entry, in milliseconds since 1970.
  public var syncedAt: Int64
  /// Why it is an earlier version than the branch has, or nil.
  public var rollback: RollbackStamp?

  /// The stamp of a version that `provenance` brought onto `branch`, written at `now` (ms).
  public init(version: UtilityVersion, provenance: Provenance, branch: String, now: Int64) {
    revision = Revision(branch: branch, commit: provenance.commit).description
    self.branch = branch
    path = version.path
    blob = version.blob.hex
    author = provenance.author
    authorEmail = provenance.authorEmail
    authoredAt = provenance.authoredAt
    committer = provenance.committer
    approvedBy = provenance.approvedBy
    findings = version.findings
    syncedAt = now
  }

  private init() {
    (revision, branch, path, blob, author, authorEmail) = ("", "", "", "", "", "")
    (authoredAt, committer, approvedBy, findings, syncedAt) = (0, "", "", [], 0)
  }

  /// What reading starts from.
  static let empty = SyncStamp()

  init(reading reader: inout JSONReader) throws(JSONSyntaxError) {
    var stamp = SyncStamp.empty
    try reader.object { reader, key throws(JSONSyntaxError) in
      switch key {
      case "revision": stamp.revision = try reader.string()
      case "branch": stamp.branch = try reader.string()
      case "path": stamp.path = try reader.string()
      case "blob": stamp.blob = try reader.string()
      case "author": stamp.author = try reader.string()
      case "author_email": stamp.authorEmail = try reader.string()
      case "authored_at": stamp.authoredAt = try reader.integer()
      case "committer": stamp.committer = try reader.string()
      case "approved_by": stamp.approvedBy = try reader.string()
      case "findings": stamp.findings = try reader.findings()
      case "synced_at": stamp.syncedAt = try reader.integer()
      case "rollback": stamp.rollback = try RollbackStamp(reading: &reader)
      default: _ = try reader.raw()
      }
    }
    self = stamp
  }

  func write(to writer: inout JSONWriter) {
    writer.openObject()
    writer.key("revision")
    writer.string(revision)
    writer.key("branch")
    writer.string(branch)
    writer.key("path")
    writer.string(path)
    writer.key("blob")
    writer.string(blob)
    writer.key("author")
    writer.string(author)
    writer.key("author_email")
    writer.string(authorEmail)
    writer.key("authored_at")
    writer.integer(authoredAt)
    writer.key("committer")
    writer.string(committer)
    writer.key("approved_by")
    writer.string(approvedBy)
    writer.key("findings")
    writer.findings(findings)
    writer.key("synced_at")
    writer.integer(syncedAt)
    if let rollback {
      writer.key("rollback")
      rollback.write(to: &writer)
    }
    writer.closeObject()
  }
}

extension RollbackStamp {
  init(reading reader: inout JSONReader) throws(JSONSyntaxError) {
    var stamp = RollbackStamp(revision: "", insteadOf: "", actor: "", reason: "", at: 0)
    try reader.object { reader, key throws(JSONSyntaxError) in
      switch key {
      case "revision": stamp.revision = try reader.string()
      case "instead_of": stamp.insteadOf = try reader.string()
      case "actor": stamp.actor = try reader.string()
      case "reason": stamp.reason = try reader.string()
      case "at": stamp.at = try reader.integer()
      default: _ = try reader.raw()
      }
    }
    self = stamp
  }

  func write(to writer: inout JSONWriter) {
    writer.openObject()
    writer.key("revision")
    writer.string(revision)
    writer.key("instead_of")
    writer.string(insteadOf)
    writer.key("actor")
    writer.string(actor)
    writer.key("reason")
    writer.string(reason)
    writer.key("at")
    writer.integer(at)
    writer.closeObject()
  }
}

/// The refused newest version of a utility whose last good version stays: its field `quarantine`.
///
/// Source: contract, section 3.
public struct QuarantineRecord: Sendable, Hashable {
  /// The refused revision, `main@sha1:<40 hex>`.
  public var revision: String
  /// Why, sorted.
  public var findings: [Finding]

  /// A refusal.
  public init(revision: String, findings: [Finding]) {
    self.revision = revision
    self.findings = findings
  }

  init(reading reader: inout JSONReader) throws(JSONSyntaxError) {
    var record = QuarantineRecord(revision: "", findings: [])
    try reader.object { reader, key throws(JSONSyntaxError) in
      switch key {
      case "revision": record.revision = try reader.string()
      case "findings": record.findings = try reader.findings()
      default: _ = try reader.raw()
      }
    }
    self = record
  }

  func write(to writer: inout JSONWriter) {
    writer.openObject()
    writer.key("revision")
    writer.string(revision)
    writer.key("findings")
    writer.findings(findings)
    writer.closeObject()
  }
}
