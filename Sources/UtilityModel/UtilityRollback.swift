/// An earlier version that an operator put back, in place of what the approved branch has.
///
/// It stays until a newer commit touches the utility, or until an operator takes it back.
public struct UtilityRollback: Hashable, Sendable, Codable {
  /// A file as it was.
  public struct File: Hashable, Sendable, Codable {
    /// The path in the repository.
    public var path: String
    /// The blob.
    public var blob: ObjectID

    /// A file by its parts.
    public init(path: String, blob: ObjectID) {
      self.path = path
      self.blob = blob
    }
  }

  /// How far the decision is carried out.
  public enum State: String, Sendable, Codable {
    /// The next sync applies it.
    case pending
    /// It is what runs.
    case applied
    /// The next sync ends it: an operator took it back.
    case ending
  }

  /// The revision that was asked for, `main@sha1:<40 hex>`.
  public var revision: String
  /// The utility's files there, sorted by path.
  public var files: [File]
  /// Who last changed the utility's files as of that revision.
  public var provenance: Provenance
  /// The revision that was applied when it was decided.
  public var insteadOf: String
  /// The utility's files on the branch then, sorted by path: other ones end the rollback.
  public var replaced: [File]
  /// Who decided.
  public var actor: String
  /// Why, or "".
  public var reason: String
  /// When, in milliseconds since 1970.
  public var at: Int64
  /// How far it is carried out.
  public var state: State

  enum CodingKeys: String, CodingKey {
    case revision, files, provenance, replaced, actor, reason, at, state
    case insteadOf = "instead_of"
  }

  /// A pending rollback by its parts.
  public init(
    revision: String, files: [File], provenance: Provenance, insteadOf: String, replaced: [File],
    actor: String, reason: String, at: Int64
  ) {
    self.revision = revision
    self.files = files
    self.provenance = provenance
    self.insteadOf = insteadOf
    self.replaced = replaced
    self.actor = actor
    self.reason = reason
    self.at = at
    state = .pending
  }

  /// What the utility's entry says of it.
  public var stamp: RollbackStamp {
    RollbackStamp(
      revision: revision, insteadOf: insteadOf, actor: actor, reason: reason, at: at)
  }
}

/// That an entry is an earlier version than its branch has, and by whose word: in the field `sync`.
public struct RollbackStamp: Hashable, Sendable, Codable {
  /// The revision that was asked for, `main@sha1:<40 hex>`.
  public var revision: String
  /// The revision that was applied before.
  public var insteadOf: String
  /// Who decided.
  public var actor: String
  /// Why, or "".
  public var reason: String
  /// When, in milliseconds since 1970.
  public var at: Int64

  /// A stamp by its parts.
  public init(revision: String, insteadOf: String, actor: String, reason: String, at: Int64) {
    self.revision = revision
    self.insteadOf = insteadOf
    self.actor = actor
    self.reason = reason
    self.at = at
  }
}
