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
  private struct Entry {
    var reconciler: TenantReconciler
    var path: String?
    var dirty: ContinuousClock.Instant?
    var isRunning = false
    var retry: Task<Void, Never>?
  }

  private let context: ReconcileContext
  private let root: String
  private let resyncInterval: Duration
  private let permits: Permits
  private var tenants: [TenantCode: Entry] = [:]
  private var stored: [TenantCode: [BranchStatus]] = [:]
  private var known: Set<TenantCode> = []
  private var isStopping = false
  private let hints: AsyncStream<Set<String>?>
  private let hinting: AsyncStream<Set<String>?>.Continuation
  /// The tenants (directory names) that no watch covers.
  private let unwatched: @Sendable () -> Set<String>

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
    known = Set(try await context.store.tenants().map(\.tenant))
  }

  /// Loads what the store knows, and looks at every tenant once. Throws `CatalogError`.
  public func start() async throws {
    try await prepare()
    try await discover()
    await reconcileAll(force: false)
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
    for tenant in codes?.compactMap({ $0 }) ?? Array(tenants.keys) { schedule(tenant, since: now) }
  }

  private static func code(of directory: String) -> String {
    directory.hasSuffix(".git") ? String(directory.dropLast(4)) : directory
  }

  private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Brings the list of tenants to what the root has.
  private func discover() async throws {
    let root = root
    let found = try await context.pool.run { try tenantDirectories(root: root) }
    for (code, path) in found {
      guard let tenant = TenantCode(code) else { continue }
      if !known.contains(tenant) {
        try await context.store.ensureTenant(tenant, now: WallClock.milliseconds())
        known.insert(tenant)
      }
      if context.snapshots.snapshot(of: tenant) == nil {
        context.snapshots.publish(tenant, items: [])
      }
      if tenants[tenant] == nil {
        tenants[tenant] = Entry(
          reconciler: TenantReconciler(
            tenant: tenant, statuses: stored.removeValue(forKey: tenant) ?? [], context: context),
          path: path)
      } else if tenants[tenant]?.path != path {
        if tenants[tenant]?.path == nil {
          try await context.store.setStatus(.active, of: tenant)
        }
        tenants[tenant]?.path = path
      }
    }
    // Known from before, and gone while nobody looked.
    for tenant in known where tenants[tenant] == nil && found[tenant.rawValue] == nil {
      tenants[tenant] = Entry(
        reconciler: TenantReconciler(
          tenant: tenant, statuses: stored.removeValue(forKey: tenant) ?? [], context: context),
        path: nil)
      try await context.store.setStatus(.orphaned, of: tenant)
    }
    for tenant in tenants.keys where found[tenant.rawValue] == nil && tenants[tenant]?.path != nil {
      context.logger.warning(
        "the repository is gone; entries and runtime stay",
        metadata: ["tenant_code": "\(tenant)"])
      tenants[tenant]?.path = nil
      try await context.store.setStatus(.orphaned, of: tenant)
    }
    Gauge(label: "sync_tenants").record(tenants.values.filter { $0.path != nil }.count)
  }

  // MARK: Scheduling

  private func schedule(_ tenant: TenantCode, since: ContinuousClock.Instant) {
    guard !isStopping, tenants[tenant] != nil else { return }
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
    while let entry = tenants[tenant], let since = entry.dirty, !isStopping {
      tenants[tenant]?.dirty = nil
      let outcome = await permits.withPermit {
        await entry.reconciler.reconcile(at: entry.path)
      }
      record(outcome, of: tenant, since: since)
      if tenants[tenant]?.dirty == nil { retry(tenant, outcome) }
    }
    tenants[tenant]?.isRunning = false
    reportQueue()
  }

  private func retry(_ tenant: TenantCode, _ outcome: TenantReconciler.Outcome) {
    guard let delay = outcome.retryAfter else { return }
    tenants[tenant]?.retry = Task {
      do { try await Task.sleep(for: delay) } catch { return }
      self.schedule(tenant, since: ContinuousClock.now)
    }
  }

  private func record(
    _ outcome: TenantReconciler.Outcome, of tenant: TenantCode, since: ContinuousClock.Instant
  ) {
    let failed = outcome.branches.contains { $0.phase == .failed }
    Counter(label: "sync_total", dimensions: [("result", failed ? "failed" : "applied")])
      .increment()
    let elapsed = (ContinuousClock.now - since).components
    let nanoseconds = elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000
    Timer(label: "sync_duration_seconds").recordNanoseconds(nanoseconds)
    if outcome.changed { Timer(label: "commit_to_live_seconds").recordNanoseconds(nanoseconds) }
    let refused = outcome.branches.reduce(0) { $0 + ($1.report?.quarantined.count ?? 0) }
    Gauge(label: "quarantined_utilities", dimensions: [("tenant", tenant.rawValue)]).record(refused)
  }

  /// A runtime's server ended by itself: look again.
  public func runtimeEnded(_ tenant: TenantCode) { schedule(tenant, since: ContinuousClock.now) }

  // MARK: Commands

  /// Reconciles one tenant, or all, and gives where they stand; nil where the tenant is unknown.
  public func sync(_ tenant: TenantCode?) async throws -> [TenantStatus]? {
    try await discover()
    guard let tenant else {
      await reconcileAll(force: false)
      return context.board.all()
    }
    guard let entry = tenants[tenant] else { return nil }
    let since = ContinuousClock.now
    let outcome = await permits.withPermit { await entry.reconciler.reconcile(at: entry.path) }
    record(outcome, of: tenant, since: since)
    retry(tenant, outcome)
    return [TenantStatus(tenantcode: tenant.rawValue, branches: outcome.branches)]
  }

  /// The repositories of the tenants that have one.
  public func repositories() -> [TenantCode: String] { tenants.compactMapValues(\.path) }

  private func reconcileAll(force: Bool) async {
    let entries = tenants
    await withTaskGroup(of: (TenantCode, TenantReconciler.Outcome).self) { group in
      for (tenant, entry) in entries {
        group.addTask { [permits] in
          let outcome = await permits.withPermit {
            await entry.reconciler.reconcile(at: entry.path, force: force)
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
