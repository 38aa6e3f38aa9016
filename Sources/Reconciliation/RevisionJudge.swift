import GitStore
import UtilityModel
import Validation

/// Judges a revision of a repository without a catalog: `validate`.
public enum RevisionJudge {
  /// The judged state, and the names that changed since `base` where one is given.
  ///
  /// Throws `GitError` or `CheckerError`.
  public static func judge(
    repo: String, revision: String, base: String?, policy: MediumPolicy, validator: Validator
  ) async throws -> (state: BranchState, names: Set<String>?) {
    let reading: BlobReaderFactory = { try GitBlobReader(path: repo) }
    let handle = try RepositoryHandle(path: repo)
    let tip = try handle.resolve(revision)
    var judge = BranchJudge(
      revision: Revision(branch: revision, commit: tip), mediumPolicy: policy)
    var from: ObjectID?
    if let base {
      let start = try handle.resolve(base)
      _ = try await judge.update(
        to: Revision(branch: base, commit: start),
        changes: try GitObserver.changes(at: repo, from: nil, to: start), validator: validator,
        reading: reading)
      from = start
    }
    let update = try await judge.update(
      to: Revision(branch: revision, commit: tip),
      changes: try GitObserver.changes(at: repo, from: from, to: tip), validator: validator,
      reading: reading)
    return (judge.state, base == nil ? nil : update.names)
  }
}
