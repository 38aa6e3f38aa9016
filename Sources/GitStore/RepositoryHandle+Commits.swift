import CLibgit2
import UtilityModel

extension RepositoryHandle {
  /// The largest commit that is read, in bytes.
  static let commitLimit = 8 << 20

  /// The values of a commit; throws `corrupt` if it is missing, damaged or no commit.
  public func commit(_ id: ObjectID) throws(GitError) -> Commit {
    try withCommit(id) { commit in
      Commit(
        id: id,
        tree: ObjectID(git_commit_tree_id(commit).pointee),
        parents: Self.parents(of: commit),
        author: Self.signature(git_commit_author(commit)),
        committer: Self.signature(git_commit_committer(commit)),
        message: ForeignText.decode(git_commit_message(commit), limit: 65_536))
    }
  }

  /// The commit that a revision names: a full or abbreviated id, a branch, or an expression of
  /// gitrevisions(7) such as `main~1`; tags are followed. All 40 digits of an object's id are that
  /// object, whatever a branch is called.
  ///
  /// Throws `emptyRepository` without any branch, `notFound` when nothing is named so, `corrupt`
  /// when what is named cannot be read, and `other` when it names no commit or several objects.
  public func resolve(_ revision: String) throws(GitError) -> ObjectID {
    let operation = "resolve a revision"
    if revision.utf8.count == 40, let named = try commit(named: revision) { return named }
    if let branch = try commit(ofBranch: revision) { return branch }
    var object: OpaquePointer?
    let status = try reading { git_revparse_single(&object, pointer, revision) }
    let shown = String(revision.prefix(80))
    guard status == 0, let object else {
      if status == GIT_EAMBIGUOUS.rawValue {
        throw error(operation, .other, "`\(shown)` names several objects; give more digits")
      }
      if status == GIT_EINVALIDSPEC.rawValue {
        throw error(operation, .notFound, "`\(shown)` is not a revision")
      }
      guard status == GIT_ENOTFOUND.rawValue else { throw failure(operation) }
      if try branchTips().isEmpty {
        throw error(operation, .emptyRepository, "it has no branch yet; push one")
      }
      throw error(
        operation, .notFound, "no branch, tag or commit is named `\(shown)`; was it pushed?")
    }
    defer { git_object_free(object) }
    guard let id = git_object_id(object) else { throw failure(operation) }
    return try peel(ObjectID(id.pointee), operation: operation)
  }

  /// Whether `ancestor` can be reached from `descendant` along parents; also when they are equal.
  ///
  /// Correct whatever the commits' dates say.
  public func isAncestor(
    _ ancestor: ObjectID, of descendant: ObjectID
  ) throws(GitError) -> Bool {
    guard ancestor != descendant else { return true }
    var (older, newer) = (ancestor.oid, descendant.oid)
    let status = try reading { git_graph_descendant_of(pointer, &newer, &older) }
    guard status >= 0 else { throw failure("walk the history") }
    return status == 1
  }

  /// Whether some of `descendants` is `ancestor` or has it; those that are no commits here have nothing.
  public func isAncestor(
    _ ancestor: ObjectID, ofAny descendants: [ObjectID]
  ) throws(GitError) -> Bool {
    var commits: [git_oid] = []
    for id in descendants {
      do throws(GitError) {
        guard try header(id, operation: "walk the history").1 == GIT_OBJECT_COMMIT else { continue }
        commits.append(id.oid)
      } catch {
        guard [.notFound, .corrupt].contains(error.code) else { throw error }
      }
    }
    guard !commits.isEmpty else { return false }
    var older = ancestor.oid
    let status = git_graph_reachable_from_any(pointer, &older, &commits, commits.count)
    guard status >= 0 else { throw failure("walk the history") }
    return status == 1
  }

  /// A best common ancestor, or `nil` for unrelated histories.
  public func mergeBase(_ one: ObjectID, _ other: ObjectID) throws(GitError) -> ObjectID? {
    var (first, second, base) = (one.oid, other.oid, git_oid())
    // Without a retry, a miss would not be told from unrelated histories.
    for id in [one, other] { _ = try header(id, operation: "walk the history") }
    let status = git_merge_base(&base, pointer, &first, &second)
    if status == GIT_ENOTFOUND.rawValue { return nil }
    guard status == 0 else { throw failure("walk the history") }
    return ObjectID(base)
  }

  /// How many commits each side has that the other has not.
  public func aheadBehind(
    _ local: ObjectID, _ upstream: ObjectID
  ) throws(GitError) -> (ahead: Int, behind: Int) {
    var (one, other, ahead, behind) = (local.oid, upstream.oid, 0, 0)
    let status = try reading { git_graph_ahead_behind(&ahead, &behind, pointer, &one, &other) }
    guard status == 0 else { throw failure("walk the history") }
    return (ahead, behind)
  }

  /// Follows annotated tags from an object to its commit.
  func peel(_ id: ObjectID, operation: String) throws(GitError) -> ObjectID {
    let (_, kind) = try header(id, operation: operation)
    switch kind {
    case GIT_OBJECT_COMMIT: return id
    case GIT_OBJECT_TAG: break
    default:
      throw error(operation, .corrupt, "object \(id) is a \(Self.name(of: kind)), not a commit")
    }
    var oid = id.oid
    var tag: OpaquePointer?
    let status = try reading { git_object_lookup(&tag, pointer, &oid, GIT_OBJECT_TAG) }
    guard status == 0, let tag else { throw unreadable(id, status, operation: operation) }
    defer { git_object_free(tag) }
    var commit: OpaquePointer?
    guard git_object_peel(&commit, tag, GIT_OBJECT_COMMIT) == 0, let commit else {
      throw error(operation, .corrupt, "tag object \(id) leads to no readable commit")
    }
    defer { git_object_free(commit) }
    guard let found = git_object_id(commit) else { throw failure(operation) }
    return ObjectID(found.pointee)
  }

  /// Looks a commit up and lends its libgit2 handle.
  func withCommit<Value>(
    _ id: ObjectID, _ body: (OpaquePointer) -> Value
  ) throws(GitError) -> Value {
    let operation = "read a commit"
    let (size, kind) = try header(id, operation: operation)
    guard kind == GIT_OBJECT_COMMIT else {
      throw error(operation, .corrupt, "object \(id) is a \(Self.name(of: kind)), not a commit")
    }
    guard size <= Self.commitLimit else {
      throw error(
        operation, .tooLarge,
        "commit \(id) has \(size) bytes; the limit is \(Self.commitLimit)")
    }
    var oid = id.oid
    var commit: OpaquePointer?
    let status = try reading { git_commit_lookup(&commit, pointer, &oid) }
    guard status == 0, let commit else { throw unreadable(id, status, operation: operation) }
    defer { git_commit_free(commit) }
    return body(commit)
  }

  static func parents(of commit: OpaquePointer) -> [ObjectID] {
    (0..<git_commit_parentcount(commit)).compactMap { index in
      git_commit_parent_id(commit, index).map { ObjectID($0.pointee) }
    }
  }

  private static func signature(_ pointer: UnsafePointer<git_signature>?) -> Signature {
    guard let signature = pointer?.pointee else {
      return Signature(name: "", email: "", milliseconds: 0)
    }
    let seconds = min(max(signature.when.time, Int64.min / 1000), Int64.max / 1000)
    return Signature(
      name: ForeignText.decode(signature.name, limit: 256),
      email: ForeignText.decode(signature.email, limit: 256),
      milliseconds: seconds * 1000)
  }
}
