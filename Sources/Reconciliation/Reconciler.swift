import Catalog
import Concurrency
import Deployment
import GitStore
import Glibc
import Logging
import Metrics
import UtilityModel

/// Keeps every tenant reconciled: hints, the safety-net interval, retries and commands all end in
/// the same `TenantReconciler.reconcile`.
public actor Reconciler {
  struct Entry {
    var reconciler: TenantReconciler
    var path: String?
    var dirty: ContinuousClock.Instant?
    var isRunning = false
    /// Whether the next look also asks the store for what others have changed in it.
    var looksForDrift = false
    var retry: Task<Void, Never>?
    /// Whether this agent may write it: with several agents, one of them.
    var isMine = true
  }

  let context: ReconcileContext
  private let root: String
  private let resyncInterval: Duration
  private let permits: Permits
  /// One tenant is added, copied or removed at a time.
  let tenantWork = Permits(1)
  var tenants: [TenantCode: Entry] = [:]
  private var stored: [TenantCode: [BranchStatus]] = [:]
  /// The tenants of the store, with what it last said of them.
  var known: [TenantCode: TenantState] = [:]
  /// The repositories of removed tenants, which are left alone.
  var ignored: [TenantCode: String] = [:]
  /// Tenants that the catalog does not take, with the reasons that were told in the log.
  private var refused: [TenantCode: String] = [:]
  private var isStopping = false
  private let hints: AsyncStream<Set<String>?>
  private let hinting: AsyncStream<Set<String>?>.Continuation
  /// The tenants (directory names) that no watch covers.
  private let unwatched: @Sendable () -> Set<String>
  /// Is told what changes a division of the tenants; nil where this agent has them all.
  var sharing: (any LeaseListener)?

  /// A reconciler over the repositories in `root`, with at most `concurrency` tenants at a time.
  public init(
    context: ReconcileContext, root: String, resyncInterval: Duration, concurrency: Int,
    unwatched: @escaping @Sendable () -> Set<String> = { [] }
  ) {
    self.context = context
    self.root = root
    self.resyncInterval = resyncInterval
    self.unwatched = unwatched
    permits = Permits(concurrency)
    (hints, hinting) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
  }

  /// Says that these directories below the root may have changed; nil: all may have. Thread-safe.
  public nonisolated func hint(_ directories: Set<String>?) { hinting.yield(directories) }

  /// Loads what the store knows. Throws `CatalogError`.
  public func prepare() async throws {
    stored = try await context.store.allBranchStatuses()
    known = Dictionary(
      uniqueKeysWithValues: try await context.store.tenants().map { ($0.tenant, $0.status) })
  }

  /// Loads what the store knows, and looks at every tenant once; `division` decides before that
  /// which of them are this agent's. Throws `CatalogError`, and what `division` throws.
  public func start(dividing division: () async throws -> Void = {}) async throws {
    try await prepare()
    try await finishRemovals()
    try await discover()
    try await division()
    await reconcileAll()
  }

  /// Follows hints until the task is cancelled; drains what is under way.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.followHints() }
      group.addTask { await self.tick(every: self.resyncInterval) { self.hint(nil) } }
      group.addTask {
        await self.tick(every: .seconds(2)) {
          let missing = self.unwatched()
          if !missing.isEmpty { self.hint(missing) }
        }
      }
      await group.waitForAll()
    }
    await stop()
  }

  private func tick(every interval: Duration, _ body: @Sendable () -> Void) async {
    while !Task.isCancelled {
      do { try await Task.sleep(for: interval) } catch { return }
      body()
    }
  }

  private func followHints() async {
    await withTaskCancellationHandler {
      for await directories in hints { await follow(directories) }
    } onCancel: {
      hinting.finish()
    }
  }

  private func follow(_ directories: Set<String>?) async {
    let now = ContinuousClock.now
    let codes = directories?.map { TenantCode(Self.code(of: $0)) }
    let familiar = codes?.allSatisfy { code in
      code.flatMap { tenants[$0]?.path }.map(Self.exists) ?? false
    }
    if familiar != true {
      do {
        try await discover()
      } catch {
        context.logger.error("tenants cannot be listed", metadata: ["error": "\(error)"])
      }
    }
    for tenant in codes?.compactMap({ $0 }) ?? Array(tenants.keys) {
      // Everything is looked at anew now and then.
      if codes == nil { tenants[tenant]?.looksForDrift = true }
      schedule(tenant, since: now)
    }
  }

  private static func code(of directory: String) -> String {
    directory.hasSuffix(".git") ? String(directory.dropLast(4)) : directory
  }

  private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Brings the list of tenants to what the root has. Throws `CatalogError`.
  public func discover() async throws {
    let root = root
    let found = try await context.pool.run { try tenantDirectories(root: root) }
    for (code, path) in found {
      guard let tenant = TenantCode(code) else { continue }
      if known[tenant] == .removed {
        ignored[tenant] = path
        continue
      }
      guard try await makeKnown(tenant) else { continue }
      if context.snapshots.snapshot(of: tenant) == nil {
        context.snapshots.publish(tenant, items: [])
      }
      if tenants[tenant] == nil { adopt(tenant) }
      tenants[tenant]?.path = path
    }
    // Gone while somebody looked, or while nobody did: the tenant's own reconcile tells of it.
    for (tenant, state) in known where found[tenant.rawValue] == nil {
      guard state != .removed else {
        ignored[tenant] = nil
        continue
      }
      if tenants[tenant] == nil { adopt(tenant) }
      tenants[tenant]?.path = nil
    }
    Gauge(label: "sync_tenants").record(tenants.values.filter { $0.path != nil }.count)
  }

  private func adopt(_ tenant: TenantCode) {
    let statuses = stored.removeValue(forKey: tenant) ?? []
    tenants[tenant] = Entry(
      reconciler: TenantReconciler(
        tenant: tenant, statuses: statuses, state: known[tenant] ?? .active, context: context),
      isMine: sharing == nil)
    guard let sharing else { return }
    show(statuses, of: tenant)
    sharing.tenantAppeared()
  }

  /// Whether the catalog knows the tenant now. One that it does not take holds nobody else up.
  /// Throws `CatalogError` for what would stop any other one as well.
  private func makeKnown(_ tenant: TenantCode) async throws -> Bool {
    guard known[tenant] == nil else { return true }
    do throws(CatalogError) {
      try await context.store.ensureTenant(tenant, now: WallClock.milliseconds())
    } catch {
      guard !error.isOfWholeStore else { throw error }
      refuse(tenant, "\(error)")
      return false
    }
    refused[tenant] = nil
    known[tenant] = .active
    return true
  }

  private func refuse(_ tenant: TenantCode, _ reason: String) {
    guard refused.updateValue(reason, forKey: tenant) == nil else { return }
    context.logger.error(
      "the catalog does not take a tenant",
      metadata: ["tenant_code": "\(tenant)", "error": "\(reason)"])
  }

  // MARK: Scheduling

  func schedule(_ tenant: TenantCode, since: ContinuousClock.Instant) {
    guard !isStopping, tenants[tenant]?.isMine == true else { return }
    if tenants[tenant]?.dirty == nil { tenants[tenant]?.dirty = since }
    guard tenants[tenant]?.isRunning == false else { return }
    tenants[tenant]?.isRunning = true
    tenants[tenant]?.retry?.cancel()
    tenants[tenant]?.retry = nil
    reportQueue()
    Task { await self.work(tenant) }
  }

  private func reportQueue() {
    Gauge(label: "sync_queue_depth").record(tenants.values.filter { $0.isRunning }.count)
  }

  private func work(_ tenant: TenantCode) async {
    while let entry = tenants[tenant], entry.isMine, let since = entry.dirty, !isStopping {
      tenants[tenant]?.dirty = nil
      tenants[tenant]?.looksForDrift = false
      let outcome = await permits.withPermit {
        await entry.reconciler.reconcile(at: entry.path, lookingForDrift: entry.looksForDrift)
      }
      record(outcome, of: tenant, since: since)
      if tenants[tenant]?.dirty == nil { retry(tenant, outcome) }
    }
    tenants[tenant]?.isRunning = false
    reportQueue()
  }

  private func retry(_ tenant: TenantCode, _ outcome: TenantReconciler.Outcome) {
    guard let delay = outcome.retryAfter, tenants[tenant]?.isMine == true else { return }
    tenants[tenant]?.retry = Task {
      do { try await Task.sleep(for: delay) } catch { return }
      self.schedule(tenant, since: ContinuousClock.now)
    }
  }

  private func record(
    _ outcome: TenantReconciler.Outcome, of tenant: TenantCode, since: ContinuousClock.Instant
  ) {
    guard !outcome.isFenced else {
      sharing?.leaseWasLost()
      return
    }
    let failed = outcome.branches.contains { $0.phase == .failed }
    if !failed { sharing?.reconciled(tenant) }
    Counter(label: "sync_total", dimensions: [("result", failed ? "failed" : "applied")])
      .increment()
    let elapsed = ContinuousClock.now - since
    Timer(label: "sync_duration_seconds").record(duration: elapsed)
    if outcome.changed { Timer(label: "commit_to_live_seconds").record(duration: elapsed) }
    let refused = outcome.branches.reduce(0) { $0 + ($1.report?.quarantined.count ?? 0) }
    Gauge(label: "quarantined_utilities", dimensions: [("tenant", tenant.rawValue)]).record(refused)
  }

  /// A runtime's server ended by itself: look again.
  public func runtimeEnded(_ tenant: TenantCode) { schedule(tenant, since: ContinuousClock.now) }

  // MARK: Commands

  /// Reconciles one tenant, or all, and gives where they stand; nil where the tenant is unknown.
  /// Throws `SyncError` for one that the catalog does not take, or `CatalogError`.
  public func sync(_ tenant: TenantCode?) async throws -> [TenantStatus]? {
    try await discover()
    guard let tenant else {
      await reconcileAll()
      return context.board.all()
    }
    guard let entry = tenants[tenant] else {
      if let reason = refused[tenant] { throw SyncError(description: reason) }
      return nil
    }
    guard entry.isMine else { return context.board.status(of: tenant).map { [$0] } }
    let since = ContinuousClock.now
    let outcome = await permits.withPermit {
      await entry.reconciler.reconcile(at: entry.path, lookingForDrift: true)
    }
    record(outcome, of: tenant, since: since)
    retry(tenant, outcome)
    return context.board.status(of: tenant).map { [$0] }
  }

  /// An operator's decision on a tenant.
  public enum Decision: Sendable {
    /// Lets the revision of that name through, which is held or not pushed yet.
    case approve(String, actor: String, reason: String)
    /// Puts an earlier version of a utility back: that of `to`, or the one before what is served.
    case rollback(String, to: String?, actor: String, reason: String)
    /// Stops reconciling.
    case suspend(actor: String, reason: String)
    /// Goes on.
    case resume(actor: String, reason: String)

    /// A decision by its command; nil for an unknown one, or without an actor.
    public init?(
      kind: String, subject: String, revision: String? = nil, actor: String, reason: String
    ) {
      guard !actor.isEmpty else { return nil }
      switch kind {
      case "approve": self = .approve(subject, actor: actor, reason: reason)
      case "rollback":
        self = .rollback(subject, to: revision, actor: actor, reason: reason)
      case "suspend": self = .suspend(actor: actor, reason: reason)
      case "resume": self = .resume(actor: actor, reason: reason)
      default: return nil
      }
    }
  }

  /// Records a decision, acts on it, and gives where the tenant stands; nil where it is unknown.
  ///
  /// Throws `SyncError` where there is nothing to decide, `GitError`, or `CatalogError`.
  public func decide(_ decision: Decision, on tenant: TenantCode) async throws -> [TenantStatus]? {
    try await discover()
    guard let entry = tenants[tenant] else { return nil }
    try requireLease(of: tenant)
    switch decision {
    case .approve(let sha, let actor, let reason):
      guard let path = entry.path else { throw LostRepository(tenant: tenant, cause: nil) }
      // A hold may be newer than the last look.
      _ = await permits.withPermit { await entry.reconciler.reconcile(at: path) }
      try await entry.reconciler.approve(sha, at: path, actor: actor, reason: reason)
    case .rollback(let name, let revision, let actor, let reason):
      guard let path = entry.path else { throw LostRepository(tenant: tenant, cause: nil) }
      // What is served may be older than the branch.
      _ = await permits.withPermit { await entry.reconciler.reconcile(at: path) }
      try await entry.reconciler.rollBack(
        name, to: revision, at: path, actor: actor, reason: reason)
      FaultPoint.reached("rollback.decided")
    case .suspend(let actor, let reason):
      try await entry.reconciler.suspend(actor: actor, reason: reason)
    case .resume(let actor, let reason):
      try await entry.reconciler.resume(actor: actor, reason: reason)
    }
    return try await sync(tenant)
  }

  /// Ends a user's running calls of a tenant; how many there were, nil where the tenant is unknown.
  ///
  /// Throws `DeploymentError`, or as `sync`.
  public func cancel(user: Int64, of tenant: TenantCode) async throws -> Int? {
    try await discover()
    guard tenants[tenant] != nil else { return nil }
    try requireLease(of: tenant)
    let count = try await context.runtime.cancel(user: user, of: tenant)
    context.logger.notice(
      "a user's running calls were ended",
      metadata: ["tenant_code": "\(tenant)", "user": "\(user)", "count": "\(count)"])
    return count
  }

  /// The repositories of the tenants that have one.
  public func repositories() -> [TenantCode: String] { tenants.compactMapValues(\.path) }

  private func reconcileAll() async {
    let entries = tenants.filter(\.value.isMine)
    await withTaskGroup(of: (TenantCode, TenantReconciler.Outcome).self) { group in
      for (tenant, entry) in entries {
        group.addTask { [permits] in
          let outcome = await permits.withPermit {
            await entry.reconciler.reconcile(at: entry.path, lookingForDrift: true)
          }
          return (tenant, outcome)
        }
      }
      for await (tenant, outcome) in group {
        record(outcome, of: tenant, since: ContinuousClock.now)
        retry(tenant, outcome)
      }
    }
  }

  private func stop() async {
    isStopping = true
    for tenant in tenants.keys { tenants[tenant]?.retry?.cancel() }
    // What is under way ends whole: wait for every tenant's turn.
    while tenants.values.contains(where: { $0.isRunning }) {
      do { try await Task.sleep(for: .milliseconds(5)) } catch { await Task.yield() }
    }
  }
}

extension CatalogError {
  /// Whether it says that nothing can be written, and not that one tenant cannot.
  fileprivate var isOfWholeStore: Bool {
    switch code {
    case .unavailable, .unauthorized, .full, .locked, .readOnly, .fenced, .unsupported,
      .notACatalog, .newerSchema:
      true
    case .configuration, .wrongKey, .corrupt, .conflict, .contents, .failed: false
    }
  }
}
