import Catalog
import Concurrency
import Deployment
import GitStore
import Logging
import UtilityModel
import Validation

extension TenantReconciler {
  // MARK: Provenance and renames

  /// The applied commit of each branch, nil where the repository has lost it.
  func appliedCommits(
    _ approved: JudgedBranch, _ trial: JudgedBranch?
  ) -> [String: ObjectID?] {
    var commits: [String: ObjectID?] = [:]
    for (branch, judged) in [(approvedName, approved), (trialName, trial)] {
      guard let applied = statuses[branch]?.applied.flatMap({ Revision($0)?.commit }) else {
        continue
      }
      commits[branch] = .some(judged == nil ? applied : judged?.known)
    }
    return commits
  }

  /// How many names may have changed, nil for any.
  func touched(_ approved: JudgedBranch, _ trial: JudgedBranch?) -> Int? {
    guard let names = approved.names, (trial == nil) == (statuses[trialName] == nil) else {
      return nil
    }
    guard let trial else { return names.count }
    return trial.names.map { $0.union(names).count }
  }

  /// Adds who last changed what. Gives whether every branch that moved stands on a child of its
  /// applied commit.
  func addProvenance(
    _ input: inout PlanInput, _ repository: OpenRepository, _ approved: JudgedBranch,
    _ trial: JudgedBranch?
  ) async throws -> Bool {
    var isStep = true
    for (branch, judged) in [(approvedName, approved), (trialName, trial)] {
      guard let judged else { continue }
      let tip = judged.judge.state.revision.commit
      guard tip != judged.known else { continue }
      let known = judged.known
      var names = judged.names
      // Commits in between may have changed files and changed them back.
      if let known, judged.parent != known { names = nil }
      if names == nil || known == nil { isStep = false }
      let units = Self.units(
        of: names, branch: branch, state: judged.judge.state,
        besides: branch == trialName ? input.approved : nil, index: input.observed)
      guard !units.isEmpty else { continue }
      let provenance = try await context.pool.run {
        try repository.read { (handle) throws(GitError) in
          try handle.lastChanges(branchTip: tip, units: units, known: known)
        }
      }
      input.provenance[branch] = provenance
      if names == nil { input.scope?.formUnion(provenance.keys) }
    }
    return isStep
  }

  /// The files of each name, for the names given or for all of a branch.
  ///
  /// Of the trial branch only those that differ from the approved one: the rest has no entry.
  static func units(
    of names: Set<String>?, branch: String, state: BranchState, besides approved: BranchState?,
    index: EntryIndex
  ) -> [String: [String]] {
    var units: [String: [String]] = [:]
    func add(_ name: String) {
      if let version = state.utilities[name] {
        if let same = approved?.utilities[name], same.blob == version.blob,
          same.sidecarBlob == version.sidecarBlob
        {
          return
        }
        units[name] = [version.path, version.sidecarPath]
      } else if let refusal = state.refused[name] {
        units[name] = files(refusal.path)
      } else {
        for entry in index.entries(named: name)
        where entry.sync.branch == branch && entry.status != .inactive {
          units[name] = files(entry.sync.path)
        }
      }
    }
    if let names {
      for name in names { add(name) }
    } else {
      for name in state.utilities.keys { add(name) }
      for name in state.refused.keys { add(name) }
      for name in index.names { add(name) }
    }
    return units
  }

  static func files(_ path: String) -> [String] {
    guard let dot = path.lastIndex(of: ".") else { return [path] }
    return [".py", ".yaml", ".yml"].map { path[..<dot] + $0 }
  }

  func addRenames(_ input: inout PlanInput, _ repository: OpenRepository) async throws {
    let index = input.observed
    let names =
      input.scope
      ?? Set(index.names).union(input.approved.utilities.keys)
      .union(input.approved.refused.keys).union(input.trial?.utilities.keys.map { $0 } ?? [])
    func present(_ name: String, _ branch: BranchState?) -> Bool {
      branch?.utilities[name] != nil || branch?.refused[name] != nil
    }
    var fresh: [String: ObjectID] = [:]
    var gone: [String: ObjectID] = [:]
    for name in names {
      let onApproved = present(name, input.approved)
      let onTrial = present(name, input.trial)
      if let id = index.liveID(name) {
        let entry = index[id, .active] ?? index[id, .draft]
        let left = !onApproved && !onTrial || (input.trial != nil && onApproved && !onTrial)
        if left, let blob = entry.flatMap({ ObjectID(hex: $0.sync.blob) }) { gone[name] = blob }
      } else if onApproved || onTrial {
        fresh[name] =
          input.approved.utilities[name]?.blob ?? input.approved.refused[name]?.blob
          ?? input.trial?.utilities[name]?.blob
      }
    }
    guard !fresh.isEmpty, !gone.isEmpty else { return }
    let (candidatesFor, candidatesFrom) = (fresh, gone)
    input.renames = try await context.pool.run {
      try repository.read { (handle) throws(GitError) in
        try GitObserver.renames(in: handle, fresh: candidatesFor, gone: candidatesFrom)
      }
    }
  }
}
