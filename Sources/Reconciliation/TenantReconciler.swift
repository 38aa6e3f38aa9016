import Catalog
import Concurrency
import Deployment
import GitStore
import Logging
import Telemetry
import Tracing
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
    /// Whether it ended because another agent holds the tenant's lease.
    public var isFenced = false
  }

  let tenant: TenantCode
  let context: ReconcileContext
  let turn = Permits(1)
  /// The lease under which it writes, nil where there are no others.
  let fence: LeaseFence?
  var statuses: [String: BranchStatus]
  /// What the store says of the tenant.
  var state: TenantState
  var observed: EntryIndex?
  /// What the attempt that is going on has found, for the report of its failure.
  private var attempted: GitObserver.Heads?
  var judges: [String: BranchJudge] = [:]
  var packages: PackageOutlook?
  /// What the sync that is under way has written ahead of its plan.
  var headStart: HeadStart?
  var failures = 0
  /// Whether the store may hold more than `statuses` and the snapshot say.
  var isUncertain = false
  /// Whether the next look asks the store whether its entries are still those that were written.
  private var looksForDrift = true
  /// Whether they are not, so that all of them are compared with git.
  var hasDrifted = false
  /// Why results could not be written into the repository, as it was last told.
  var resultProblem: String?
  /// Whether the tenant was removed: nothing is written any more.
  var isWithdrawn = false
  let logger: Logger

  /// A tenant with the branches and the state that the store has of it.
  public init(
    tenant: TenantCode, statuses: [BranchStatus], state: TenantState = .active,
    fence: LeaseFence? = nil, context: ReconcileContext
  ) {
    self.tenant = tenant
    self.fence = fence
    self.context = context
    self.state = state
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
      }, status: state, of: tenant)
  }

  /// Looks at the repository at `path` (nil: it is gone) and does what there is to do.
  ///
  /// `force` also looks where nothing seems to have changed. Never throws: a failure is in the
  /// outcome's branches.
  ///
  /// `lookingForDrift` also asks a catalog that others may write to; the first look always does.
  public func reconcile(
    at path: String?, force: Bool = false, lookingForDrift: Bool = false
  ) async -> Outcome {
    await inTurn {
      if lookingForDrift { self.looksForDrift = true }
      return await self.attempt(path, force: force)
    }
  }

  /// Runs `body` alone for this tenant, under its lease.
  func inTurn<Value>(_ body: () async throws -> Value) async rethrows -> Value {
    try await turn.withPermit {
      guard fence != nil else { return try await body() }
      return try await LeaseFence.$current.withValue(fence) { try await body() }
    }
  }

  /// Comes back when nothing is under way any more.
  func settle() async { await turn.withPermit {} }

  /// What a sync would change; changes nothing. Throws what the parts throw.
  public func preview(at path: String, revision: ObjectID? = nil) async throws -> [PlanPreview] {
    try await inTurn {
      try await self.withRepository(path) {
        try await self.makePreview($0, revision: revision)
      }
    }
  }

  /// One attempt: a span, and one request id in the log of all that it asks of git, the catalog and
  /// the runtime.
  func attempt(_ path: String?, force: Bool) async -> Outcome {
    guard !isWithdrawn else { return Outcome(branches: [], retryAfter: nil, changed: false) }
    return await RequestScope.$id.withValue(RequestScope.id ?? RequestScope.newID("sync")) {
      await withSpan("reconcile") { span in
        span.attributes["tenant.code"] = tenant.rawValue
        return await work(path, force: force)
      }
    }
  }

  private func work(_ path: String?, force: Bool) async -> Outcome {
    let started = WallClock.milliseconds()
    let clock = ContinuousClock.now
    attempted = nil
    do {
      try await reloadIfUncertain()
      if statuses[approvedName]?.suspension != nil {
        try await showSuspension()
        try await serveLastRelease()
        return suspended()
      }
      guard let path else { throw LostRepository(tenant: tenant, cause: nil) }
      let changed = try await withRepository(path) { repository in
        try await examine(repository, force: force, started: started, clock: clock)
      }
      failures = 0
      return Outcome(branches: sorted(statuses), retryAfter: nil, changed: changed)
    } catch let lost as LostRepository {
      return await fail(await orphan() ?? lost, heads: nil, started: started, clock: clock)
    } catch {
      let outcome = await fail(error, heads: attempted, started: started, clock: clock)
      await serveMeanwhile(error)
      return outcome
    }
  }

  /// After a failed attempt the last good release serves, also where an agent just started.
  private func serveMeanwhile(_ error: any Error) async {
    let inVain: Set<DeploymentError.Code> = [.cancelled, .shutDown, .engineUnreachable]
    if let error = error as? DeploymentError, inVain.contains(error.code) { return }
    if (error as? CatalogError)?.code == .fenced { return }
    do {
      try await serveLastRelease(onlyWhereNone: true)
    } catch let second {
      // What ended the attempt as well is told of there.
      guard "\(second)" != "\(error)" else { return }
      logger.error("the last release cannot be served", metadata: ["error": "\(second)"])
    }
  }

  /// Looks at a repository that is there; whether anything was written.
  private func examine(
    _ repository: OpenRepository, force: Bool, started: Int64, clock: ContinuousClock.Instant
  ) async throws -> Bool {
    try await setOrphaned(false)
    let heads = try await observeHeads(repository)
    attempted = heads
    let changed = try await converge(
      repository, heads, force: force, started: started, clock: clock)
    if let problem = await publishApproval(repository) {
      logger.notice("the hook is not told of an approval", metadata: ["reason": "\(problem)"])
    }
    await publishResults(repository)
    return changed
  }

  /// Records that the repository is lost and keeps the last release serving; what went wrong there.
  private func orphan() async -> (any Error)? {
    do {
      try await setOrphaned(true)
      try await serveLastRelease()
      return nil
    } catch {
      return error
    }
  }

  /// Does what the heads ask for; whether anything was written.
  // Never inlined: Swift 6.3.1's optimizer crashes over `examine` otherwise (splitting coroutine).
  @inline(never)
  private func converge(
    _ repository: OpenRepository, _ heads: GitObserver.Heads, force: Bool, started: Int64,
    clock: ContinuousClock.Instant
  ) async throws -> Bool {
    let isInSync = await isInSync(heads)
    try await lookForDrift(isInSync: isInSync)
    if !force, !hasDrifted, isInSync {
      // An agent that was killed between the catalog and this step left it to the next one.
      try await context.runtime.retire(RuntimeSlot(tenant: tenant, kind: .active))
      try await context.runtime.retire(RuntimeSlot(tenant: tenant, kind: .trial))
      show()
      return false
    }
    if heads.held != nil, !heads.hasApplied {
      try await serveLastRelease()
      return try await recordHold(heads, started: started)
    }
    headStart = try await takeHeadStart(repository, heads)
    defer { headStart = nil }
    return try await execute(
      prepareAllowed(repository, heads: heads), started: started, clock: clock)
  }

  /// Asks once whether somebody else has changed what was written; what is stored counts then, for
  /// readers too.
  private func lookForDrift(isInSync: Bool) async throws {
    guard looksForDrift else { return }
    if let status = statuses[approvedName], status.applied != nil,
      let stamp = try await storedStamp(isInSync: isInSync), stamp.text != status.catalog
    {
      if status.catalog != nil {
        logger.warning("the catalog is not as it was written; it is compared with git anew")
      }
      observed = nil
      judges = [:]
      hasDrifted = true
      context.snapshots.publish(tenant, items: try await context.store.items(of: tenant))
    }
    looksForDrift = false
  }

  /// What is stored now adds up to, by all of it where a sync has to read that anyway.
  private func storedStamp(isInSync: Bool) async throws -> CatalogStamp? {
    guard observed == nil, !isInSync else { return try await context.store.stamp(of: tenant) }
    let entries = EntryIndex(try await context.store.entries(of: tenant))
    observed = entries
    return entries.stamp
  }

  // MARK: Observing

  /// Runs `body` with the repository at `path`, and closes it off the cooperative pool. Throws
  /// `LostRepository` where it cannot be opened, and what `body` throws.
  func withRepository<Value>(
    _ path: String, _ body: (OpenRepository) async throws -> Value
  ) async throws -> Value {
    let repository: OpenRepository
    do {
      repository = try await context.pool.run { try OpenRepository(path: path) }
    } catch let error as GitError {
      throw LostRepository(tenant: tenant, cause: error)
    }
    do {
      let value = try await body(repository)
      await context.pool.run { repository.close() }
      return value
    } catch {
      await context.pool.run { repository.close() }
      throw error
    }
  }

  /// The tips of both branches, and whether policy holds the approved one.
  func observeHeads(_ repository: OpenRepository) async throws -> GitObserver.Heads {
    let settings = context.settings
    let status = statuses[settings.approvedBranch]
    let applied = status?.applied.flatMap { Revision($0)?.commit }
    let approval = status?.approval?.subject
    let inForce = status?.settings
    let lastTrial = appliedTrial
    let tenant = tenant.rawValue
    let heads = try await context.pool.run {
      try repository.read { (handle) throws(GitError) in
        var heads = try GitObserver.heads(
          in: handle, approved: settings.approvedBranch, trial: settings.trialBranch,
          lastTrial: lastTrial)
        if let head = heads.approved, let applied, approval != head.hex {
          heads.held = try RevisionGate.hold(
            head, over: applied, policy: settings.policy, branch: settings.approvedBranch,
            settings: inForce, tenant: tenant, in: handle)
          heads.hasApplied = heads.held == nil || RevisionGate.isThere(applied, in: handle)
        }
        return heads
      }
    }
    if heads.approved == nil {
      throw SyncError.missingBranch(
        settings.approvedBranch, isEmpty: heads.isEmpty,
        hadIt: statuses[settings.approvedBranch]?.applied != nil)
    }
    return heads
  }

  /// The trial branch's applied commit.
  var appliedTrial: ObjectID? { statuses[trialName]?.applied.flatMap { Revision($0)?.commit } }
  var approvedName: String { context.settings.approvedBranch }
  var trialName: String { context.settings.trialBranch }

  func addresses() async throws -> (active: ServiceAddress, trial: ServiceAddress) {
    let active = try await context.runtime.address(of: RuntimeSlot(tenant: tenant, kind: .active))
    let trial = try await context.runtime.address(of: RuntimeSlot(tenant: tenant, kind: .trial))
    let template = context.settings.restTemplate
    return (
      ServiceAddress(template: template, service: active.service, port: active.port),
      ServiceAddress(template: template, service: trial.service, port: trial.port)
    )
  }

  /// Whether the applied state is what the heads ask for, and runs.
  func isInSync(_ heads: GitObserver.Heads) async -> Bool {
    func matches(_ branch: String, _ head: ObjectID?) -> Bool {
      guard let head else { return statuses[branch] == nil }
      guard let status = statuses[branch] else { return false }
      let revision = Revision(branch: branch, commit: head).description
      switch status.phase {
      case .synced, .degraded: return status.applied == revision
      case .held:
        guard status.observed == revision, status.approval?.subject != head.hex else {
          return false
        }
        // Held for its plan: the same revision asks for the same plan.
        let held = status.report?.held
        return heads.held == (held?.rule == .removals ? nil : held)
      case .syncing, .failed, .suspended: return false
      }
    }
    guard matches(approvedName, heads.approved), matches(trialName, heads.trial),
      let addresses = try? await addresses()
    else { return false }
    let fingerprint = context.settings.fingerprint(
      active: addresses.active, trial: addresses.trial)
    guard statuses[approvedName]?.fingerprint == fingerprint,
      rollbacks.values.allSatisfy({ $0.state == .applied })
    else { return false }
    guard context.releases != nil else { return true }
    let active = statuses[approvedName]?.release ?? ""
    let trial = statuses[trialName]?.release ?? statuses[approvedName]?.trialRelease ?? ""
    guard await runs(active, .active), await runs(trial, .trial) else { return false }
    return await arePackagesSettled()
  }

  func runs(_ release: String, _ kind: RuntimeSlot.Kind) async -> Bool {
    let running = await context.runtime.running(RuntimeSlot(tenant: tenant, kind: kind))
    return (running?.hex ?? "") == release
  }

  // MARK: Failing

  /// After an error of the catalog nobody knows whether the last change was written, not even where
  /// the connection was lost during the commit: what the store says now counts, for readers too.
  private func reloadIfUncertain() async throws {
    guard isUncertain else { return }
    let stored = try await context.store.branchStatuses(of: tenant)
    let items = try await context.store.items(of: tenant)
    statuses = Dictionary(uniqueKeysWithValues: stored.map { ($0.branch, $0) })
    context.snapshots.publish(tenant, items: items)
    isUncertain = false
  }

  func fail(
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
    if (error as? CatalogError)?.code == .fenced {
      // Another agent has the tenant by now: what it says counts.
      logger.notice("the lease is another agent's", metadata: ["error": "\(error)"])
      return Outcome(branches: sorted(statuses), retryAfter: nil, changed: false, isFenced: true)
    }
    if error is CatalogError { isUncertain = true }
    failures += 1
    // What is not there comes back with a hint; what cannot be read may be mended without one.
    let waits = error is SyncError || (error as? LostRepository).map { $0.cause == nil } == true
    let delay = waits ? nil : context.retry.delay(afterFailure: failures)
    var status = statuses[approvedName] ?? BranchStatus(branch: approvedName)
    let revision = heads?.approved.map { Revision(branch: approvedName, commit: $0).description }
    status.observed = revision ?? status.observed
    status.attempted = revision ?? status.attempted
    status.phase = .failed
    status.report = SyncReport(
      revision: revision, startedAt: started,
      duration: (ContinuousClock.now - clock) / .milliseconds(1),
      quarantined: status.report?.quarantined ?? [], findings: status.report?.findings ?? [],
      error: "\(error)")
    status.nextRetry = delay.map { WallClock.milliseconds() + Int64($0 / .milliseconds(1)) }
    let isNews = statuses[approvedName]?.report?.error != status.report?.error
    statuses[approvedName] = status
    show()
    logger.log(
      level: isNews ? .error : .debug, "reconcile failed",
      metadata: ["error": "\(error)", "attempt": "\(failures)"])
    if let deployment = error as? DeploymentError {
      for line in deployment.log { logger.error("runtime", metadata: ["line": "\(line)"]) }
    }
    // Over a catalog of which nobody knows what it holds, an old state would be written.
    if isNews, !isUncertain {
      do {
        try await context.store.record([status], of: tenant)
      } catch {
        logger.error("the failure cannot be recorded", metadata: ["error": "\(error)"])
      }
    }
    return Outcome(branches: sorted(statuses), retryAfter: delay, changed: false)
  }

  /// Shows readers where the tenant stands.
  func show() { context.board.set(sorted(statuses), status: state, of: tenant) }

  /// The approved branch first.
  func sorted(_ statuses: [String: BranchStatus]) -> [BranchStatus] {
    statuses.values.sorted {
      ($0.branch == approvedName ? 0 : 1, $0.branch) < (
        $1.branch == approvedName ? 0 : 1, $1.branch
      )
    }
  }
}
