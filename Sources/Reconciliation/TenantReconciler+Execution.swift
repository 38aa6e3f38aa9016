import Catalog
import Concurrency
import Deployment
import GitStore
import Logging
import UtilityModel
import Validation

extension TenantReconciler {
  // MARK: Executing

  func execute(
    _ prepared: consuming PreparedSync, started: Int64, clock: ContinuousClock.Instant
  ) async throws -> Bool {
    let executor = PlanExecutor(tenant: tenant, context: context, logger: logger)
    let revision = prepared.input.approved.revision
    let active = try await executor.rollOut(
      prepared.releases.active, .active, prepared.repository, for: revision)
    FaultPoint.reached("rollout.active")
    let trial = try await executor.rollOut(
      prepared.releases.trial, .trial, prepared.repository,
      for: prepared.input.trial?.revision ?? revision)
    FaultPoint.reached("rollout.trial")

    let duration = (ContinuousClock.now - clock) / .milliseconds(1)
    var next = newStatuses(
      prepared, active: active, trial: trial, started: started, duration: duration)
    let removed = statuses.keys.filter { next[$0] == nil }
    var change = CatalogChange(
      tenant: tenant, puts: prepared.plan.puts, deletes: prepared.plan.deletes,
      statuses: next.values.sorted { $0.branch < $1.branch }, removedBranches: removed.sorted(),
      audit: auditRecords(prepared, next: next, now: WallClock.milliseconds()))
    if let index = change.statuses.firstIndex(where: { $0.branch == approvedName }) {
      change.statuses[index].catalog = observed?.stamp(after: change).text
      next[approvedName] = change.statuses[index]
    }
    let applied = try await executor.apply(change, prepared.repository)
    FaultPoint.reached("catalog.applied")

    context.snapshots.publish(applied)
    // The plan's reference goes first, so that the index is changed in place.
    prepared.input.observed = EntryIndex()
    observed?.apply(applied)
    statuses = next
    judges = prepared.judges
    hasDrifted = false
    show()
    FaultPoint.reached("snapshot.published")
    try await executor.finish(active: prepared.releases.active, trial: prepared.releases.trial)
    FaultPoint.reached("finished")
    log(prepared, duration: duration)
    return !prepared.plan.isEmpty || headStart != nil
  }

  func newStatuses(
    _ prepared: PreparedSync, active: String, trial: String, started: Int64, duration: Double
  ) -> [String: BranchStatus] {
    var next: [String: BranchStatus] = [:]
    func status(
      _ state: BranchState, release: String, quarantined: [QuarantinedUtility],
      pins: [String: PinnedUtility]
    ) {
      let revision = state.revision.description
      var status = BranchStatus(branch: state.revision.branch)
      status.observed = revision
      status.attempted = revision
      status.applied = revision
      status.release = release
      status.fingerprint = prepared.fingerprint
      status.pins = pins.isEmpty ? nil : pins
      status.report = SyncReport(
        revision: revision, startedAt: started, duration: duration,
        changes: changes(of: prepared, state.revision.branch), quarantined: quarantined,
        findings: FindingLimits.bounded(state.findings, limit: FindingLimits.loose))
      let isWhole = quarantined.isEmpty && status.report?.refusesSettings == false
      status.phase = isWhole ? .synced : .degraded
      status.settings = state.settingsBlob
      status.identities = prepared.plan.identities[status.branch]
      if status.branch == approvedName, !prepared.rollbacks.isEmpty {
        status.rollbacks = prepared.rollbacks.mapValues {
          var rollback = $0
          rollback.state = .applied
          return rollback
        }
      }
      if status.branch == approvedName, !prepared.plan.notes.isEmpty {
        status.report?.notes = prepared.plan.notes
      }
      next[status.branch] = status
    }
    status(
      prepared.input.approved, release: active, quarantined: prepared.plan.quarantined,
      pins: prepared.activePins)
    // An approval ahead of its push is about what runs: another revision ends it.
    if let former = statuses[approvedName], former.applied == next[approvedName]?.applied {
      next[approvedName]?.approval = former.approval
    }
    if let hold = prepared.held, var status = next[approvedName] {
      markHeld(&status, hold, started: started, duration: duration)
      next[approvedName] = status
    }
    if let state = prepared.input.trial {
      status(
        state, release: trial, quarantined: prepared.plan.trialQuarantined,
        pins: prepared.trialPins)
    } else {
      next[approvedName]?.trialRelease = trial.isEmpty ? nil : trial
      if !prepared.trialPins.isEmpty {
        next[approvedName]?.pins = prepared.activePins.merging(prepared.trialPins) { one, _ in one }
      }
    }
    if let problem = prepared.heads.trialProblem {
      var status = next[trialName] ?? BranchStatus(branch: trialName)
      markUnreadable(&status, problem, started: started, duration: duration)
      next[trialName] = status
    }
    return next
  }

  /// Turns the status of what is applied of the trial branch into that of a tip which cannot be read.
  private func markUnreadable(
    _ status: inout BranchStatus, _ problem: GitObserver.TrialProblem, started: Int64,
    duration: Double
  ) {
    let revision = problem.head.map { Revision(branch: trialName, commit: $0).description }
    if statuses[trialName]?.report?.error != problem.reason {
      logger.error("the trial branch cannot be read", metadata: ["error": "\(problem.reason)"])
    }
    status.observed = revision ?? status.observed
    status.attempted = revision ?? status.attempted
    status.phase = .failed
    status.report = SyncReport(
      revision: revision, startedAt: started, duration: duration,
      quarantined: status.report?.quarantined ?? [], findings: status.report?.findings ?? [],
      error: problem.reason)
  }

  /// How many changes of each kind a branch brought, those that were written ahead with them.
  private func changes(of prepared: PreparedSync, _ branch: String) -> [String: Int] {
    let planned = prepared.plan.counts(branch: branch)
    guard let headStart, branch == approvedName else { return planned }
    return planned.merging(headStart.counts, uniquingKeysWith: +)
  }

  func log(_ prepared: PreparedSync, duration: Double) {
    let plan = prepared.plan
    let changes = plan.changes.count + (headStart?.counts.values.reduce(0, +) ?? 0)
    let refused = plan.quarantined.count + plan.trialQuarantined.count
    logger.info(
      "reconciled",
      metadata: [
        "revision": "\(prepared.input.approved.revision)", "changes": "\(changes)",
        "quarantined": "\(refused)", "duration_ms": "\(Int(duration))",
      ])
    for note in plan.notes {
      logger.notice("identity", metadata: ["utility": "\(note.name)", "reason": "\(note.message)"])
    }
    for finding in statuses.values.compactMap(\.report).flatMap(\.settingsFindings) {
      logger.warning(
        "settings refused; the former ones stay in force",
        metadata: [
          "rule": "\(finding.rule)",
          "place": "\(finding.path):\(finding.line):\(finding.column)",
          "reason": "\(finding.message)",
        ])
    }
    for utility in plan.quarantined + plan.trialQuarantined {
      guard
        let finding = utility.findings.first(where: { $0.severity == .high })
          ?? utility.findings.first
      else { continue }
      logger.warning(
        "utility quarantined",
        metadata: [
          "utility": "\(utility.name)", "rule": "\(finding.rule)",
          "place": "\(finding.path):\(finding.line):\(finding.column)",
          "reason": "\(finding.message)",
        ])
    }
  }

  /// Without a repository, what ran goes on running: from the releases on the disk. `onlyWhereNone`
  /// leaves alone what serves another release.
  func serveLastRelease(onlyWhereNone: Bool = false) async throws {
    guard let releases = context.releases else { return }
    let active = statuses[approvedName]?.release ?? ""
    let trial = statuses[trialName]?.release ?? statuses[approvedName]?.trialRelease ?? ""
    let tenant = tenant
    for (kind, hex) in [(RuntimeSlot.Kind.active, active), (.trial, trial)] {
      guard let digest = Digest(hex: hex), await !runs(hex, kind) else { continue }
      let slot = RuntimeSlot(tenant: tenant, kind: kind)
      if onlyWhereNone, await context.runtime.running(slot) != nil { continue }
      let release = try await context.pool.run { try releases.release(digest, of: tenant) }
      guard var release else { continue }
      release.environments = try await PlanExecutor.environments(of: release, in: context)
      _ = try await context.runtime.deploy(release, slot: slot, retiring: [])
    }
  }

  /// The last good versions of refused utilities: as recorded, or as they were just before.
  func pins(
    _ wanted: [String: String], branch: String, state: BranchState, update: BranchJudge.Update,
    index: EntryIndex, statuses kinds: [EntryStatus]
  ) -> [String: PinnedUtility] {
    var pins: [String: PinnedUtility] = [:]
    let recorded = statuses[branch]?.pins ?? statuses[approvedName]?.pins ?? [:]
    for name in wanted.keys {
      if let pin = recorded[name] {
        pins[name] = pin
      } else if let version = update.replaced[name] {
        var modules: [String: PinnedUtility.Module] = [:]
        for path in version.modules {
          let key = PathKey(path)
          if let module = update.replacedModules[key] ?? state.modules[key] {
            modules[path] = .init(blob: module.blob, filehash: module.filehash.hex)
          }
        }
        var pin = PinnedUtility(
          name: name, blob: version.blob, filehash: version.filehash.hex,
          timeout: version.metadata.timeout, modules: modules)
        if !version.metadata.packages.isEmpty {
          pin.packages = version.metadata.packages
          pin.env = PackageEnvironment.digest(of: version.metadata.packages)
        }
        pins[name] = pin
      } else if let entry = index.entries(named: name).first(where: { kinds.contains($0.status) }),
        let blob = ObjectID(hex: entry.sync.blob)
      {
        pins[name] = PinnedUtility(
          name: name, blob: blob, filehash: entry.filehash, timeout: 30, modules: [:])
        if !entry.env.isEmpty {
          pins[name]?.env = entry.env
          pins[name]?.packages = entry.packages
        }
      }
    }
    return pins
  }
}
