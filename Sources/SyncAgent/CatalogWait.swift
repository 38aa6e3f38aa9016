import Catalog
import CatalogAPI
import Hummingbird
import Logging
import Reconciliation
import Telemetry

/// Loads what readers see, once the catalog is there.
///
/// While it is away, probes are answered: that the agent lives, and why it is not ready.
struct CatalogWait {
  let agent: Agent
  let keeper: LeaseKeeper?
  let metrics: PrometheusRegistry

  /// Comes back when all is loaded and nothing listens any more. Throws `CatalogError` for what
  /// waiting does not cure, and `AgentError` where the port cannot be had.
  func run() async throws {
    guard try await !load() else { return }
    let configuration = agent.configuration
    let health = HealthRegistry(version: Version.text, required: ["database", "repositories"])
    health.report(
      check: "database", status: .unhealthy,
      message: "the catalog cannot be reached; the agent waits for it")
    var serving = APIConfiguration(
      host: configuration.text("server.host"), port: configuration.integer("server.port"))
    serving.limits = configuration.limits
    if let files = configuration.tlsFiles {
      serving.tls = try await TLSReload(files, health: health, logger: agent.logger)
    }
    let application = buildWaitingApplication(
      health: health, metrics: metrics, version: Version.text, configuration: serving,
      logger: agent.logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          try await application.run()
        } catch {
          // Ended because the catalog is there: the address was had.
          guard !Task.isCancelled else { return }
          throw AgentError(
            "the agent cannot serve: \(error)",
            "free the port or set server.port (\(configuration.text("server.port")))")
        }
      }
      group.addTask {
        repeat {
          try await Task.sleep(for: .seconds(1))
        } while try await !load()
      }
      try await group.next()
      group.cancelAll()
      try await group.waitForAll()
    }
  }

  /// One try; false where the catalog is away. Throws other `CatalogError`s.
  private func load() async throws(CatalogError) -> Bool {
    do throws(CatalogError) {
      try await keeper?.prepare()
      try await agent.context.snapshots.load()
      for (tenant, error) in (agent.store as? MongoCatalog)?.unreadable ?? [:] {
        agent.logger.error(
          "a tenant's entries cannot be read",
          metadata: ["tenant_code": "\(tenant)", "error": "\(error)"])
      }
      return true
    } catch {
      guard error.code == .unavailable else { throw error }
      agent.logger.warning("waiting for the catalog", metadata: ["error": "\(error)"])
      return false
    }
  }
}
