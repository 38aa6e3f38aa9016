import Catalog
import GitStore
import UtilityModel
import Validation

extension TenantReconciler {
  // MARK: Carrying out

  /// The rollbacks of the approved branch as they are decided, ending ones included.
  var rollbacks: [String: UtilityRollback] { statuses[approvedName]?.rollbacks ?? [:] }

  /// The rollbacks that stay in force at `head`.
  func rollbacksInForce(
    _ repository: OpenRepository, at head: ObjectID
  ) async throws -> [String: UtilityRollback] {
    let known = rollbacks
    guard !known.isEmpty else { return [:] }
    let applied = statuses[approvedName]?.applied.flatMap { Revision($0)?.commit }
    return try await context.pool.run {
      try repository.read { (handle) throws(GitError) in
        let isThere = applied.map { RevisionGate.isThere($0, in: handle) } ?? false
        return try RollbackOverlay.inForce(
          known, head: head, applied: isThere ? applied : nil, in: handle)
      }
    }
  }

  /// Adds what is rolled back, and who last changed what is or was.
  func addRollbacks(
    _ input: inout PlanInput, _ repository: OpenRepository, inForce: [String: UtilityRollback]
  ) async throws {
    input.rollbacks = inForce.mapValues(\.stamp)
    for (name, rollback) in inForce {
      input.provenance[approvedName, default: [:]][name] = rollback.provenance
    }
    // Of what has ended the catalog has the earlier version's provenance.
    let ended = rollbacks.filter { inForce[$0.key] == nil }
    guard !ended.isEmpty else { return }
    let head = input.approved.revision.commit
    var units: [String: [String]] = [:]
    for (name, rollback) in ended {
      let version = input.approved.utilities[name]
      units[name] =
        version.map { [$0.path, $0.sidecarPath] } ?? rollback.replaced.map(\.path)
    }
    let wanted = units
    let found = try await context.pool.run {
      try repository.read { (handle) throws(GitError) in
        try handle.lastChanges(branchTip: head, units: wanted)
      }
    }
    input.provenance[approvedName, default: [:]].merge(found) { _, new in new }
    input.scope?.formUnion(ended.keys)
  }

  // MARK: Deciding

  /// Puts an earlier version of a utility back at the next look: that of `revision`, or the newest
  /// good one before what is served.
  ///
  /// The version that the branch has ends a rollback. Throws `SyncError` where there is nothing to
  /// put back, with the reason; `GitError`, or `CatalogError`.
  public func rollBack(
    _ name: String, to revision: String?, at path: String, actor: String, reason: String
  ) async throws {
    try await inTurn {
      try await self.withRepository(path) { repository in
        guard var status = self.statuses[self.approvedName],
          let applied = status.applied.flatMap({ Revision($0)?.commit })
        else { throw SyncError(description: "nothing of tenant \(self.tenant) is applied yet") }
        guard status.suspension == nil else {
          throw SyncError(
            description: "tenant \(self.tenant) is suspended: resume it first, then roll back")
        }
        var rollback = try await self.earlierVersion(
          of: name, revision: revision, applied: applied, repository)
        (rollback.actor, rollback.reason) = (actor, reason)
        let former = status.rollbacks?[name]
        status.rollbacks = (status.rollbacks ?? [:]).merging([name: rollback]) { $1 }
        self.judges = [:]
        let before = former ?? nil
        try await self.decide(
          status,
          AuditRecord(
            at: rollback.at, tenantcode: self.tenant.rawValue, actor: actor, action: .rollback,
            subject: "\(self.approvedName)/\(name)", reason: reason,
            before: before.map { self.written($0.provenance) } ?? (status.applied ?? ""),
            after: rollback.state == .ending
              ? status.applied ?? "" : self.written(rollback.provenance)))
      }
    }
  }

  private func written(_ provenance: Provenance) -> String {
    Revision(branch: approvedName, commit: provenance.commit).description
  }

  /// What a rollback of that name and revision puts back.
  private func earlierVersion(
    of name: String, revision: String?, applied: ObjectID, _ repository: OpenRepository
  ) async throws -> UtilityRollback {
    let (branch, known) = (approvedName, rollbacks)
    let search = try await context.pool.run {
      try repository.read { (handle) throws(GitError) in
        try RollbackSearch(
          name: name, revision: revision, branch: branch, applied: applied, known: known,
          lineage: UtilityLineage(path: repository.path), in: handle)
      }
    }
    if let problem = search.problem { throw SyncError(description: problem) }
    if let ending = search.ending { return ending }
    let others = known.filter { $0.key != name && $0.value.state != .ending }
    var judge = BranchJudge(
      revision: Revision(branch: branch, commit: applied),
      mediumPolicy: context.settings.mediumPolicy, packages: context.settings.packages,
      settings: statuses[branch]?.settings)
    var before: [String: UtilityRollback]?
    var refusal = ""
    for candidate in search.candidates {
      let wanted = others.merging([name: candidate]) { $1 }
      let former = before
      let changes = try await context.pool.run {
        try repository.read { (handle) throws(GitError) in
          let changes =
            former == nil ? try GitObserver.changes(in: handle, from: nil, to: applied) : []
          return try RollbackOverlay.applied(
            to: changes, head: applied, from: former ?? [:], to: wanted, in: handle)
        }
      }
      before = wanted
      _ = try await judge.update(
        to: judge.state.revision, changes: changes, validator: context.validator,
        reading: { repository })
      if let version = judge.state.utilities[name] {
        if !version.metadata.draft { return candidate }
        refusal = "it was a draft there"
      } else {
        let findings = judge.state.refused[name]?.findings ?? []
        let finding = findings.first { $0.severity == .high } ?? findings.first
        refusal =
          finding.map { "it is refused: \($0.path):\($0.line): \($0.rule): \($0.message)" }
          ?? "it is no utility there"
      }
      if revision != nil {
        throw SyncError(
          description: "`\(name)` cannot be rolled back to \(candidate.revision): \(refusal); "
            + "choose another revision (`git log \(branch) -- \(candidate.files[0].path)`)")
      }
    }
    throw SyncError(
      description: "no earlier good version of `\(name)` is on `\(branch)`"
        + (refusal.isEmpty ? "" : " (the last one looked at: \(refusal))")
        + ": repair it with a commit")
  }
}
