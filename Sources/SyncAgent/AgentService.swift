import CLinux
import Catalog
import CatalogAPI
import Concurrency
import Deployment
import Foundation
import GitStore
import Hummingbird
import Logging
import Metrics
import Reconciliation
import ServiceLifecycle
import Synchronization
import Telemetry
import UtilityModel

/// A running agent: watcher, reconciler, HTTP server and control socket, started and ended in order.
struct AgentService: Sendable {
  let agent: Agent
  let registry: PrometheusRegistry
  let feed: EventFeed
  let reconciler: Reconciler
  let watcherBox: WatcherBox
  /// Shares the tenants with other agents, nil where there can be none.
  let keeper: LeaseKeeper?

  /// Serves until SIGTERM or SIGINT, then drains. Throws what makes it impossible to start.
  func run() async throws {
    let configuration = agent.configuration
    let root = configuration.text("repositories.root")
    let health = HealthRegistry(version: Version.text, required: ["database", "repositories"])
    let logger = agent.logger
    feed.follow(agent.context.snapshots, agent.context.board)
    await agent.process?.onExit { slot, reason in
      logger.error(
        "a runtime's server ended by itself",
        metadata: [
          "tenant_code": "\(slot.tenant)", "runtime": "\(slot.kind)", "reason": "\(reason)",
        ])
      Counter(label: "runtime_exits_total").increment()
      Task { await reconciler.runtimeEnded(slot.tenant) }
    }
    await agent.context.environments?.onChange(patience: .seconds(5)) { tenant in
      guard let tenant = TenantCode(tenant) else { return }
      Task { await reconciler.runtimeEnded(tenant) }
    }
    let watcher = RefWatcher(root: root, logger: logger) { reconciler.hint($0.tenants) }
    watcherBox.set(watcher)
    // Before the first look, so that nothing falls between the two.
    try await agent.context.pool.run { try watcher.start() }
    let upstreams = configuration.upstreamMirror(
      board: agent.context.board, reconciler: reconciler, logger: logger)
    await upstreams.load()
    let work = TenantWork(
      configuration: configuration, state: agent.state, reconciler: reconciler,
      upstreams: upstreams)
    let control = try ControlServer(folder: agent.state) { request in
      await ControlCommands.answer(
        request, reconciler: reconciler, board: agent.context.board, work: work, keeper: keeper)
    }
    await keeper?.answer {
      await ControlCommands.answer(
        relayed: $0, reconciler: reconciler, board: agent.context.board, work: work)
    }
    let board = agent.context.board
    let context = agent.context
    let reader = GitReader()
    let fate = CommitFateFinder(board: board, reconciler: reconciler, reader: reader)
    let history = EntryHistory(
      board: board, reconciler: reconciler,
      approvedBranch: configuration.text("repositories.branch"), reader: reader)
    await configuration.warnOfSecurity(logger)
    var serving = APIConfiguration(
      host: configuration.text("server.host"), port: configuration.integer("server.port"),
      crossOrigin: try configuration.crossOrigin())
    serving.authentication =
      if let settings = try configuration.authentication() {
        try await Authentication(settings, health: health, metrics: registry, logger: logger)
      } else {
        nil
      }
    serving.tls =
      if let files = configuration.tlsFiles {
        try await TLSReload(files, health: health, logger: logger)
      } else {
        nil
      }
    serving.limits = configuration.limits
    serving.limits.connections = Limits.reserveDescriptors(for: serving.limits.connections)
    if serving.limits.connections < configuration.limits.connections {
      logger.warning(
        "the limit on open files allows fewer connections than server.max_connections; raise it",
        metadata: ["connections": "\(serving.limits.connections)"])
    }
    let executions = context.store as? any ExecutionStore
    let scheme = serving.tls == nil ? "http" : "https"
    let application = buildApplication(
      dependencies: APIDependencies(
        catalog: context.snapshots, status: { board.all() },
        tenantStatus: { board.status(of: $0) },
        commitFate: { try await fate.fate(of: $1, in: $0) },
        history: { try await history.records(of: $1, tenant: $0, limit: $2) },
        source: { tenant, item, revision in
          guard let revision else {
            return try await context.snapshots.contents(
              of: tenant, id: item.id, status: item.status)
          }
          return try await history.source(of: item, tenant: tenant, revision: revision)
        },
        audit: { tenant, query in
          try await context.store.auditRecords(
            of: tenant, limit: query.limit, offset: query.offset)
        },
        executions: { tenant, query in
          try await executions?.executions(of: tenant, query) ?? .empty
        }, events: feed.hub, health: health, metrics: registry, version: Version.text,
        logger: logger),
      configuration: serving,
      onServerRunning: { port in
        logger.info(
          "serving",
          metadata: ["address": "\(scheme)://\(configuration.text("server.host")):\(port)"])
      })
    let monitor = HealthMonitor(
      agent: agent, keeper: keeper, health: health, watcher: watcher,
      streams: { [hub = feed.hub] in hub.streams },
      lookAgain: { reconciler.hint(nil) })
    var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
      .init(service: monitor), .init(service: application),
      .init(
        service: ReconcileService(
          reconciler: reconciler, agent: agent, keeper: keeper, health: health, logger: logger)),
      .init(service: UpstreamService(mirror: upstreams, health: health)),
    ]
    let collector = agent.executionCollector
    if let collector {
      services.append(.init(service: collector))
    } else if context.releases != nil, configuration.integer("executions.keep") > 0 {
      logger.warning("this catalog keeps no executions; calls are served and not recorded")
    }
    if let engine = agent.engine {
      services.append(
        .init(
          service: EngineWatch(
            runtime: engine, reconciler: reconciler, health: health, logger: logger)))
    }
    // Ended first: balancers are told before anything stops.
    services.append(.init(service: DrainNotice(health: health)))
    let group = ServiceGroup(
      configuration: .init(
        services: services,
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    var failure: (any Error)?
    do {
      try await group.run()
    } catch {
      failure = error
    }
    feed.hub.close()
    await watcher.stop()
    control.stop()
    await keeper?.leave(logger)
    await agent.context.environments?.shutdown()
    await agent.context.runtime.shutdown()
    // What servers told last, when they drained.
    await collector?.collect()
    if let failure {
      throw AgentError(
        "the agent cannot serve: \(failure)",
        "free the port or set server.port (\(configuration.text("server.port")))")
    }
  }
}

/// The watcher, for closures that are made before it.
final class WatcherBox: Sendable {
  private let value = Mutex<RefWatcher?>(nil)
  var watcher: RefWatcher? { value.withLock { $0 } }
  func set(_ watcher: RefWatcher) { value.withLock { $0 = watcher } }
}

/// The reconciler as a service.
struct ReconcileService: Service {
  let reconciler: Reconciler
  let agent: Agent
  let keeper: LeaseKeeper?
  let health: HealthRegistry
  let logger: Logger

  func run() async throws {
    try await cancelWhenGracefulShutdown {
      let began = ContinuousClock.now
      try await startWhenCatalogIsThere()
      health.report(check: "repositories", status: .healthy)
      let took = ContinuousClock.now - began
      logger.info("ready", metadata: ["duration_ms": "\(Int(took / .milliseconds(1)))"])
      try await withThrowingTaskGroup(of: Void.self) { group in
        if let keeper { group.addTask { try await agent.run(keeper) } }
        group.addTask { await reconciler.run() }
        try await group.waitForAll()
      }
    }
  }

  /// Waits for a catalog that is away; throws what waiting does not cure.
  private func startWhenCatalogIsThere() async throws {
    while true {
      do {
        return try await reconciler.start { try await keeper?.start() }
      } catch let error as CatalogError where error.code == .unavailable {
        logger.warning("waiting for the catalog", metadata: ["error": "\(error)"])
        try await Task.sleep(for: .seconds(1))
      }
    }
  }
}

/// Makes the program not ready as soon as it is asked to stop.
struct DrainNotice: Service {
  let health: HealthRegistry

  func run() async throws {
    try await gracefulShutdown()
    health.drain()
  }
}

/// Keeps `/health` and the watcher's metrics current.
struct HealthMonitor: Service {
  let agent: Agent
  let keeper: LeaseKeeper?
  let health: HealthRegistry
  let watcher: RefWatcher
  /// How many event streams are open.
  let streams: @Sendable () -> Int
  /// Looks at every tenant.
  let lookAgain: @Sendable () -> Void

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var rounds = 0
      while !Task.isCancelled {
        if rounds % 5 == 0 {
          await reportDatabase()
          await reportDisk()
          reportEngine()
          reportLeases()
        }
        reportWatcher()
        reportRepositories()
        reportCache()
        reportComponents()
        rounds += 1
        // What a large repository took goes back to the system.
        if rounds % 30 == 0 { await agent.context.pool.run { linux_trim_memory() } }
        do { try await Task.sleep(for: .seconds(1)) } catch { return }
      }
    }
  }

  /// A database that is away degrades the agent: readers are served from the snapshot, and writes
  /// wait. When it is back, every tenant is looked at, so that none waits for its next try.
  private func reportDatabase() async {
    let began = ContinuousClock.now
    let wasAway = health.checks["database"].map { $0 != .healthy } ?? false
    do {
      _ = try await agent.store.tenants()
      health.report(check: "database", status: .healthy, latency: ContinuousClock.now - began)
      if wasAway {
        agent.logger.notice("the catalog is back")
        lookAgain()
      }
    } catch {
      let isAway = [.unavailable, .unauthorized, .full].contains(error.code)
      health.report(
        check: "database", status: isAway ? .degraded : .unhealthy,
        message: isAway
          ? "the catalog is away; reads go on from memory, writes wait"
          : "the catalog cannot be read",
        latency: ContinuousClock.now - began)
      agent.logger.log(
        level: wasAway ? .debug : .error, "the catalog cannot be read",
        metadata: ["error": "\(error)"])
    }
  }

  private func reportWatcher() {
    let status = watcher.status
    Gauge(label: "watcher_watches").record(status.watches)
    Gauge(label: "watcher_unwatched_tenants").record(status.unwatched.count)
    Gauge(label: "watcher_overflows").record(status.overflows)
    Gauge(label: "watcher_restarts").record(status.restarts)
    if !status.alive {
      health.report(
        check: "watcher", status: .unhealthy, message: status.failure ?? "the watcher is down")
    } else if !status.unwatched.isEmpty {
      health.report(
        check: "watcher", status: .degraded,
        message: "\(status.unwatched.count) tenants have no watch and are scanned every 2 s; "
          + "raise fs.inotify.max_user_watches")
    } else {
      health.report(check: "watcher", status: .healthy)
    }
  }

  private func reportRepositories() {
    let tenants = agent.context.board.all()
    guard health.isReady else { return }
    let orphans = tenants.count { $0.status == .orphaned }
    let failed = tenants.count { tenant in
      tenant.status != .orphaned && tenant.branches.contains { $0.phase == .failed }
    }
    Gauge(label: "orphaned_tenants").record(orphans)
    var problems: [String] = []
    if failed > 0 {
      problems.append("\(failed) of \(tenants.count) tenants could not be reconciled")
    }
    if orphans > 0 {
      problems.append(
        "\(orphans) of \(tenants.count) tenants are orphaned, their repositories gone or unreadable, "
          + "and go on answering: bring the repositories back, or end them with "
          + "`sync-agent tenant remove`; `sync-agent tenant list` names them")
    }
    health.report(
      check: "repositories", status: problems.isEmpty ? .healthy : .degraded,
      message: problems.joined(separator: "; "))
  }
}
