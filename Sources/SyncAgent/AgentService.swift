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

  /// Serves until SIGTERM or SIGINT, then drains. Throws what makes it impossible to start.
  func run() async throws {
    let configuration = agent.configuration
    let root = configuration.text("repositories.root")
    let health = HealthRegistry(version: Version.text, required: ["database", "repositories"])
    let watcherBox = WatcherBox()
    let reconciler = Reconciler(
      context: agent.context, root: root,
      resyncInterval: .seconds(
        ConfigurationKey.seconds(configuration.text("repositories.resync_interval")) ?? 300),
      concurrency: configuration.integer("agent.concurrency"),
      unwatched: { watcherBox.watcher?.status.unwatched ?? [] })
    let logger = agent.logger
    await agent.process?.onExit { slot, reason in
      logger.error(
        "a runtime's server ended by itself",
        metadata: [
          "tenant_code": "\(slot.tenant)", "runtime": "\(slot.kind)", "reason": "\(reason)",
        ])
      Counter(label: "runtime_exits_total").increment()
      Task { await reconciler.runtimeEnded(slot.tenant) }
    }
    let watcher = RefWatcher(root: root, logger: logger) { reconciler.hint($0.tenants) }
    watcherBox.set(watcher)
    // Before the first look, so that nothing falls between the two.
    try await agent.context.pool.run { try watcher.start() }
    let control = try ControlServer(folder: agent.state) { request in
      await ControlCommands.answer(request, reconciler: reconciler, board: agent.context.board)
    }
    let board = agent.context.board
    let context = agent.context
    let fate = CommitFateFinder(context: context, reconciler: reconciler)
    let application = buildApplication(
      dependencies: APIDependencies(
        catalog: context.snapshots, status: { board.all() },
        tenantStatus: { board.status(of: $0) },
        commitFate: { await fate.fate(of: $1, in: $0) }, health: health, metrics: registry,
        version: Version.text, logger: logger),
      configuration: APIConfiguration(
        host: configuration.text("server.host"), port: configuration.integer("server.port")),
      onServerRunning: { port in
        logger.info(
          "serving", metadata: ["address": "http://\(configuration.text("server.host")):\(port)"])
      })
    let monitor = HealthMonitor(agent: agent, health: health, watcher: watcher)
    let group = ServiceGroup(
      configuration: .init(
        services: [
          .init(service: monitor), .init(service: application),
          .init(service: ReconcileService(reconciler: reconciler, health: health, logger: logger)),
        ],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    var failure: (any Error)?
    do {
      try await group.run()
    } catch {
      failure = error
    }
    health.drain()
    await watcher.stop()
    control.stop()
    await agent.context.runtime.shutdown()
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
  let health: HealthRegistry
  let logger: Logger

  func run() async throws {
    try await cancelWhenGracefulShutdown {
      let began = ContinuousClock.now
      try await reconciler.start()
      health.report(check: "repositories", status: .healthy)
      let took = ContinuousClock.now - began
      logger.info("ready", metadata: ["duration_ms": "\(Int(took / .milliseconds(1)))"])
      await reconciler.run()
    }
  }
}

/// Keeps `/health` and the watcher's metrics current.
struct HealthMonitor: Service {
  let agent: Agent
  let health: HealthRegistry
  let watcher: RefWatcher

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var rounds = 0
      while !Task.isCancelled {
        if rounds % 5 == 0 { await reportDatabase() }
        reportWatcher()
        reportRepositories()
        rounds += 1
        do { try await Task.sleep(for: .seconds(1)) } catch { return }
      }
    }
  }

  private func reportDatabase() async {
    let began = ContinuousClock.now
    do {
      _ = try await agent.store.tenants()
      health.report(check: "database", status: .healthy, latency: ContinuousClock.now - began)
    } catch {
      health.report(
        check: "database", status: .unhealthy, message: "the catalog cannot be read",
        latency: ContinuousClock.now - began)
      agent.logger.error("the catalog cannot be read", metadata: ["error": "\(error)"])
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
    let failed = tenants.filter { $0.branches.contains { $0.phase == .failed } }.count
    guard !tenants.isEmpty || health.isReady else { return }
    guard health.isReady else { return }
    if failed > 0 {
      health.report(
        check: "repositories", status: .degraded,
        message: "\(failed) of \(tenants.count) tenants could not be reconciled")
    } else {
      health.report(check: "repositories", status: .healthy)
    }
  }
}
