import Catalog
import Concurrency
import Deployment
import Foundation
import GitStore
import Logging
import Reconciliation
import UtilityModel
import Validation

/// The parts of an agent, put together from a configuration.
struct Agent: Sendable {
  let configuration: Configuration
  let state: StateFolder
  let store: any CatalogStore
  var context: ReconcileContext
  let process: ProcessRuntime?
  /// What a container engine runs, nil with other drivers.
  let engine: (any EngineRuntime)?
  let logger: Logger

  /// How a command uses the parts.
  enum Purpose {
    /// It writes: it holds the writer's lock.
    case writing
    /// It only looks.
    case looking
  }

  /// Assembles everything. Throws what the parts throw, each with its way out.
  static func assemble(
    _ configuration: Configuration, purpose: Purpose, logger: Logger
  ) async throws -> Agent {
    let state = try StateFolder(path: configuration.stateFolder)
    let store = try await configuration.openCatalog()
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let validator = Validator(
      limits: CheckerLimits(python: configuration.text("runtime.python")),
      cachePath: state.file("verdicts.sqlite"), width: max(2, cores + 1), logger: logger)
    let (runtime, process) = try makeRuntime(configuration, state, purpose, logger)
    let driver = configuration.text("runtime.driver")
    var context = ReconcileContext(
      settings: .init(
        approvedBranch: configuration.text("repositories.branch"),
        trialBranch: configuration.text("repositories.trial_branch"),
        mediumPolicy: MediumPolicy(rawValue: configuration.text("policy.medium")) ?? .warn,
        restTemplate: configuration["runtime.rest_url"]
          ?? (driver == "process"
            ? "http://127.0.0.1:{port}/{name}" : "http://{service}:{port}/{name}"),
        driver: driver, packages: configuration.allowedPackages,
        policy: configuration.revisionPolicy),
      store: store, snapshots: SnapshotStore(store: store), board: StatusBoard(),
      validator: validator, runtime: runtime,
      releases: driver == "none"
        ? nil
        : ReleaseStore(
          root: configuration.text("releases.root"), keep: configuration.integer("releases.keep")),
      pool: BlockingPool(name: "git", width: max(2, cores * 2)), logger: logger)
    context.settings.writesResults = configuration.text("repositories.notes") == "on"
    if purpose == .writing {
      context.environments = try configuration.packageEnvironments(runtime, logger)
    }
    return Agent(
      configuration: configuration, state: state, store: store, context: context,
      process: process, engine: runtime as? any EngineRuntime, logger: logger)
  }

  private static func makeRuntime(
    _ configuration: Configuration, _ state: StateFolder, _ purpose: Purpose, _ logger: Logger
  ) throws -> (any Runtime, ProcessRuntime?) {
    let (service, trial) = (
      configuration.text("runtime.service"), configuration.text("runtime.trial_service")
    )
    let range = ConfigurationKey.ports(configuration.text("runtime.port_range")) ?? 8200...8999
    let ports = PortRegistry.Ports(
      active: configuration.integer("runtime.port"),
      trial: configuration.integer("runtime.trial_port"), range: range)
    if purpose == .writing {
      switch configuration.text("runtime.driver") {
      case "docker":
        let docker = try configuration.dockerRuntime(state)
        return (DockerRuntime(configuration: docker, logger: logger), nil)
      case "swarm":
        let swarm = try configuration.swarmRuntime(state)
        return (SwarmRuntime(configuration: swarm, logger: logger), nil)
      default: break
      }
    }
    guard configuration.text("runtime.driver") == "process" else {
      return (
        NoRuntime(
          active: RuntimeAddress(service: service, port: ports.active),
          trial: RuntimeAddress(service: trial, port: ports.trial)), nil
      )
    }
    let registry = PortRegistry(file: state.file("ports.json"), ports: ports)
    if purpose == .looking {
      return (
        RecordedRuntime(registry: registry, ports: ports, service: service, trialService: trial),
        nil
      )
    }
    let runtime = ProcessRuntime(
      configuration: .init(
        python: configuration.text("runtime.python"),
        source: try RuntimeSource.locate(explicit: configuration["runtime.source"]),
        memory: configuration.integer("runtime.memory"), service: service, trialService: trial,
        journal: configuration.journal),
      ports: registry, logger: logger)
    return (runtime, runtime)
  }
}
