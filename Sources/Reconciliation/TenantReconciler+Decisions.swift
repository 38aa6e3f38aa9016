import Catalog
import Concurrency
import GitStore
import Logging
import UtilityModel

extension TenantReconciler {
  /// Where a commit is that an operator lets through.
  private enum Place { case absent, elsewhere, onBranch }

  /// Lets the revision that `sha` names through at the next look: the one that is held, or, ahead of
  /// its push, one that the approved branch of the repository at `path` does not have yet.
  ///
  /// Counts for that commit alone, until it or another revision is applied. A `pre-receive` hook is
  /// told at once. Throws `SyncError` where there is nothing to approve, `GitError`, or
  /// `CatalogError`.
  public func approve(
    _ sha: String, at path: String, actor: String, reason: String
  ) async throws {
    try await inTurn {
      try self.checkIsThere()
      try await self.withRepository(path) { repository in
        let (commit, place) = try await self.locate(sha, repository)
        var status = try self.approvable(commit, place)
        let now = WallClock.milliseconds()
        let revision = Revision(branch: self.approvedName, commit: commit).description
        status.approval = OperatorDecision(
          subject: commit.hex, actor: actor, reason: reason, at: now)
        try await self.decide(
          status,
          AuditRecord(
            at: now, tenantcode: self.tenant.rawValue, actor: actor, action: .approve,
            subject: revision, reason: reason, before: status.applied ?? "", after: revision))
        guard place != .onBranch, let problem = await self.publishApproval(repository) else {
          return
        }
        throw SyncError(
          description: "the approval is recorded, but the pre-receive hook cannot be told: "
            + problem)
      }
    }
  }

  /// The commit that `sha` names, and where it is. All 40 digits name one that is not there yet.
  ///
  /// A branch or a tag that is called like an id is not looked for: who may push one does not say what
  /// is approved.
  private func locate(
    _ sha: String, _ repository: OpenRepository
  ) async throws -> (ObjectID, Place) {
    let branch = approvedName
    return try await context.pool.run {
      try repository.read { (handle) throws(GitError) in
        guard let commit = try handle.commit(named: sha) else {
          guard let commit = ObjectID(hex: sha), sha.contains(where: { $0 != "0" }) else {
            throw GitError(
              "approve a commit", .notFound, subject: "repository \(repository.path)",
              cause: "no commit's id begins with `\(sha)`; all 40 digits approve a commit ahead "
                + "of its push")
          }
          return (commit, .absent)
        }
        let tip = try handle.commit(ofBranch: branch)
        let isOnBranch = if let tip { try handle.isAncestor(commit, of: tip) } else { false }
        return (commit, isOnBranch ? .onBranch : .elsewhere)
      }
    }
  }

  /// The approved branch's status where `commit` may be let through; throws `SyncError` elsewhere.
  private func approvable(_ commit: ObjectID, _ place: Place) throws(SyncError) -> BranchStatus {
    func refusal(_ text: String) -> SyncError { SyncError(description: text) }
    guard let status = statuses[approvedName], let applied = appliedCommit else {
      throw refusal(
        "nothing of tenant \(tenant) is applied yet: its first revision needs no approval")
    }
    guard status.suspension == nil else {
      throw refusal("tenant \(tenant) is suspended: resume it first, then approve")
    }
    if status.phase == .held, let observed = status.observed.flatMap({ Revision($0)?.commit }) {
      guard observed == commit || place == .absent else {
        throw refusal(
          "\(commit.hex.prefix(12)) is not held; \(observed.hex.prefix(12)) is: approve that one")
      }
      return status
    }
    guard place != .onBranch, commit != applied else {
      throw refusal(
        "no revision of tenant \(tenant) is held: there is nothing to approve about "
          + "\(commit.hex.prefix(12)), which `\(approvedName)` has")
    }
    return status
  }

  /// Stops reconciling; what runs goes on running. Throws `SyncError` or `CatalogError`.
  public func suspend(actor: String, reason: String) async throws {
    try await inTurn {
      try self.checkIsThere()
      var status =
        self.statuses[self.approvedName] ?? BranchStatus(branch: self.approvedName)
      guard status.suspension == nil else {
        throw SyncError(description: "tenant \(self.tenant) is suspended already")
      }
      let now = WallClock.milliseconds()
      status.suspension = OperatorDecision(subject: "", actor: actor, reason: reason, at: now)
      let before = status.phase.rawValue
      status.phase = .suspended
      try await self.decide(
        status,
        AuditRecord(
          at: now, tenantcode: self.tenant.rawValue, actor: actor, action: .suspend, subject: "",
          reason: reason, before: before, after: SyncPhase.suspended.rawValue),
        besides: self.others(in: .suspended))
      FaultPoint.reached("suspension.decided")
      try await self.showSuspension()
    }
  }

  /// Takes a suspension back; the next look catches up. Throws `SyncError` or `CatalogError`.
  public func resume(actor: String, reason: String) async throws {
    try await inTurn {
      try self.checkIsThere()
      var status =
        self.statuses[self.approvedName] ?? BranchStatus(branch: self.approvedName)
      guard status.suspension != nil || self.state == .suspended else {
        throw SyncError(description: "tenant \(self.tenant) is not suspended")
      }
      status.suspension = nil
      status.phase = .syncing
      // The tenant's record first: whoever is killed here leaves a suspension that `showSuspension`
      // shows again, and no record that says `suspended` for no reason.
      try await self.context.store.setStatus(.active, of: self.tenant)
      self.state = .active
      FaultPoint.reached("resumption.shown")
      try await self.decide(
        status,
        AuditRecord(
          at: WallClock.milliseconds(), tenantcode: self.tenant.rawValue, actor: actor,
          action: .resume, subject: "", reason: reason, before: SyncPhase.suspended.rawValue,
          after: SyncPhase.syncing.rawValue),
        besides: self.others(in: .syncing))
    }
  }

  /// The branches besides the approved one, in a phase.
  private func others(in phase: SyncPhase) -> [BranchStatus] {
    statuses.values.filter { $0.branch != approvedName }.map { status in
      var status = status
      status.phase = phase
      return status
    }
  }

  /// Has the tenant's record say that it is suspended: the branch's status decides. Throws
  /// `CatalogError`.
  func showSuspension() async throws {
    guard state != .suspended else { return }
    try await context.store.setStatus(.suspended, of: tenant)
    state = .suspended
    show()
  }

  /// Where a suspended tenant stands.
  func suspended() -> Outcome {
    for branch in statuses.keys { statuses[branch]?.phase = .suspended }
    show()
    return Outcome(branches: sorted(statuses), retryAfter: nil, changed: false)
  }

  /// Records a decision and what it changes, both or neither. Throws `CatalogError`.
  func decide(
    _ status: BranchStatus, _ record: AuditRecord, besides others: [BranchStatus] = []
  ) async throws {
    let decided = [status] + others
    try await context.store.record(decided, of: tenant, audit: [record])
    for status in decided { statuses[status.branch] = status }
    show()
    logger.notice(
      "decided",
      metadata: [
        "action": "\(record.action.rawValue)", "actor": "\(record.actor)",
        "reason": "\(record.reason)",
      ])
  }
}

extension CatalogStore {
  /// Records branches and what tells of them: both or neither.
  func record(
    _ statuses: [BranchStatus], of tenant: TenantCode, audit: [AuditRecord]
  ) async throws(CatalogError) {
    _ = try await apply(CatalogChange(tenant: tenant, statuses: statuses, audit: audit)) { _ in [] }
  }
}
