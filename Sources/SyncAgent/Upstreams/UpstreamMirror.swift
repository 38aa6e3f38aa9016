import CLinux
import Concurrency
import Glibc
import Logging
import Metrics
import Reconciliation
import ServiceLifecycle
import Telemetry
import UtilityModel

/// Keeps the repositories of tenants with an upstream at what the upstream has.
///
/// A fetch moves refs and nothing else: the ref watcher does what follows. Each tenant waits for its own
/// upstream alone; one that fails is tried again with a growing delay. Of several agents the one that
/// has the tenant's lease fetches; all know all upstreams, so that another one can go on with them.
actor UpstreamMirror {
  private struct Entry {
    /// Tells a tenant's upstream from one that it had before.
    let generation: Int
    var upstream: Upstream
    var running: Task<String?, Never>?
  }

  private let store: UpstreamStore
  private let fetcher: UpstreamFetcher
  private let interval: Duration
  private let retry: RetryPolicy
  private let board: StatusBoard
  private let mine: @Sendable () async -> Set<TenantCode>
  private let path: @Sendable (TenantCode) async -> String?
  private let logger: Logger
  private let pool = BlockingPool(name: "upstream", width: UpstreamMirror.width)
  private let stopping = WakeupDescriptor.open()
  private var entries: [TenantCode: Entry] = [:]
  private var generations = 0
  /// What was said of records that cannot be read.
  private var told: [TenantCode: String] = [:]
  private var isStopping = false
  /// Whether the metrics tell of upstreams, so that the end of the last one is told too.
  private var isReported = false
  /// How many fetches run at a time: the threads only wait, and servers that hang must not make
  /// the others wait.
  private static let width = 16

  /// What other agents have added or removed is seen after so long.
  private static let look = Duration.seconds(5)

  /// A mirror over the upstreams in `store`. `mine` gives the tenants that this agent has, `path` a
  /// tenant's repository.
  init(
    store: UpstreamStore, fetcher: UpstreamFetcher, interval: Duration, board: StatusBoard,
    logger: Logger, mine: @escaping @Sendable () async -> Set<TenantCode>,
    path: @escaping @Sendable (TenantCode) async -> String?
  ) {
    self.store = store
    self.fetcher = fetcher
    self.interval = interval
    retry = RetryPolicy(base: min(interval, .seconds(5)), limit: max(interval, .seconds(900)))
    self.board = board
    self.mine = mine
    self.path = path
    self.logger = logger
  }

  deinit { if stopping >= 0 { close(stopping) } }

  /// Reads what is recorded, and what other agents have recorded since.
  func load() async {
    let store = store
    let (upstreams, problems) = await pool.run { store.all() }
    for (tenant, upstream) in upstreams where entries[tenant]?.running == nil {
      guard let known = entries[tenant] else {
        enter(upstream, of: tenant)
        board.setUpstream(upstream.status, of: tenant)
        continue
      }
      guard known.upstream != upstream else { continue }
      if known.upstream.hasSource(of: upstream) {
        entries[tenant]?.upstream = upstream
      } else {
        enter(upstream, of: tenant)
      }
      board.setUpstream(upstream.status, of: tenant)
    }
    for (tenant, entry) in entries
    where upstreams[tenant] == nil && problems[tenant] == nil && entry.running == nil {
      entries[tenant] = nil
      board.setUpstream(nil, of: tenant)
    }
    for (tenant, problem) in problems where entries[tenant] == nil && told[tenant] != problem {
      told[tenant] = problem
      var status = UpstreamStatus(url: "")
      status.error = problem
      board.setUpstream(status, of: tenant)
      logger.error(
        "an upstream is not followed",
        metadata: ["tenant_code": "\(tenant)", "reason": "\(problem)"])
    }
  }

  /// Gives a tenant an upstream. Throws `AgentError`.
  func add(_ upstream: Upstream, of tenant: TenantCode) async throws {
    let store = store
    try await pool.run { try store.write(upstream, of: tenant) }
    enter(upstream, of: tenant)
    board.setUpstream(upstream.status, of: tenant)
  }

  private func enter(_ upstream: Upstream, of tenant: TenantCode) {
    generations += 1
    entries[tenant] = Entry(generation: generations, upstream: upstream)
  }

  /// Forgets a tenant's upstream.
  func remove(_ tenant: TenantCode) async {
    entries[tenant] = nil
    board.setUpstream(nil, of: tenant)
    let store = store
    await pool.run { store.remove(tenant) }
  }

  /// The tenants that have an upstream.
  var followers: [TenantCode] { entries.keys.sorted() }

  /// Fetches one tenant's upstream now, or all; why that failed, by tenant. Who has none is left out.
  func fetch(_ tenant: TenantCode?) async -> [TenantCode: String] {
    let wanted = tenant.map { [$0] } ?? Array(entries.keys)
    let running = wanted.filter { entries[$0] != nil }.map { tenant in
      (tenant, Task { await self.fetchOnce(tenant) })
    }
    var problems: [TenantCode: String] = [:]
    for (tenant, task) in running { problems[tenant] = await task.value }
    return problems
  }

  /// Fetches when it is due, until the task is cancelled; then ends what is under way.
  func run() async {
    var looked = ContinuousClock.now
    while !Task.isCancelled {
      if ContinuousClock.now - looked >= Self.look {
        await load()
        looked = ContinuousClock.now
      }
      let now = WallClock.milliseconds()
      let due = entries.filter {
        $0.value.running == nil && $0.value.upstream.status.nextTry ?? 0 <= now
      }
      let mine = due.isEmpty ? [] : await mine()
      for tenant in due.keys where mine.contains(tenant) { begin(tenant) }
      report()
      do { try await Task.sleep(for: .milliseconds(500)) } catch { break }
    }
    await stop()
  }

  /// Ends the fetches that are under way.
  func stop() async {
    isStopping = true
    var one: UInt64 = 1
    if stopping >= 0 { write(stopping, &one, 8) }
    for entry in entries.values { _ = await entry.running?.value }
  }

  /// How many upstreams there are, and how many of them could not be fetched.
  var counts: (all: Int, failing: Int) {
    (entries.count, entries.values.count { $0.upstream.status.error != nil })
  }

  private func report() {
    guard !entries.isEmpty || isReported else { return }
    isReported = !entries.isEmpty
    Gauge(label: "upstreams").record(entries.count)
    Gauge(label: "upstreams_failing").record(counts.failing)
  }

  // MARK: One fetch

  /// Joins the fetch that is under way, or makes one.
  private func fetchOnce(_ tenant: TenantCode) async -> String? {
    if let running = entries[tenant]?.running {
      // It may have begun before what is asked for was there.
      _ = await running.value
    }
    return await begin(tenant).value
  }

  @discardableResult
  private func begin(_ tenant: TenantCode) -> Task<String?, Never> {
    if let running = entries[tenant]?.running { return running }
    let task = Task { await self.attempt(tenant) }
    entries[tenant]?.running = task
    return task
  }

  private func attempt(_ tenant: TenantCode) async -> String? {
    guard let entry = entries[tenant], !isStopping else {
      entries[tenant]?.running = nil
      return nil
    }
    let (fetcher, stopping, upstream) = (fetcher, stopping, entry.upstream)
    let began = ContinuousClock.now
    var problem: String?
    var moved = 0
    if let path = await path(tenant) {
      do {
        moved = try await pool.run { () throws(AgentError) in
          try fetcher.fetch(upstream, of: tenant, into: path, stop: stopping)
        }
      } catch {
        problem = "\(error)"
      }
    } else {
      problem = "the tenant has no repository to fetch into"
    }
    // Removed meanwhile, or given another one.
    guard entries[tenant]?.generation == entry.generation else { return nil }
    // Ended with the agent: that is no failure of the upstream.
    if isStopping {
      entries[tenant]?.running = nil
      return nil
    }
    let took = (ContinuousClock.now - began).components
    Timer(label: "upstream_fetch_seconds").recordNanoseconds(
      took.seconds * 1_000_000_000 + took.attoseconds / 1_000_000_000)
    await record(problem, moved: moved, tenant)
    if problem == nil { await tidy(tenant) }
    if entries[tenant]?.generation == entry.generation { entries[tenant]?.running = nil }
    return problem
  }

  /// Keeps the room on the disk bounded that fetches take.
  private func tidy(_ tenant: TenantCode) async {
    guard let path = await path(tenant) else { return }
    let (fetcher, stopping) = (fetcher, stopping)
    do {
      try await pool.run { () throws(AgentError) in
        try fetcher.tidy(path, of: tenant, stop: stopping)
      }
    } catch  where !isStopping {
      logger.warning(
        "an upstream's repository cannot be packed anew",
        metadata: ["tenant_code": "\(tenant)", "error": "\(error)"])
    } catch {
      // Ended with the agent: the next one does it.
    }
  }

  private func record(_ problem: String?, moved: Int, _ tenant: TenantCode) async {
    guard var upstream = entries[tenant]?.upstream else { return }
    let now = WallClock.milliseconds()
    let before = upstream.status.error
    upstream.status.error = problem
    upstream.status.failures = problem == nil ? 0 : upstream.status.failures + 1
    if problem == nil { upstream.status.lastFetch = now }
    let delay =
      problem == nil
      ? interval * Double.random(in: 0.9...1.1)
      : max(interval, retry.delay(afterFailure: upstream.status.failures))
    upstream.status.nextTry = now + Int64(delay / .milliseconds(1))
    entries[tenant]?.upstream = upstream
    board.setUpstream(upstream.status, of: tenant)
    if let problem {
      logger.log(
        level: before == problem ? .debug : .error, "an upstream cannot be fetched",
        metadata: ["tenant_code": "\(tenant)", "error": "\(problem)"])
    } else if moved > 0 || before != nil {
      logger.info(
        "upstream fetched", metadata: ["tenant_code": "\(tenant)", "branches": "\(moved)"])
    }
    let (store, record) = (store, upstream)
    do {
      try await pool.run { try store.write(record, of: tenant) }
    } catch {
      logger.error(
        "how a fetch went cannot be recorded",
        metadata: ["tenant_code": "\(tenant)", "error": "\(error)"])
    }
  }
}

/// The mirror as a service.
struct UpstreamService: Service {
  let mirror: UpstreamMirror
  let health: HealthRegistry

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await self.mirror.run() }
        group.addTask { await self.watch() }
        await group.waitForAll()
      }
    }
  }

  private func watch() async {
    while !Task.isCancelled {
      let (all, failing) = await mirror.counts
      if all > 0 {
        health.report(
          check: "upstreams", status: failing == 0 ? .healthy : .degraded,
          message: failing == 0
            ? "\(all) followed" : "\(failing) of \(all) upstreams cannot be fetched")
      } else {
        health.remove(check: "upstreams")
      }
      do { try await Task.sleep(for: .seconds(1)) } catch { return }
    }
  }
}
