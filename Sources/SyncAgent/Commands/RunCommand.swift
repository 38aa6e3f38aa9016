import ArgumentParser
import Catalog
import CatalogAPI
import Foundation
import GitStore
import Hummingbird
import Logging
import Metrics
import Reconciliation
import ServiceLifecycle
import Telemetry
import UtilityModel

/// `sync-agent run`: watch, reconcile, serve until SIGTERM.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Watch, reconcile and serve until SIGTERM.",
    discussion: "Example: sync-agent run --repositories.root ./data/repos --server.port 8109")

  @OptionGroup var options: CommonOptions

  func run() async throws {
    let configuration = try options.load()
    try await configuration.checkSecurityFiles()
    let logger = CommonOptions.logger(configuration)
    let registry = PrometheusRegistry(declarations: MetricDeclaration.agent)
    MetricsSystem.bootstrap(registry)
    let state = try StateFolder(path: configuration.stateFolder)
    guard let lock = try WriterLock.take(in: state) else {
      throw AgentError(
        "another agent or command writes this catalog (state folder \(configuration.stateFolder))",
        "stop it, or give this one another catalog.url")
    }
    defer { withExtendedLifetime(lock) {} }
    try Preparation.checkAddress(configuration)
    var agent = try await Agent.assemble(configuration, purpose: .writing, logger: logger)
    let hub = EventHub(maximumStreams: configuration.integer("server.max_event_streams"))
    let feed = EventFeed(hub: hub, logger: logger)
    agent.context.onRollout = { feed.tell($0) }
    try Preparation.makeRoot(configuration)
    let watcherBox = WatcherBox()
    let reconciler = agent.reconciler(unwatched: { watcherBox.watcher?.status.unwatched ?? [] })
    let keeper = try agent.leaseKeeper(reconciler)
    try await CatalogWait(agent: agent, keeper: keeper, metrics: registry).run()

    let service = AgentService(
      agent: agent, registry: registry, feed: feed, reconciler: reconciler, watcherBox: watcherBox,
      keeper: keeper)
    try await service.run()
    logger.info("stopped")
  }
}

extension MetricDeclaration {
  /// What the agent counts, beside the HTTP interface.
  static let agent: [MetricDeclaration] = [
    .init(name: "sync_total", help: "Reconciles by result."),
    .init(name: "sync_duration_seconds", help: "From the hint to the end of a reconcile."),
    .init(
      name: "commit_to_live_seconds", help: "From the hint of a commit to its being served.",
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.2, 2.5, 5, 10, 30]),
    .init(name: "quarantined_utilities", help: "Utilities whose newest version is refused."),
    .init(name: "sync_queue_depth", help: "Tenants that are being reconciled or wait for it."),
    .init(name: "sync_tenants", help: "Tenants with a repository."),
    .init(name: "orphaned_tenants", help: "Tenants whose repository is gone or unreadable."),
    .init(name: "leases_held", help: "Tenants that are this agent's among several agents."),
    .init(name: "agents_alive", help: "Agents that share the catalog."),
    .init(name: "watcher_watches", help: "inotify watches."),
    .init(name: "watcher_unwatched_tenants", help: "Tenants that no watch covers."),
    .init(name: "watcher_overflows", help: "Overflows of the inotify queue since the start."),
    .init(name: "watcher_restarts", help: "Restarts of the watcher since the start."),
    .init(name: "active_database_connections", help: "Database connections at work."),
    .init(name: "event_streams", help: "Open event streams."),
    .init(
      name: "component_health", help: "Each component: 2 healthy, 1 degraded, 0 unhealthy.",
      maximumSeries: 32),
    .init(name: "disk_free_ratio", help: "Free share of the fullest file system in use."),
    .init(name: "utility_executions_total", help: "Total number of utility executions."),
    .init(name: "runtime_exits_total", help: "Servers of runtimes that ended by themselves."),
    .init(name: "package_environments_total", help: "Installations of packages by result."),
    .init(
      name: "package_install_duration_seconds", help: "How long installing packages took.",
      buckets: [0.5, 1, 2.5, 5, 10, 20, 40, 80, 150, 300]),
    .init(name: "upstreams", help: "Tenants that follow an upstream."),
    .init(name: "upstreams_failing", help: "Upstreams whose last fetch failed."),
    .init(
      name: "upstream_fetch_seconds", help: "How long a fetch of an upstream took.",
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]),
  ]
}
