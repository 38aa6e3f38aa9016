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
      held = try await removalHold(prepared, head: head)
      guard held != nil else { return prepared }
    }
    allowed.approved = applied
    var prepared = try await prepare(repository, heads: allowed)
    prepared.held = held.map {
      PreparedSync.Hold(revision: Revision(branch: approvedName, commit: head), reason: $0)
    }
    return prepared
  }

  /// Why a plan takes too much out of the live catalog at once, or nil. What the trial branch still
  /// has, and what becomes a draft, goes too. Throws `GitError`.
  func removalHold(
    _ prepared: PreparedSync, head: ObjectID
  ) async throws -> HeldRevision? {
    let status = statuses[approvedName]
    guard let applied = appliedCommit, status?.approval?.subject != head.hex else { return nil }
    let withdrawn = prepared.plan.withdrawn(from: prepared.input.observed)
    guard !withdrawn.isEmpty else { return nil }
    let (repository, settings, inForce) = (
      prepared.repository, context.settings, status?.settings
    )
    let policy = try await context.pool.run {
      try repository.read { (handle) throws(GitError) in
        try RevisionGate.tightened(
          settings.policy, at: applied, settings: inForce, in: handle)
      }
    }
    return RevisionGate.hold(
      removed: withdrawn.map(\.name),
      live: prepared.input.observed.all.count { $0.status == .active }, head: head,
      policy: policy, tenant: tenant.rawValue)
  }

  /// Tells of a hold and changes nothing else: the repository lost what runs.
  func recordHold(_ heads: GitObserver.Heads, started: Int64) async throws -> Bool {
    guard let head = heads.approved, let held = heads.held else { return false }
    var status = statuses[approvedName] ?? BranchStatus(branch: approvedName)
    let hold = PreparedSync.Hold(
      revision: Revision(branch: approvedName, commit: head), reason: held)
    markHeld(&status, hold, started: started, duration: 0)
    var next = [status]
    // Nothing of the trial branch can be told without what runs on the approved one.
    if let trial = heads.trial, trial != appliedTrial {
      var waiting = statuses[trialName] ?? BranchStatus(branch: trialName)
      let reason = HeldRevision(
        reason: "it waits for `\(approvedName)`, which is held", rule: held.rule)
      markHeld(
        &waiting,
        PreparedSync.Hold(revision: Revision(branch: trialName, commit: trial), reason: reason),
        started: started, duration: 0)
      next.append(waiting)
    }
    try await context.store.record(
      next, of: tenant, audit: holdRecord(hold, now: WallClock.milliseconds()))
    for status in next { statuses[status.branch] = status }
    show()
    return false
  }

  /// The record of a hold, empty where it was told before.
  private func holdRecord(_ hold: PreparedSync.Hold, now: Int64) -> [AuditRecord] {
    let revision = hold.revision.description
    let former = statuses[approvedName]
    guard former?.observed != revision || former?.report?.held != hold.reason else { return [] }
    return [
      AuditRecord(
        at: now, tenantcode: tenant.rawValue, actor: AuditRecord.agent, action: .hold,
        subject: revision, reason: hold.reason.reason, before: former?.applied ?? "",
        after: revision)
    ]
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

  // MARK: Telling

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
    if let hold = prepared.held { records += holdRecord(hold, now: now) }
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
    let removed = prepared.plan.changes.filter { $0.kind == .remove }
    for change in removed {
      records.append(
        record(
          .remove, "\(change.branch)/\(change.name)",
          "it is not in the repository any more", before: change.old?.sync.revision ?? "",
          after: change.new?.sync.revision ?? ""))
    }
    let told = Set(removed.compactMap { $0.old?.key })
    for entry in prepared.plan.withdrawn(from: prepared.input.observed)
    where !told.contains(entry.key) {
      records.append(
        record(
          .remove, "\(approvedName)/\(entry.name)", "it is a draft from now on",
          before: entry.sync.revision, after: next[approvedName]?.applied ?? ""))
    }
    return records
  }
}
