import Deployment
import Foundation
import Logging

extension Configuration {
  /// The path of the engine's socket; nil where `runtime.docker_host` is no unix socket.
  var engineSocket: String? {
    let host = text("runtime.docker_host")
    return host.hasPrefix("unix:///") ? String(host.dropFirst("unix://".count)) : nil
  }

  /// What is wrong with the keys of the container drivers, together.
  var containerProblems: [String] {
    guard ["docker", "swarm"].contains(text("runtime.driver")) else { return [] }
    var problems: [String] = []
    if engineSocket == nil {
      problems.append(
        "runtime.docker_host: must be a unix socket, such as unix:///var/run/docker.sock")
    }
    if !text("runtime.network").contains("{tenant}") {
      problems.append(
        "runtime.network: must have {tenant} in it, so that each tenant has a network of its own")
    }
    if let registry = self["runtime.registry"],
      registry.wholeMatch(of: /[a-z0-9.-]+(:[0-9]+)?(\/[a-z0-9][a-z0-9._-]*)*/) == nil
    {
      problems.append(
        "runtime.registry: must be a registry and a path, such as registry.example:5000/python-utils"
      )
    }
    return problems
  }

  /// The configuration of the Swarm driver. Throws as `dockerRuntime`. Blocks.
  func swarmRuntime(_ state: StateFolder) throws -> SwarmRuntime.Configuration {
    var swarm = SwarmRuntime.Configuration(
      docker: try dockerRuntime(state), replicas: integer("runtime.replicas"),
      endpointMode: text("runtime.endpoint_mode"), images: state.file("images"),
      controlSecret: try EngineOwner.loadSecret(from: state.file("control-secret")))
    swarm.registry = self["runtime.registry"]
    swarm.registryCredentials = self["runtime.registry_credentials"]
    return swarm
  }

  /// The configuration of the Docker driver. Throws `AgentError`, `DeploymentError`. Blocks.
  func dockerRuntime(_ state: StateFolder) throws -> DockerRuntime.Configuration {
    guard let socket = engineSocket else {
      throw AgentError("runtime.docker_host is no unix socket", "set it to unix://PATH")
    }
    var docker = DockerRuntime.Configuration(
      socket: socket, image: text("runtime.image"), network: text("runtime.network"),
      active: RuntimeAddress(service: text("runtime.service"), port: integer("runtime.port")),
      trial: RuntimeAddress(
        service: text("runtime.trial_service"), port: integer("runtime.trial_port")),
      memory: integer("runtime.memory"), cpus: Double(text("runtime.cpus")) ?? 1,
      pids: integer("runtime.pids"), channels: state.file("channels"),
      owner: try EngineOwner.load(from: state.file("engine-owner")))
    docker.journal = journal
    return docker
  }

  /// What servers keep of calls until the agent collects them, a second later at best.
  var journal: ExecutionJournal {
    integer("executions.keep") == 0
      ? .none : ExecutionJournal(entries: 2000, payload: integer("executions.payload"))
  }

  /// The package environments of what serves utilities; nil where nothing does.
  func packageEnvironments(
    _ runtime: any Runtime, _ logger: Logger
  ) throws -> PackageEnvironments? {
    let settings = PackageEnvironments.Configuration(
      source: PackageSource(
        index: self["runtime.packages.index"],
        wheels: self["runtime.packages.wheels"].map { URL(fileURLWithPath: $0).path }))
    let root = text("releases.root") + "/.environments"
    let docker =
      (runtime as? DockerRuntime)?.configuration ?? (runtime as? SwarmRuntime)?.configuration.docker
    if let docker {
      return PackageEnvironments(
        root: root, docker: docker, configuration: settings, logger: logger)
    }
    guard runtime is ProcessRuntime else { return nil }
    return PackageEnvironments(
      root: root, python: text("runtime.python"), configuration: settings, logger: logger)
  }

  /// What the container engine has not that the driver needs; asks it.
  func missingFromEngine() async -> [String] {
    guard let socket = engineSocket else { return [] }
    return switch text("runtime.driver") {
    case "docker": await DockerRuntime.missing(socket: socket, image: text("runtime.image"))
    case "swarm": await SwarmRuntime.missing(socket: socket, image: text("runtime.image"))
    default: []
    }
  }
}
