import Catalog
import Concurrency
import Logging
import Metrics
import Synchronization
import UtilityModel

/// Keeps an agent's leases: heartbeats, takes and gives back tenants, and follows those of others.
///
/// Each round reads who lives and who has what, and does what `LeaseAssignment` says. Work that may
/// take longer than a lease (a reconcile that ends, a tenant that is read) never holds up the next
/// heartbeat. Source: docs/mongodb.md, "Several agents".
public actor LeaseKeeper {
  /// The leases in the database.
  public let leases: MongoLeases
  private let reconciler: Reconciler
  let context: ReconcileContext
  private let duration: Duration
  private let signals = Signals()
  /// The leases that the database gave this agent, with their epochs.
  var held: [TenantCode: Int64] = [:]
  /// Those of them that the reconciler works on.
  private var adopted: [TenantCode: Int64] = [:]
  /// Tenants that something is being done to now.
  private var busy: Set<TenantCode> = []
  /// Up to where another agent's tenant is followed.
  private var seen: [TenantCode: Lease] = [:]
  /// Tenants that this agent may still serve and another one has.
  private var leftover: Set<TenantCode> = []
  private var isLeaving = false
  /// Tenants that changed again while something was done to them.
  private var again: Set<TenantCode> = []
  /// Whether a change stream tells of changes, so that the rounds may be rarer.
  var isWatching = false
  /// Does what other agents hand over; see `answer(by:)`.
  var answering: (@Sendable (String) async -> String)?
  /// Up to which of its requests a tenant of this agent's was asked about.
  var asked: [TenantCode: Int64] = [:]
  /// Who had each tenant at the last round.
  var holders: [TenantCode: LiveAgent] = [:]
  /// The ids of the agents that lived at the last round.
  private var living: Set<String> = []
  /// How it stands, for `/health`.
  public nonisolated let summary = Mutex(Summary())

  /// How the tenants are divided.
  public struct Summary: Sendable {
    /// How many tenants this agent has.
    public var held = 0
    /// How many leases there are.
    public var all = 0
    /// The names of the agents that live, sorted.
    public var agents: [String] = []
  }

  /// A keeper of leases that last for `duration`.
  public init(
    leases: MongoLeases, reconciler: Reconciler, context: ReconcileContext, duration: Duration
  ) {
    self.leases = leases
    self.reconciler = reconciler
    self.context = context
    self.duration = duration
  }

  /// Remembers up to where the tenants are read: called before the snapshots are loaded. Throws
  /// `CatalogError`.
  public func prepare() async throws(CatalogError) {
    seen = try await leases.leases()
    await reconciler.share(with: signals)
  }

  /// Takes what is this agent's to take, and comes back when it is at work on it. Throws
  /// `CatalogError`.
  public func start() async throws { try await round(waiting: true) }

  /// Keeps the leases until the task is cancelled, with what `stream` tells, where there is one.
  public func run(watching stream: MongoLeaseStream?, resume: any ResumeToken) async {
    await withTaskGroup(of: Void.self) { group in
      if let stream { group.addTask { await self.watch(stream, resume) } }
      group.addTask { await self.keep() }
      await group.waitForAll()
    }
  }

  /// A third of a lease; without a change stream at most a second, as that is how soon followers see
  /// what has changed.
  private var interval: Duration {
    isWatching ? duration / 3 : min(duration / 3, .seconds(1))
  }

  private func keep() async {
    var isAway = false
    while !Task.isCancelled {
      await signals.wait(atMost: interval)
      guard !Task.isCancelled else { return }
      do {
        try await round(waiting: false)
        if isAway { context.logger.notice("the leases can be renewed again") }
        isAway = false
      } catch {
        context.logger.log(
          level: isAway ? .debug : .warning, "the leases cannot be renewed",
          metadata: ["error": "\(error)"])
        isAway = true
      }
    }
  }

  /// Looks now. Thread-safe.
  public nonisolated func wake() { signals.wake() }

  /// Gives everything back, once nothing is under way any more. Throws `CatalogError`.
  public func leave() async throws {
    isLeaving = true
    for tenant in adopted.keys { await reconciler.giveUp(tenant) }
    let given = held
    (held, adopted) = ([:], [:])
    try await leases.release(given)
    try await leases.leave()
  }

  // MARK: A round

  private func round(waiting: Bool) async throws {
    let view = try await leases.beat()
    guard !isLeaving else { return }
    living = Set(view.agents.keys)
    let tenants = await reconciler.tenantCodes()
    let me = view.agents[leases.me.id] ?? leases.me
    let assignment = LeaseAssignment(
      me: me, held: held.filter { !busy.contains($0.key) },
      tenants: tenants.filter { !busy.contains($0) }, view: view)
    var works: [Task<Void, Never>] = []
    for tenant in assignment.lost {
      held[tenant] = nil
      works.append(begin(tenant) { await $0.lose(tenant) })
    }
    for tenant in assignment.release {
      guard let epoch = held[tenant] else { continue }
      works.append(begin(tenant) { await $0.release(tenant, epoch) })
    }
    // Removed from this agent: whoever adds it anew takes it anew.
    for (tenant, epoch) in held where !tenants.contains(tenant) && !busy.contains(tenant) {
      works.append(begin(tenant) { await $0.release(tenant, epoch) })
    }
    // Removed and added again since the last round: the lease is held, the tenant is new.
    let own = await reconciler.ownTenants()
    for tenant in adopted.keys where !busy.contains(tenant) && !own.contains(tenant) {
      adopted[tenant] = nil
    }
    let taken = try await leases.take(assignment.take.filter { !busy.contains($0.key) })
    held.merge(taken) { $1 }
    if tenants.contains(where: { adopted[$0] == nil && view.leases[$0] != seen[$0] }) {
      try await reconciler.readTenants()
    }
    for (tenant, epoch) in held where adopted[tenant] != epoch && !busy.contains(tenant) {
      works.append(begin(tenant) { await $0.adopt(tenant, epoch) })
    }
    for tenant in tenants where held[tenant] == nil && !busy.contains(tenant) {
      guard let lease = view.leases[tenant], lease != seen[tenant] else { continue }
      works.append(begin(tenant) { await $0.follow(lease) })
    }
    try await markLive(view)
    await dropLeftovers(view)
    report(view)
    try await answerRequests(view)
    if waiting { for work in works { await work.value } }
  }

  /// Does something to a tenant beside the rounds, of which none touches it meanwhile.
  private func begin(
    _ tenant: TenantCode, _ body: @escaping @Sendable (isolated LeaseKeeper) async -> Void
  ) -> Task<Void, Never> {
    busy.insert(tenant)
    return Task {
      await body(self)
      busy.remove(tenant)
      if again.remove(tenant) != nil { signals.wake() }
    }
  }

  /// A lease has changed; nil: something did that is none.
  func notice(_ lease: Lease?) {
    guard let lease, !isLeaving else { return }
    let tenant = lease.tenant
    guard held[tenant] == nil, living.contains(lease.owner), leases.me.id != lease.owner else {
      // Somebody's own write, or something to take.
      let isAsked = lease.requests > asked[tenant] ?? 0
      if lease.owner != leases.me.id || held[tenant] != lease.epoch || isAsked { signals.wake() }
      return
    }
    guard !busy.contains(tenant) else {
      again.insert(tenant)
      return
    }
    guard lease != seen[tenant] else { return }
    if leftover.contains(tenant), lease.isLive { signals.wake() }
    _ = begin(tenant) { await $0.follow(lease) }
  }

  private func adopt(_ tenant: TenantCode, _ epoch: Int64) async {
    signals.set(tenant, isLive: false)
    do {
      try await reconciler.take(
        tenant, LeaseFence(owner: leases.me.id, epoch: epoch), leases)
      adopted[tenant] = epoch
      seen[tenant] = nil
      leftover.remove(tenant)
    } catch {
      warn("a tenant cannot be taken over", tenant, error)
    }
  }

  private func release(_ tenant: TenantCode, _ epoch: Int64) async {
    await drop(tenant)
    do {
      try await leases.release([tenant: epoch])
      held[tenant] = nil
    } catch {
      warn("a lease cannot be given back", tenant, error)
    }
  }

  private func lose(_ tenant: TenantCode) async {
    context.logger.warning(
      "a lease was lost: this agent did not renew it in time",
      metadata: ["tenant_code": "\(tenant)"])
    await drop(tenant)
  }

  private func drop(_ tenant: TenantCode) async {
    await reconciler.giveUp(tenant)
    adopted[tenant] = nil
    seen[tenant] = nil
    leftover.insert(tenant)
  }

  private func follow(_ lease: Lease) async {
    let tenant = lease.tenant
    // A stream and a round may cross: an older word never counts.
    if let last = seen[tenant], last.writes > lease.writes { return }
    // Only the very next write says all that has changed.
    let isNext = seen[tenant].map { $0.writes + 1 == lease.writes } == true
    let isQuiet = seen[tenant].map { $0.writes == lease.writes } == true
    do {
      try await reconciler.follow(
        tenant, numbers: isQuiet ? [] : isNext ? lease.changed : nil, leases)
      seen[tenant] = lease
    } catch {
      warn("another agent's tenant cannot be followed", tenant, error)
    }
  }

  private func markLive(_ view: LeaseView) async throws {
    let reconciled = signals.takeReconciled()
    let due = adopted.filter { reconciled.contains($0.key) }
    do {
      try await leases.markLive(due)
      for tenant in due.keys { signals.set(tenant, isLive: true) }
    } catch {
      signals.putBack(due.keys)
      throw error
    }
  }

  private func dropLeftovers(_ view: LeaseView) async {
    for tenant in leftover where !busy.contains(tenant) && held[tenant] == nil {
      guard view.leases[tenant]?.isLive == true, view.holder(of: tenant) != nil else { continue }
      leftover.remove(tenant)
      _ = begin(tenant) { await $0.reconciler.dropRuntime(tenant) }
    }
  }

  private func report(_ view: LeaseView) {
    var names: [TenantCode: String] = [:]
    holders = view.leases.compactMapValues { view.agents[$0.owner] }
    for (tenant, holder) in holders { names[tenant] = holder.name }
    for tenant in held.keys { names[tenant] = leases.me.name }
    context.board.setAgents(names)
    let next = Summary(
      held: held.count, all: view.leases.count,
      agents: view.agents.values.filter { !$0.isCommand }.map(\.name).sorted())
    summary.withLock { $0 = next }
    Gauge(label: "leases_held").record(next.held)
    Gauge(label: "agents_alive").record(next.agents.count)
  }

  private func warn(_ message: Logger.Message, _ tenant: TenantCode, _ error: any Error) {
    context.logger.warning(
      message, metadata: ["tenant_code": "\(tenant)", "error": "\(error)"])
  }
}

/// What makes a keeper look before its interval is over.
private final class Signals: LeaseListener {
  private struct State {
    var reconciled: Set<TenantCode> = []
    /// Tenants of which it is known already.
    var live: Set<TenantCode> = []
    var isRaised = false
    var waiter: CheckedContinuation<Void, Never>?
  }
  private let state = Mutex(State())

  func tenantAppeared() { wake() }
  func leaseWasLost() { wake() }

  func reconciled(_ tenant: TenantCode) {
    let isNews = state.withLock {
      !$0.live.contains(tenant) && $0.reconciled.insert(tenant).inserted
    }
    if isNews { wake() }
  }

  func takeReconciled() -> Set<TenantCode> {
    state.withLock { state in
      defer { state.reconciled = [] }
      return state.reconciled
    }
  }

  /// Notes whether it is known in the database that a tenant is at what git says.
  func set(_ tenant: TenantCode, isLive: Bool) {
    state.withLock { state in
      if isLive {
        state.live.insert(tenant)
      } else {
        state.live.remove(tenant)
        state.reconciled.remove(tenant)
      }
    }
  }

  func putBack(_ tenants: some Sequence<TenantCode>) {
    state.withLock { $0.reconciled.formUnion(tenants) }
  }

  func wake() {
    let waiter = state.withLock { state in
      defer { state.waiter = nil }
      if state.waiter == nil { state.isRaised = true }
      return state.waiter
    }
    waiter?.resume()
  }

  /// Waits for `wake`, for at most `duration`, or for the task's end.
  func wait(atMost duration: Duration) async {
    let timer = Task {
      do { try await Task.sleep(for: duration) } catch { return }
      wake()
    }
    defer { timer.cancel() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isRaised = state.withLock { state in
          defer { state.isRaised = false }
          if !state.isRaised { state.waiter = continuation }
          return state.isRaised
        }
        if isRaised { continuation.resume() }
      }
    } onCancel: {
      wake()
    }
  }
}
