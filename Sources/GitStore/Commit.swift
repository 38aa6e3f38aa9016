import UtilityModel

/// Who made a commit, and when.
public struct Signature: Hashable, Sendable {
  /// The name; lossy UTF-8, cut to 256 Unicode scalars.
  public let name: String
  /// The e-mail; lossy UTF-8, cut to 256 Unicode scalars.
  public let email: String
  /// Milliseconds since 1970, UTC. Anybody can write any time here.
  public let milliseconds: Int64

  /// A signature by its parts.
  public init(name: String, email: String, milliseconds: Int64) {
    self.name = name
    self.email = email
    self.milliseconds = milliseconds
  }
}

/// A commit's values.
public struct Commit: Hashable, Sendable {
  /// The commit's name.
  public let id: ObjectID
  /// Its root tree.
  public let tree: ObjectID
  /// Its parents, the first one first.
  public let parents: [ObjectID]
  /// Who wrote it.
  public let author: Signature
  /// Who committed it.
  public let committer: Signature
  /// The message; lossy UTF-8, cut to 65,536 Unicode scalars.
  public let message: String

  /// A commit by its parts.
  public init(
    id: ObjectID, tree: ObjectID, parents: [ObjectID], author: Signature, committer: Signature,
    message: String
  ) {
    self.id = id
    self.tree = tree
    self.parents = parents
    self.author = author
    self.committer = committer
    self.message = message
  }
}
