import Concurrency
import GitStore
import UtilityModel
import Validation

/// Judges a revision of a repository without a catalog: `validate`.
public enum RevisionJudge {
  /// The judged state, and the names that changed since `base` where one is given.
  ///
  /// Git is read on `pool`. Throws `GitError` or `CheckerError`.
  public static func judge(
    repo: String, revision: String, base: String?, policy: MediumPolicy, validator: Validator,
    pool: BlockingPool
  ) async throws -> (state: BranchState, names: Set<String>?) {
    let reading: BlobReaderFactory = { try GitBlobReader(path: repo) }
    let (tip, start) = try await pool.run {
      let handle = try RepositoryHandle(path: repo)
      return (try handle.resolve(revision), try base.map { try handle.resolve($0) })
    }
    var judge = BranchJudge(
      revision: Revision(branch: revision, commit: tip), mediumPolicy: policy)
    if let base, let start {
      let changes = try await pool.run {
        try GitObserver.changes(at: repo, from: nil, to: start)
      }
      _ = try await judge.update(
        to: Revision(branch: base, commit: start), changes: changes, validator: validator,
        reading: reading)
    }
    let changes = try await pool.run {
      try GitObserver.changes(at: repo, from: start, to: tip)
    }
    let update = try await judge.update(
      to: Revision(branch: revision, commit: tip), changes: changes, validator: validator,
      reading: reading)
    return (judge.state, base == nil ? nil : update.names)
  }
}
