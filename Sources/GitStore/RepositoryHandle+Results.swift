import CLibgit2
import UtilityModel

/// Where results are written in a repository; branches are never written to.
public enum ResultRef {
  /// Notes on commits: `git log --notes=sync` shows them.
  public static let notes = "refs/notes/sync"
  /// What runs of a branch.
  public static func applied(_ branch: String) -> String { "refs/sync/applied/\(branch)" }
}

extension RepositoryHandle {
  /// The largest note that is read, in bytes; a longer one is not ours.
  private static let noteLimit = 256 << 10

  /// The note on a commit, or nil without one that could be ours.
  ///
  /// Anybody who can push can also push notes, so that sizes are looked at before anything is read.
  /// Throws `GitError`.
  public func resultNote(on commit: ObjectID) throws(GitError) -> String? {
    guard let tip = try target(of: ResultRef.notes) else { return nil }
    let tree = try treeID(of: tip)
    let hex = commit.hex
    // Git spreads notes over folders of two digits as they become many.
    for depth in 0...2 {
      var path = ""
      for level in 0..<depth { path += hex.dropFirst(level * 2).prefix(2) + "/" }
      path += hex.dropFirst(depth * 2)
      guard let found = try entry(at: path, in: tree) else { continue }
      do throws(GitError) {
        return String(decoding: try blob(found.id, limit: Self.noteLimit), as: UTF8.self)
      } catch {
        guard error.code == .tooLarge else { throw error }
        return nil
      }
    }
    return nil
  }

  /// The commits that have a note, in no order, and no more than `limit` of them. Throws `GitError`.
  public func notedCommits(limit: Int) throws(GitError) -> [ObjectID] {
    guard try target(of: ResultRef.notes) != nil else { return [] }
    var iterator: OpaquePointer?
    guard git_note_iterator_new(&iterator, pointer, ResultRef.notes) == 0 else {
      throw failure("list the notes")
    }
    defer { git_note_iterator_free(iterator) }
    var commits: [ObjectID] = []
    var (note, commit) = (git_oid(), git_oid())
    while commits.count < limit, git_note_next(&note, &commit, iterator) == 0 {
      commits.append(ObjectID(commit))
    }
    return commits
  }

  /// Puts a note on a commit, instead of the one that is there. Throws `GitError`, also where the
  /// repository cannot be written to.
  public func writeResultNote(_ text: String, on commit: ObjectID) throws(GitError) {
    let operation = "write a note"
    var signature: UnsafeMutablePointer<git_signature>?
    guard git_signature_now(&signature, "sync-agent", "sync-agent@localhost") == 0 else {
      throw failure(operation)
    }
    defer { git_signature_free(signature) }
    var (note, target) = (git_oid(), commit.oid)
    let status = git_note_create(
      &note, pointer, ResultRef.notes, signature, signature, &target, text, 1)
    guard status == 0 else { throw failure(operation) }
  }

  /// Points a ref of `ResultRef` to a commit; nothing is written where it does already. Throws
  /// `GitError`.
  public func setResultRef(_ name: String, to commit: ObjectID) throws(GitError) {
    guard try target(of: name) != commit else { return }
    var (reference, target): (OpaquePointer?, git_oid) = (nil, commit.oid)
    guard git_reference_create(&reference, pointer, name, &target, 1, nil) == 0 else {
      throw failure("write a ref")
    }
    git_reference_free(reference)
  }

  /// Whether `core.sharedRepository` gives the repository to several users: what libgit2 writes
  /// would not be theirs to write on.
  public func isShared() throws(GitError) -> Bool {
    guard let value = try configuredValue("core.sharedrepository") else { return false }
    return !["false", "umask", "0"].contains(value.lowercased())
  }

  /// The object that a ref leads to, or nil without that ref.
  private func target(of name: String) throws(GitError) -> ObjectID? {
    var oid = git_oid()
    let status = git_reference_name_to_id(&oid, pointer, name)
    if status == GIT_ENOTFOUND.rawValue { return nil }
    guard status == 0 else { throw failure("read a ref") }
    return ObjectID(oid)
  }
}
