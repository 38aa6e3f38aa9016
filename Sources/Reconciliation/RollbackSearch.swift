import Concurrency
import GitStore
import UtilityModel

/// The versions of a utility that a rollback may put back, as git has them. Blocks.
struct RollbackSearch: Sendable {
  /// The versions, the wanted one first; not judged yet.
  private(set) var candidates: [UtilityRollback] = []
  /// The rollback in force, to be ended: the branch has the wanted version.
  private(set) var ending: UtilityRollback?
  /// Why there is nothing to put back, or nil.
  private(set) var problem: String?

  /// How many earlier versions are looked at where none is named.
  private static let depth = 50

  /// Looks for `revision`, or for what was before that which is served. `lineage` tells the utility
  /// from others that had its name. Throws `GitError`.
  init(
    name: String, revision: String?, branch: String, applied: ObjectID,
    known: [String: UtilityRollback], lineage: UtilityLineage,
    in handle: borrowing RepositoryHandle
  ) throws(GitError) {
    let present = try RollbackOverlay.files(of: [name], at: applied, in: handle)[name] ?? []
    guard Self.has(name, present) else {
      problem =
        "`\(branch)` has no utility `\(name)`: what is removed comes back with a commit, "
        + "`git revert` for one"
      return
    }
    let current = RollbackOverlay.recorded(present)
    let former = known[name].flatMap { $0.state == .ending ? nil : $0 }
    func version(_ commit: ObjectID) throws(GitError) -> UtilityRollback? {
      let files = try RollbackOverlay.files(of: [name], at: commit, in: handle)[name] ?? []
      guard Self.has(name, files), files.allSatisfy({ GitObserver.entry($0).kind == .file }),
        let provenance = try handle.lastChanges(
          branchTip: commit, units: [name: files.map(\.path)])[name]
      else { return nil }
      return UtilityRollback(
        revision: Revision(branch: branch, commit: commit).description,
        files: RollbackOverlay.recorded(files), provenance: provenance,
        insteadOf: Revision(branch: branch, commit: applied).description, replaced: current,
        actor: "", reason: "", at: WallClock.milliseconds())
    }
    guard let revision else {
      let path = (former?.files ?? current).first { $0.path.hasSuffix(".py") }?.path ?? ""
      let served = former?.files ?? current
      for entry in try lineage.lineage(
        of: path, from: former?.provenance.commit ?? applied, limit: Self.depth, in: handle
      ).entries {
        guard let version = try version(entry.commit.id), version.files != served,
          version.files != current, candidates.last?.files != version.files,
          version.files.contains(where: { $0.path == entry.path && $0.blob == entry.blob })
        else { continue }
        candidates.append(version)
      }
      return
    }
    let commit: ObjectID
    do throws(GitError) {
      commit = try handle.resolve(Revision(revision)?.commit.hex ?? revision)
    } catch {
      guard [.notFound, .other, .corrupt].contains(error.code) else { throw error }
      problem = "\(error)"
      return
    }
    guard try handle.isAncestor(commit, of: applied) else {
      problem =
        "\(commit.hex.prefix(12)) is not on `\(branch)` up to \(applied.hex.prefix(12)), which is "
        + "applied: only what was on the approved branch can be put back"
      return
    }
    guard var wanted = try version(commit) else {
      problem =
        "\(commit.hex.prefix(12)) has no utility `\(name)`: "
        + "`git log --follow \(branch) -- \(current.first?.path ?? "utils")` lists where it is"
      return
    }
    let own = try present.first { $0.path.hasSuffix(".py") }.map {
      (file) throws(GitError) -> ObjectID? in
      try lineage.blob(of: file.path, from: applied, at: commit, in: handle)
    }
    guard let own, wanted.files.contains(where: { $0.blob == own }) else {
      problem =
        "at \(commit.hex.prefix(12)) `\(name)` was another utility, which has another name or is "
        + "gone by now: only versions of this one can be put back"
      return
    }
    if wanted.files == current {
      wanted.state = .ending
      if former != nil {
        ending = wanted
      } else {
        problem =
          "`\(name)` is at that version already: `\(branch)` has the same files as "
          + "\(commit.hex.prefix(12))"
      }
    } else if wanted.files == former?.files {
      problem = "`\(name)` is rolled back to that version already"
    } else {
      candidates = [wanted]
    }
  }

  /// Whether these are files of a utility that is spelled like that.
  private static func has(_ name: String, _ files: [TreeFile]) -> Bool {
    files.contains { $0.path == "utils/\(name).py" || $0.path.hasSuffix("/\(name).py") }
  }
}
