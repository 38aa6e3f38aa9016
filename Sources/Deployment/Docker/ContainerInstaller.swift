import Concurrency
import Glibc
import Logging
import UtilityModel

extension PackageEnvironments {
  /// Environments below `root`, filled by pip of `runtime.image`, in throw-away containers.
  public init(
    root: String, docker: DockerRuntime.Configuration, configuration: Configuration, logger: Logger
  ) {
    self.init(
      root: root,
      installer: ContainerInstaller(
        docker, source: configuration.source, limit: configuration.limit),
      configuration: configuration, logger: logger)
  }
}

/// pip of the image in which the packages are to run, in a container that is removed afterwards.
///
/// It has what a runtime's container has not: a folder to write to, and the engine's default network
/// where an index is asked. It has nothing else of the machine, and runs no code of a package.
struct ContainerInstaller: PackageInstaller {
  private let docker: DockerRuntime.Configuration
  private let source: PackageSource
  private let limit: Duration
  private let engine: EngineClient
  private let pool = BlockingPool(name: "pip", width: 1)

  /// An installer with the image and the engine of `docker`.
  init(_ docker: DockerRuntime.Configuration, source: PackageSource, limit: Duration) {
    self.docker = docker
    self.source = source
    self.limit = limit
    engine = EngineClient(socket: docker.socket)
  }

  /// `image-0123456789abcdef`: the image's own name, whatever it is called.
  func target() async throws(DeploymentError) -> String {
    do throws(EngineFailure) {
      let id = try await engine.image(docker.image)
      return "image-\((id.split(separator: ":").last ?? "").prefix(16))"
    } catch {
      throw error.isMissing
        ? DeploymentError(
          .install, .imageMissing, subject: "packages",
          cause: "the engine has no image \(docker.image)",
          remedy: DockerRuntime.imageRemedy(docker.image), disposition: .stalled)
        : error.deploymentError(.install, subject: "packages")
    }
  }

  func install(_ set: PackageSet, into staging: String) async throws(PackageFailure) {
    do {
      // The agent's own user can remove what it made; root hands the folder to a user like the runtime's.
      let user: String
      if getuid() == 0 {
        user = ContainerSpec.user
        try await pool.run { () throws(SystemError) in
          for path in [staging, "\(staging)/tmp", "\(staging)/site-packages"] {
            guard chown(path, 65532, 65532) == 0 else { throw SystemError("give \(path) away") }
          }
        }
      } else {
        user = "\(getuid()):\(getgid())"
      }
      let id = try await engine.create(
        spec(set, staging: staging, user: user),
        name:
          "python-utils-packages-\(set.digest.prefix(12))-\(ReleaseContainer.freshChannelName())")
      do {
        try await run(id)
      } catch {
        await Task { await remove(id) }.value
        throw error
      }
      await Task { await remove(id) }.value
    } catch let error as PackageFailure {
      throw error
    } catch let error as EngineFailure {
      throw PackageFailure("the container engine failed: \(error.message)")
    } catch let error as SystemError {
      throw PackageFailure(error.cause)
    } catch {
      throw PackageFailure("\(error)")
    }
  }

  /// Containers are bounded in time, and removed by the next agent.
  func shutdown() {}

  private func run(_ id: String) async throws {
    try await engine.start(id)
    do throws(EngineFailure) {
      try await engine.waitForEnd(of: id, within: limit)
    } catch {
      guard error.kind == .timedOut else { throw error }
      throw PackageFailure("pip took longer than \(limit.components.seconds) s")
    }
    let state = try await engine.container(id).state
    guard state.exitCode != 0 else { return }
    let lines = try await engine.lastLines(of: id, count: 400)
    throw PackageFailure(output: lines.map(source.redacting), end: state.end)
  }

  private func remove(_ id: String) async {
    // What is left is removed by the next agent's sweep.
    try? await engine.remove(id)
  }

  private func spec(_ set: PackageSet, staging: String, user: String) -> ContainerSpec {
    let memory = Int64(max(512, docker.memory)) << 20
    var spec = ContainerSpec(
      image: docker.image, entrypoint: ["/usr/bin/python3", "-I"],
      cmd: source.arguments(
        set, target: "/environment/site-packages", wheels: source.wheels == nil ? nil : "/wheels"),
      labels: [
        ContainerLabel.owner: docker.owner, ContainerLabel.role: ContainerLabel.installRole,
      ],
      hostConfig: .init(
        networkMode: source.needsNetwork ? "bridge" : "none", memory: memory, memorySwap: memory,
        nanoCpus: Int64(docker.cpus * 1e9), pidsLimit: docker.pids,
        mounts: [.init(source: staging, target: "/environment", readOnly: false)]))
    spec.user = user
    spec.env += source.environment + ["TMPDIR=/environment/tmp", "HOME=/environment/tmp"]
    if let wheels = source.wheels {
      spec.hostConfig.mounts.append(.init(source: wheels, target: "/wheels"))
    }
    return spec
  }
}
