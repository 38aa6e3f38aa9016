import Catalog
import Concurrency
import Deployment
import GitStore
import Logging
import UtilityModel
import Validation

/// Brings one tenant's catalog and runtimes to what its repository says.
///
/// `observe -> plan -> execute -> record`, one at a time for a tenant, whoever asks. What it keeps
/// in memory is a cache of what the store and the repository say, and is dropped on any error.
public actor TenantReconciler {
  /// How an attempt ended.
  public struct Outcome: Sendable {
    /// Where the branches stand now.
    public var branches: [BranchStatus]
    /// When to try again, or nil.
    public var retryAfter: Duration?
    /// Whether anything was written.
    public var changed: Bool
  }

  let tenant: TenantCode
  let context: ReconcileContext
  private let turn = Permits(1)
  private var statuses: [String: BranchStatus]
  private var observed: EntryIndex?
  private var judges: [String: BranchJudge] = [:]
  private var failures = 0
  private let logger: Logger

  /// A tenant with the branches that the store has of it.
  public init(tenant: TenantCode, statuses: [BranchStatus], context: ReconcileContext) {
    self.tenant = tenant
    self.context = context
    self.statuses = Dictionary(uniqueKeysWithValues: statuses.map { ($0.branch, $0) })
    var logger = context.logger
    logger[metadataKey: "tenant_code"] = "\(tenant)"
    self.logger = logger
    // What the store says is not known to hold before the first look.
    context.board.set(
      statuses.map { status in
        var status = status
        if status.phase == .synced || status.phase == .degraded { status.phase = .syncing }
        return status
      }, of: tenant)
  }

  /// Looks at the repository at `path` (nil: it is gone) and does what there is to do.
  ///
  /// `force` also looks where nothing seems to have changed. Never throws: a failure is in the
  /// outcome's branches.
  public func reconcile(at path: String?, force: Bool = false) async -> Outcome {
    await turn.withPermit { await self.attempt(path, force: force) }
  }

  /// What a sync would change; changes nothing. Throws what the parts throw.
  public func preview(at path: String, revision: ObjectID? = nil) async throws -> [PlanPreview] {
    try await turn.withPermit { try await self.makePreview(path, revision: revision) }
  }

  private func attempt(_ path: String?, force: Bool) async -> Outcome {
    let started = WallClock.milliseconds()
    let clock = ContinuousClock.now
    var heads: GitObserver.Heads?
    do {
      guard let path else {
        try await serveLastRelease()
        throw SyncError.repositoryGone
      }
      let found = try await observeHeads(path)
      heads = found
      if !force, await isInSync(found) {
        failures = 0
        context.board.set(sorted(statuses), of: tenant)
        return Outcome(branches: sorted(statuses), retryAfter: nil, changed: false)
      }
      let prepared = try await prepare(path, heads: found)
      let changed = try await execute(prepared, started: started, clock: clock)
      failures = 0
      return Outcome(branches: sorted(statuses), retryAfter: nil, changed: changed)
    } catch {
      return await fail(error, heads: heads, started: started, clock: clock)
    }
  }

  // MARK: Observing

  private func observeHeads(_ path: String) async throws -> GitObserver.Heads {
    let settings = context.settings
    let heads = try await context.pool.run {
      try GitObserver.heads(
        at: path, approved: settings.approvedBranch, trial: settings.trialBranch)
    }
    if heads.approved == nil {
      throw SyncError.missingBranch(
        settings.approvedBranch, isEmpty: heads.isEmpty,
        hadIt: statuses[settings.approvedBranch]?.applied != nil)
    }
    return heads
  }

  private var approvedName: String { context.settings.approvedBranch }
  private var trialName: String { context.settings.trialBranch }

  private func addresses() async throws -> (active: ServiceAddress, trial: ServiceAddress) {
    let active = try await context.runtime.address(of: RuntimeSlot(tenant: tenant, kind: .active))
    let trial = try await context.runtime.address(of: RuntimeSlot(tenant: tenant, kind: .trial))
    let template = context.settings.restTemplate
    return (
      ServiceAddress(template: template, service: active.service, port: active.port),
      ServiceAddress(template: template, service: trial.service, port: trial.port)
    )
  }

  /// Whether the applied state is what the heads ask for, and runs.
  private func isInSync(_ heads: GitObserver.Heads) async -> Bool {
    func matches(_ branch: String, _ head: ObjectID?) -> Bool {
      guard let head else { return statuses[branch] == nil }
      guard let status = statuses[branch], [.synced, .degraded].contains(status.phase) else {
        return false
      }
      return status.applied == Revision(branch: branch, commit: head).description
    }
    guard matches(approvedName, heads.approved), matches(trialName, heads.trial),
      let addresses = try? await addresses()
    else { return false }
    let fingerprint = context.settings.fingerprint(
      active: addresses.active, trial: addresses.trial)
    guard statuses[approvedName]?.fingerprint == fingerprint else { return false }
    guard context.releases != nil else { return true }
    let active = statuses[approvedName]?.release ?? ""
    let trial = statuses[trialName]?.release ?? statuses[approvedName]?.trialRelease ?? ""
    guard await runs(active, .active) else { return false }
    return await runs(trial, .trial)
  }

  private func runs(_ release: String, _ kind: RuntimeSlot.Kind) async -> Bool {
    let running = await context.runtime.running(RuntimeSlot(tenant: tenant, kind: kind))
    return (running?.hex ?? "") == release
  }

  /// Judges both branches and plans.
  private func prepare(_ path: String, heads: GitObserver.Heads) async throws -> PreparedSync {
    guard let head = heads.approved else {
      throw SyncError.missingBranch(approvedName, isEmpty: heads.isEmpty, hadIt: false)
    }
    let addresses = try await addresses()
    let fingerprint = context.settings.fingerprint(
      active: addresses.active, trial: addresses.trial)
    if observed == nil { observed = EntryIndex(try await context.store.entries(of: tenant)) }
    let index = observed ?? EntryIndex()

    let approved = try await judge(path, approvedName, head, fingerprint)
    var trial: JudgedBranch?
    if let head = heads.trial { trial = try await judge(path, trialName, head, fingerprint) }
    var scope = approved.names
    if let names = trial?.names { scope?.formUnion(names) } else if trial != nil { scope = nil }
    if trial == nil, statuses[trialName] != nil {
      scope?.formUnion(index.all.filter { $0.sync.branch == trialName }.map(\.name))
    }

    var input = PlanInput(
      tenant: tenant, approved: approved.judge.state, trial: trial?.judge.state, observed: index,
      scope: scope, activeAddress: addresses.active, trialAddress: addresses.trial,
      servesPackages: context.settings.servesPackages, now: WallClock.milliseconds())
    try await addProvenance(&input, path, approved, trial)
    try await addRenames(&input, path)
    let plan = Planner.plan(input)
    let activePins = pins(
      plan.activePins, branch: approvedName, state: input.approved, update: approved.update,
      index: index, statuses: [.active])
    var trialPins = pins(
      plan.trialPins, branch: trialName, state: input.trial ?? input.approved,
      update: trial?.update ?? approved.update, index: index, statuses: [.draft])
    for (name, pin) in activePins where input.trial?.refused[name] != nil && trialPins[name] == nil
    {
      trialPins[name] = pin
    }
    return PreparedSync(
      path: path, heads: heads, input: input, plan: plan,
      releases: context.releases == nil
        ? .nothing
        : ReleasePlan(
          tenant: tenant, input: input, activePins: activePins, trialPins: trialPins),
      activePins: activePins, trialPins: trialPins, fingerprint: fingerprint,
      judges: [approvedName: approved.judge, trialName: trial?.judge].compactMapValues { $0 })
  }

  /// A branch judged at its head.
  private struct JudgedBranch {
    var judge: BranchJudge
    var update: BranchJudge.Update
    /// The names that may have changed since the applied revision; nil: any.
    var names: Set<String>?
    /// The applied revision, whose provenance the catalog has.
    var known: ObjectID?
  }

  private func judge(
    _ path: String, _ branch: String, _ head: ObjectID, _ fingerprint: String
  ) async throws -> JudgedBranch {
    let status = statuses[branch]
    let reading: BlobReaderFactory = { try GitBlobReader(path: path) }
    let validator = context.validator
    let revision = Revision(branch: branch, commit: head)
    let applied = status?.applied.flatMap { Revision($0)?.commit }
    let same = status?.fingerprint == fingerprint

    // Provenance is counted from there, unless a rewrite and a garbage collection took it.
    var known = applied
    // Taken out, so that it is changed in place; lost on an error and made anew then.
    var judge = judges.removeValue(forKey: branch)
    if judge == nil, let applied, applied != head {
      do {
        let changes = try await context.pool.run {
          try GitObserver.changes(at: path, from: nil, to: applied)
        }
        var base = BranchJudge(
          revision: Revision(branch: branch, commit: applied),
          mediumPolicy: context.settings.mediumPolicy)
        _ = try await base.update(
          to: Revision(branch: branch, commit: applied), changes: changes, validator: validator,
          reading: reading)
        judge = base
      } catch let error as GitError {
        known = nil
        logger.notice(
          "the applied revision is not in the repository any more; everything is compared",
          metadata: ["revision": "\(branch)@sha1:\(applied)", "error": "\(error)"])
      }
    }
    let base = judge?.state.revision.commit
    var current =
      judge ?? BranchJudge(revision: revision, mediumPolicy: context.settings.mediumPolicy)
    judge = nil
    let changes = try await context.pool.run {
      try GitObserver.changes(at: path, from: base, to: head)
    }
    let update = try await current.update(
      to: revision, changes: changes, validator: validator, reading: reading)
    let incremental = same && base != nil && base == applied
    return JudgedBranch(
      judge: current, update: update, names: incremental ? update.names : nil, known: known)
  }

  // MARK: Provenance and renames

  private func addProvenance(
    _ input: inout PlanInput, _ path: String, _ approved: JudgedBranch, _ trial: JudgedBranch?
  ) async throws {
    for (branch, judged) in [(approvedName, approved), (trialName, trial)] {
      guard let judged else { continue }
      let tip = judged.judge.state.revision.commit
      guard tip != judged.known else { continue }
      let known = judged.known
      var names = judged.names
      if names != nil, let known {
        let parent = try await context.pool.run {
          try GitObserver.firstParent(at: path, of: tip)
        }
        // Commits in between may have changed files and changed them back.
        if parent != known { names = nil }
      }
      let units = Self.units(
        of: names, branch: branch, state: judged.judge.state,
        besides: branch == trialName ? input.approved : nil, index: input.observed)
      guard !units.isEmpty else { continue }
      let provenance = try await context.pool.run {
        try GitObserver.provenance(at: path, tip: tip, units: units, known: known)
      }
      input.provenance[branch] = provenance
      if names == nil { input.scope?.formUnion(provenance.keys) }
    }
  }

  /// The files of each name, for the names given or for all of a branch.
  ///
  /// Of the trial branch only those that differ from the approved one: the rest has no entry.
  private static func units(
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

  private static func files(_ path: String) -> [String] {
    guard let dot = path.lastIndex(of: ".") else { return [path] }
    return [".py", ".yaml", ".yml"].map { path[..<dot] + $0 }
  }

  private func addRenames(_ input: inout PlanInput, _ path: String) async throws {
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
      try GitObserver.renames(at: path, fresh: candidatesFor, gone: candidatesFrom)
    }
  }

  /// The last good versions of refused utilities: as recorded, or as they were just before.
  private func pins(
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
          if let module = update.replacedModules[path] ?? state.modules[path] {
            modules[path] = .init(blob: module.blob, filehash: module.filehash.hex)
          }
        }
        pins[name] = PinnedUtility(
          name: name, blob: version.blob, filehash: version.filehash.hex,
          timeout: version.metadata.timeout, modules: modules)
      } else if let entry = index.entries(named: name).first(where: { kinds.contains($0.status) }),
        let blob = ObjectID(hex: entry.sync.blob)
      {
        pins[name] = PinnedUtility(
          name: name, blob: blob, filehash: entry.filehash, timeout: 30, modules: [:])
      }
    }
    return pins
  }

  // MARK: Executing

  private func execute(
    _ prepared: PreparedSync, started: Int64, clock: ContinuousClock.Instant
  ) async throws -> Bool {
    let executor = PlanExecutor(tenant: tenant, context: context, logger: logger)
    let active = try await executor.rollOut(prepared.releases.active, .active, prepared.path)
    FaultPoint.reached("rollout.active")
    let trial = try await executor.rollOut(prepared.releases.trial, .trial, prepared.path)
    FaultPoint.reached("rollout.trial")

    let duration =
      Double((ContinuousClock.now - clock).components.attoseconds / 1_000_000_000)
      / 1_000_000 + Double((ContinuousClock.now - clock).components.seconds) * 1000
    let next = newStatuses(
      prepared, active: active, trial: trial, started: started, duration: duration)
    let removed = statuses.keys.filter { next[$0] == nil }
    let change = CatalogChange(
      tenant: tenant, puts: prepared.plan.puts, deletes: prepared.plan.deletes,
      statuses: next.values.sorted { $0.branch < $1.branch }, removedBranches: removed.sorted())
    let applied = try await executor.apply(change, prepared.path)
    FaultPoint.reached("catalog.applied")

    context.snapshots.publish(applied)
    observed?.apply(applied)
    statuses = next
    judges = prepared.judges
    context.board.set(sorted(next), of: tenant)
    FaultPoint.reached("snapshot.published")
    try await executor.finish(active: prepared.releases.active, trial: prepared.releases.trial)
    FaultPoint.reached("finished")
    log(prepared, duration: duration)
    return !prepared.plan.isEmpty
  }

  private func newStatuses(
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
      status.phase = quarantined.isEmpty ? .synced : .degraded
      status.report = SyncReport(
        revision: revision, startedAt: started, duration: duration,
        changes: prepared.plan.counts(branch: state.revision.branch), quarantined: quarantined,
        findings: state.findings)
      next[status.branch] = status
    }
    status(
      prepared.input.approved, release: active, quarantined: prepared.plan.quarantined,
      pins: prepared.activePins)
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
    return next
  }

  private func log(_ prepared: PreparedSync, duration: Double) {
    let plan = prepared.plan
    let refused = plan.quarantined.count + plan.trialQuarantined.count
    logger.info(
      "reconciled",
      metadata: [
        "revision": "\(prepared.input.approved.revision)", "changes": "\(plan.changes.count)",
        "quarantined": "\(refused)", "duration_ms": "\(Int(duration))",
      ])
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

  /// Without a repository, what ran goes on running: from the releases on the disk.
  private func serveLastRelease() async throws {
    guard let releases = context.releases else { return }
    let active = statuses[approvedName]?.release ?? ""
    let trial = statuses[trialName]?.release ?? statuses[approvedName]?.trialRelease ?? ""
    let tenant = tenant
    for (kind, hex) in [(RuntimeSlot.Kind.active, active), (.trial, trial)] {
      guard let digest = Digest(hex: hex), await !runs(hex, kind) else { continue }
      let release = try await context.pool.run { try releases.release(digest, of: tenant) }
      guard let release else { continue }
      let slot = RuntimeSlot(tenant: tenant, kind: kind)
      _ = try await context.runtime.deploy(release, slot: slot, retiring: [])
    }
  }

  // MARK: Failing

  private func fail(
    _ error: any Error, heads: GitObserver.Heads?, started: Int64, clock: ContinuousClock.Instant
  ) async -> Outcome {
    // What is kept may be half of the truth: the next attempt observes anew.
    observed = nil
    judges = [:]
    if let deployment = error as? DeploymentError,
      deployment.code == .cancelled || deployment.code == .shutDown
    {
      // The agent is stopping: that is no failure of the revision.
      return Outcome(branches: sorted(statuses), retryAfter: nil, changed: false)
    }
    failures += 1
    let waits = error is SyncError
    let delay = waits ? nil : context.retry.delay(afterFailure: failures)
    var status = statuses[approvedName] ?? BranchStatus(branch: approvedName)
    let revision = heads?.approved.map { Revision(branch: approvedName, commit: $0).description }
    status.observed = revision ?? status.observed
    status.attempted = revision ?? status.attempted
    status.phase = .failed
    let milliseconds = (ContinuousClock.now - clock).components
    status.report = SyncReport(
      revision: revision, startedAt: started,
      duration: Double(milliseconds.seconds) * 1000 + Double(milliseconds.attoseconds) / 1e15,
      quarantined: status.report?.quarantined ?? [], findings: status.report?.findings ?? [],
      error: "\(error)")
    status.nextRetry = delay.map {
      WallClock.milliseconds() + $0.components.seconds * 1000
        + $0.components.attoseconds / 1_000_000_000_000_000
    }
    let isNews = statuses[approvedName]?.report?.error != status.report?.error
    statuses[approvedName] = status
    context.board.set(sorted(statuses), of: tenant)
    logger.log(
      level: isNews ? .error : .debug, "reconcile failed",
      metadata: ["error": "\(error)", "attempt": "\(failures)"])
    if let deployment = error as? DeploymentError {
      for line in deployment.log { logger.error("runtime", metadata: ["line": "\(line)"]) }
    }
    if isNews {
      do {
        try await context.store.record([status], of: tenant)
      } catch {
        logger.error("the failure cannot be recorded", metadata: ["error": "\(error)"])
      }
    }
    return Outcome(branches: sorted(statuses), retryAfter: delay, changed: false)
  }

  /// The approved branch first.
  private func sorted(_ statuses: [String: BranchStatus]) -> [BranchStatus] {
    statuses.values.sorted {
      ($0.branch == approvedName ? 0 : 1, $0.branch) < (
        $1.branch == approvedName ? 0 : 1, $1.branch
      )
    }
  }

  // MARK: Previewing

  private func makePreview(_ path: String, revision: ObjectID?) async throws -> [PlanPreview] {
    var heads = try await observeHeads(path)
    if let revision { heads.approved = revision }
    let prepared = try await prepare(path, heads: heads)
    let digest = prepared.releases.active?.digest.hex ?? ""
    let trialDigest = prepared.releases.trial?.digest.hex ?? ""
    let current = statuses[approvedName]
    let hasRuntime = context.releases != nil
    var previews = [
      PlanPreview(
        branch: approvedName, revision: prepared.input.approved.revision,
        changes: prepared.plan.changes.filter { $0.branch == approvedName },
        runtime: prepared.input.activeAddress.service, release: digest,
        restart: hasRuntime && digest != (current?.release ?? ""),
        quarantined: prepared.plan.quarantined)
    ]
    let trialChanges = prepared.plan.changes.filter { $0.branch != approvedName }
    if prepared.input.trial != nil || !trialChanges.isEmpty {
      let before = statuses[trialName]?.release ?? current?.trialRelease ?? ""
      previews.append(
        PlanPreview(
          branch: trialName, revision: prepared.input.trial?.revision, changes: trialChanges,
          runtime: prepared.input.trialAddress.service, release: trialDigest,
          restart: hasRuntime && trialDigest != before,
          quarantined: prepared.plan.trialQuarantined))
    }
    return previews
  }
}
