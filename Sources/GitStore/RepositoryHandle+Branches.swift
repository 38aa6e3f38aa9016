import CLibgit2
import UtilityModel

extension RepositoryHandle {
  private static let prefix = "refs/heads/"

  /// The commit of every branch that can be read, by its short name (`main`, `feature/a`).
  ///
  /// A branch that leads to no readable commit is left out here; `branchTips` and
  /// `commit(ofBranch:)` say why. Throws only when the refs cannot be listed.
  public func branches() throws(GitError) -> [String: ObjectID] {
    var result: [String: ObjectID] = [:]
    for (name, tip) in try branchTips() {
      if case .success(let id) = tip { result[name] = id }
    }
    return result
  }

  /// Every branch by its short name, with its commit or the reason why it has none.
  ///
  /// Symbolic refs and annotated tags are followed; a symbolic ref to a branch that does not exist
  /// (yet) is no branch.
  public func branchTips() throws(GitError) -> [String: Result<ObjectID, GitError>] {
    let operation = "list the branches"
    var iterator: OpaquePointer?
    let glob = Self.prefix + "*"
    guard git_reference_iterator_glob_new(&iterator, pointer, glob) == 0, let iterator else {
      throw failure(operation)
    }
    defer { git_reference_iterator_free(iterator) }
    var names: [String] = []
    var name: UnsafePointer<CChar>?
    var status = git_reference_next_name(&name, iterator)
    while status == 0, let found = name {
      names.append(String(cString: found))
      status = git_reference_next_name(&name, iterator)
    }
    guard status == GIT_ITEROVER.rawValue else { throw failure(operation) }
    var result: [String: Result<ObjectID, GitError>] = [:]
    for name in names where name.hasPrefix(Self.prefix) {
      let short = String(name.dropFirst(Self.prefix.count))
      do throws(GitError) {
        if let id = try commit(ofBranch: short) { result[short] = .success(id) }
      } catch {
        result[short] = .failure(error)
      }
    }
    return result
  }

  /// The commit of a branch, or `nil` if there is no such branch.
  ///
  /// Throws `corrupt` if the branch leads to something else than a readable commit.
  public func commit(ofBranch branch: String) throws(GitError) -> ObjectID? {
    let operation = "read branch `\(branch.prefix(80))`"
    let name = Self.prefix + branch
    var isValid: Int32 = 0
    guard git_reference_name_is_valid(&isValid, name) == 0 else { throw failure(operation) }
    guard isValid == 1 else { return nil }
    var oid = git_oid()
    let status = git_reference_name_to_id(&oid, pointer, name)
    if status == GIT_ENOTFOUND.rawValue {
      guard RepositoryLayout.status(layout.objectsFolder) != nil else {
        throw error(operation, .notFound, "the repository is gone")
      }
      return nil
    }
    guard status == 0 else {
      throw error(
        operation, .corrupt,
        "the ref cannot be read (\(Library.lastError().message)); push the branch again")
    }
    return try peel(ObjectID(oid), operation: operation)
  }

  /// The commit of a branch that must exist.
  ///
  /// Throws `emptyRepository` without any branch, `missingBranch` without this one, otherwise as
  /// `commit(ofBranch:)`.
  public func tip(ofBranch branch: String) throws(GitError) -> ObjectID {
    if let id = try commit(ofBranch: branch) { return id }
    let operation = "read branch `\(branch.prefix(80))`"
    let others = try branchTips().keys.sorted()
    guard !others.isEmpty else {
      throw error(operation, .emptyRepository, "it has no branch yet; push `\(branch.prefix(80))`")
    }
    throw error(
      operation, .missingBranch,
      "there is no such branch, only \(others.prefix(5).joined(separator: ", "))"
        + (others.count > 5 ? " and others" : "") + "; push it or configure another")
  }
}
