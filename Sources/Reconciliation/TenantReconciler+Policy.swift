import Catalog
import Concurrency
import Deployment
import GitStore
import Logging
import UtilityModel
import Validation

extension TenantReconciler {
  /// Plans what policy lets through: where the approved branch's tip is held, what runs stays, and
  /// everything else goes on.
  func prepareAllowed(
    _ repository: OpenRepository, heads: GitObserver.Heads
  ) async throws -> PreparedSync {
    let applied = statuses[approvedName]?.applied.flatMap { Revision($0)?.commit }
    guard let head = heads.approved, let applied else {
      return try await prepare(repository, heads: heads)
    }
    var allowed = heads
    var held = heads.held
    if held == nil {
      let prepared = try await prepare(repository, heads: heads)
      held = removalHold(prepared, head: head)
      guard held != nil else { return prepared }
    }
    allowed.approved = applied
    var prepared = try await prepare(repository, heads: allowed)
    prepared.held = held.map {
      PreparedSync.Hold(revision: Revision(branch: approvedName, commit: head), reason: $0)
    }
    return prepared
  }

  /// Why a plan removes too much at once, or nil.
  func removalHold(_ prepared: PreparedSync, head: ObjectID) -> HeldRevision? {
    let status = statuses[approvedName]
    guard status?.applied != nil, status?.approval?.subject != head.hex else { return nil }
    let removed = prepared.plan.changes.filter {
      $0.kind == .remove && $0.old?.status == .active && $0.branch == approvedName
    }
    guard !removed.isEmpty else { return nil }
    return RevisionGate.hold(
      removed: removed.map(\.name),
      live: prepared.input.observed.all.count { $0.status == .active }, head: head,
      policy: context.settings.policy.tightened(by: prepared.input.approved.settings.policy),
      tenant: tenant.rawValue)
  }

  /// Tells of a hold and changes nothing else: the repository lost what runs.
  func recordHold(_ heads: GitObserver.Heads, started: Int64) async throws -> Bool {
    guard let head = heads.approved, let held = heads.held else { return false }
    var status = statuses[approvedName] ?? BranchStatus(branch: approvedName)
    markHeld(
      &status,
      PreparedSync.Hold(revision: Revision(branch: approvedName, commit: head), reason: held),
      started: started, duration: 0)
    try await context.store.record([status], of: tenant)
    statuses[approvedName] = status
    show()
    return false
  }

  /// Turns the status of what runs into that of what is held.
  func markHeld(
    _ status: inout BranchStatus, _ hold: PreparedSync.Hold, started: Int64, duration: Double
  ) {
    let revision = hold.revision.description
    if status.phase != .held || status.observed != revision {
      logger.warning(
        "revision held",
        metadata: ["revision": "\(revision)", "reason": "\(hold.reason.reason)"])
    }
    status.observed = revision
    status.attempted = revision
    status.phase = .held
    status.report = SyncReport(
      revision: revision, startedAt: started, duration: duration,
      quarantined: status.report?.quarantined ?? [], findings: status.report?.findings ?? [],
      held: hold.reason)
  }

  // MARK: Operators

  /// Lets a held revision through at the next look.
  ///
  /// `commit` must be the approved branch's tip, and held. Throws `SyncError` where it is not, or
  /// `CatalogError`.
  public func approve(_ commit: ObjectID, actor: String, reason: String) async throws {
    try await inTurn {
      try self.checkIsThere()
      guard var status = self.statuses[self.approvedName], status.phase == .held,
        let observed = status.observed.flatMap({ Revision($0)?.commit })
      else {
        throw SyncError(
          description: "no revision of tenant \(self.tenant) is held: there is nothing to approve")
      }
      guard observed == commit else {
        throw SyncError(
          description: "\(commit.hex.prefix(12)) is not held; \(observed.hex.prefix(12)) is: "
            + "approve that one")
      }
      let now = WallClock.milliseconds()
      status.approval = OperatorDecision(
        subject: commit.hex, actor: actor, reason: reason, at: now)
      try await self.decide(
        status,
        AuditRecord(
          at: now, tenantcode: self.tenant.rawValue, actor: actor, action: .approve,
          subject: status.observed ?? "", reason: reason, before: status.applied ?? "",
          after: status.observed ?? ""))
    }
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
      try await self.context.store.setStatus(.suspended, of: self.tenant)
      self.state = .suspended
      try await self.decide(
        status,
        AuditRecord(
          at: now, tenantcode: self.tenant.rawValue, actor: actor, action: .suspend, subject: "",
          reason: reason, before: before, after: SyncPhase.suspended.rawValue),
        besides: self.others(in: .suspended))
    }
  }

  /// Takes a suspension back; the next look catches up. Throws `SyncError` or `CatalogError`.
  public func resume(actor: String, reason: String) async throws {
    try await inTurn {
      try self.checkIsThere()
      guard var status = self.statuses[self.approvedName], status.suspension != nil else {
        throw SyncError(description: "tenant \(self.tenant) is not suspended")
      }
      status.suspension = nil
      status.phase = .syncing
      try await self.context.store.setStatus(.active, of: self.tenant)
      self.state = .active
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

  /// Where a suspended tenant stands.
  func suspended() -> Outcome {
    for branch in statuses.keys { statuses[branch]?.phase = .suspended }
    show()
    return Outcome(branches: sorted(statuses), retryAfter: nil, changed: false)
  }

  func decide(
    _ status: BranchStatus, _ record: AuditRecord, besides others: [BranchStatus] = []
  ) async throws {
    // The record first: a decision that takes effect is never without one.
    try await context.store.append([record])
    try await context.store.record([status] + others, of: tenant)
    for status in [status] + others { statuses[status.branch] = status }
    show()
    logger.notice(
      "decided",
      metadata: [
        "action": "\(record.action.rawValue)", "actor": "\(record.actor)",
        "reason": "\(record.reason)",
      ])
  }

  /// What a sync adds to the audit: newly held, quarantined and removed.
  func auditRecords(
    _ prepared: PreparedSync, next: [String: BranchStatus], now: Int64
  ) -> [AuditRecord] {
    func record(
      _ action: AuditRecord.Action, _ subject: String, _ reason: String, before: String,
      after: String
    ) -> AuditRecord {
      AuditRecord(
        at: now, tenantcode: tenant.rawValue, actor: AuditRecord.agent, action: action,
        subject: subject, reason: reason, before: before, after: after)
    }
    var records: [AuditRecord] = []
    if let hold = prepared.held {
      let revision = hold.revision.description
      let former = statuses[approvedName]
      if former?.phase != .held || former?.observed != revision {
        records.append(
          record(
            .hold, revision, hold.reason.reason, before: former?.applied ?? "", after: revision))
      }
    }
    for (branch, status) in next.sorted(by: { $0.key < $1.key }) {
      let known = Set(statuses[branch]?.report?.quarantined ?? [])
      for utility in status.report?.quarantined ?? []
      where !known.contains(utility) && !utility.awaitsPackages {
        let finding = utility.findings.first { $0.severity == .high } ?? utility.findings.first
        records.append(
          record(
            .quarantine, "\(branch)/\(utility.name)",
            finding.map { "\($0.path):\($0.line): \($0.rule): \($0.message)" } ?? "",
            before: prepared.input.observed.entries(named: utility.name)
              .first { $0.status != .inactive }?.sync.revision ?? "",
            after: status.attempted ?? ""))
      }
    }
    for (name, rollback) in rollbacks.sorted(by: { $0.key < $1.key })
    where rollback.state != .ending && prepared.rollbacks[name] == nil {
      records.append(
        record(
          .rollback, "\(approvedName)/\(name)",
          "a newer commit touches it: the rollback by \(rollback.actor) has ended",
          before: Revision(branch: approvedName, commit: rollback.provenance.commit).description,
          after: next[approvedName]?.applied ?? ""))
    }
    for change in prepared.plan.changes where change.kind == .remove {
      records.append(
        record(
          .remove, "\(change.branch)/\(change.name)",
          "it is not in the repository any more", before: change.old?.sync.revision ?? "",
          after: change.new?.sync.revision ?? ""))
    }
    return records
  }
}
