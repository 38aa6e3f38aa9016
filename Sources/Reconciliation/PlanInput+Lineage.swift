import Concurrency
import GitStore
import Logging
import UtilityModel

extension PlanInput {
  /// Adds what the history between the applied revisions and the heads says of the names.
  ///
  /// - `applied`: the applied commits by branch, nil where the repository has lost it.
  /// - `isStep`: every branch that moved stands on a child of its applied commit.
  /// - `touched`: how many names may have changed, nil for any. One name that changed in one commit,
  ///   or in a merge of commits that touched no other, is mistaken for none: no names are read then.
  ///
  /// Where the history is too long the lineage stays nil, a note says so, and the end trees decide.
  /// Throws `GitError`.
  mutating func addLineage(
    from repository: OpenRepository, applied: [String: ObjectID?], isStep: Bool, touched: Int?,
    pool: BlockingPool,
    logger: Logger
  ) async throws {
    if isStep, let touched, touched <= 1,
      try await isPlain(applied, in: repository, pool: pool)
    {
      return
    }
    let names = AppliedNames(self)
    let main = self.approved.revision
    let branches = [
      RenameHistory.Branch(
        name: main.branch, applied: applied[main.branch] ?? nil,
        isLost: applied[main.branch] == .some(nil), head: main.commit,
        id: { names.approvedID($0) }, removedID: { names.removedID($0) }),
      RenameHistory.Branch(
        name: trialBranch, applied: applied[trialBranch] ?? nil,
        isLost: applied[trialBranch] == .some(nil), head: trial?.revision.commit,
        id: { names.trialID($0) }, removedID: { names.removedID($0) }),
    ]
    do {
      lineage = try await pool.run { try RenameHistory.lineage(of: branches, in: repository) }
    } catch let error as GitError where error.code == .tooLarge {
      historyNotes.append(
        SyncNote(
          name: "",
          message: "more than \(RenameHistory.limit) commits to go through: renames were looked "
            + "for between the applied and the new tree alone"))
      logger.notice("the history is too long to follow renames in", metadata: ["error": "\(error)"])
    }
    if let lineage { scope?.formUnion(lineage.touched) }
  }

  /// Whether a merge at the head of a branch brings nothing that touched another name on the way.
  private func isPlain(
    _ applied: [String: ObjectID?], in repository: OpenRepository, pool: BlockingPool
  ) async throws -> Bool {
    let moves = [approved, trial].compactMap { $0?.revision }.compactMap { revision in
      (applied[revision.branch] ?? nil).map { (head: revision.commit, applied: $0) }
    }
    return try await pool.run {
      try repository.read { (git) throws(GitError) in
        for (head, applied) in moves where head != applied {
          guard try git.node(head).parents.count > 1 else { continue }
          if try !HistoryRegion.touchesOneName(head: head, applied: applied, in: git) {
            return false
          }
        }
        return true
      }
    }
  }
}

extension PlanInput {
  /// Adds who last changed the files of entries that come up although their branch did not change
  /// them: a draft of a branch that the other one left behind, say.
  ///
  /// Looks back along the first parents until it has met those files' last changes, and no further
  /// than `RenameHistory.limit` of them: a note says whose author is not known then. Throws `GitError`.
  mutating func addMissingProvenance(
    from repository: OpenRepository, pool: BlockingPool
  ) async throws {
    let names = Planner.names(of: self)
    for branch in [approved, trial].compactMap({ $0 }) {
      let isTrial = branch.revision.branch == trial?.revision.branch
      var units: [String: [String]] = [:]
      for name in names {
        guard let version = branch.utilities[name],
          provenance[branch.revision.branch]?[name] == nil
        else { continue }
        if isTrial, let same = approved.utilities[name], same.blob == version.blob,
          same.sidecarBlob == version.sidecarBlob
        {
          continue
        }
        let isThere = observed.entries(named: name).contains { entry in
          entry.status != .inactive && entry.sync.branch == branch.revision.branch
            && entry.sync.blob == version.blob.hex && entry.metahash == version.metahash.hex
            && entry.sync.path == version.path
        }
        if !isThere { units[name] = [version.path, version.sidecarPath] }
      }
      guard !units.isEmpty else { continue }
      let (tip, wanted) = (branch.revision.commit, units)
      let found = try await pool.run {
        try repository.read { (handle) throws(GitError) in
          try handle.recentChanges(branchTip: tip, units: wanted, limit: RenameHistory.limit)
        }
      }
      for name in wanted.keys.sorted() where found[name] == nil {
        historyNotes.append(
          SyncNote(
            name: name,
            message: "the last change of `\(name)` on `\(branch.revision.branch)` lies more than "
              + "\(RenameHistory.limit) commits back: its entry names the branch's head and no "
              + "author until it changes"))
      }
      provenance[branch.revision.branch, default: [:]].merge(found) { known, _ in known }
    }
  }
}
