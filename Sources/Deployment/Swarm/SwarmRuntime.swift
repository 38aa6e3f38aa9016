import Concurrency
import Foundation
import Logging
import UtilityModel

/// `runtime.driver: swarm`: a service for each slot of a Docker Swarm, through a manager's API.
///
/// Swarm itself starts the new task, waits for its health check, and then stops the old one
/// (`start-first`); when the new one does not become healthy it goes back (`failure_action: rollback`),
/// which is reported as a failure of that release. Nothing is kept but in the service's labels.
public actor SwarmRuntime: Runtime {
  /// How services are made, and how long things may take.
  public struct Configuration: Sendable {
    /// Engine, image, names and limits: as for single containers.
    public var docker: DockerRuntime.Configuration
    /// `runtime.replicas`.
    public var replicas: Int
    /// `runtime.endpoint_mode`: `dnsrr` or `vip`.
    public var endpointMode: String
    /// `runtime.registry`: where images of releases are pushed to, `registry.example:5000/python-utils`;
    /// nil: releases are folders of this machine, for a swarm of one.
    public var registry: String?
    /// `runtime.registry_credentials`: a file as `docker login` writes it.
    public var registryCredentials: String?
    /// Where images are put together: a folder of the agent's own.
    public var images: String
    /// What the keys are made of by which tasks obey: the same after every restart, and nobody else's.
    public var controlSecret: String
    /// How long a task that ends waits for its last calls to be collected.
    public var journalLinger = Duration.seconds(10)
    /// How long an update may take, 10 s more for each further replica, and 10 ms more for each of its files, before it is taken back.
    public var updateLimit = Duration.seconds(90)

    /// A configuration with the contract's defaults.
    public init(
      docker: DockerRuntime.Configuration, replicas: Int = 1, endpointMode: String = "dnsrr",
      images: String, controlSecret: String
    ) {
      self.controlSecret = controlSecret
      self.docker = docker
      self.images = URL(fileURLWithPath: images).path
      self.replicas = replicas
      self.endpointMode = endpointMode
    }
  }

  struct Slot {
    /// One deployment or removal at a time.
    var turn = Permits(1)
    /// The releases that the service's present and former specs need.
    var releases: Set<Digest> = []
    /// What the service was made of when it was as it should be.
    var made: LiveSpec?
    /// Whether its tasks were made with names that are to retire.
    var hasRetiring = false
    /// The tasks whose retiring names are dropped.
    var retired: Set<String> = []
  }

  /// What it was made with.
  public nonisolated let configuration: Configuration
  let engine: EngineClient
  let logger: Logger
  let pool = BlockingPool(name: "images", width: 1)
  var slots: [RuntimeSlot: Slot] = [:]
  var isShutDown = false
  /// The lines to tenants' tasks, and the locks of their making.
  var lines: [TenantCode: ControlChannel] = [:]
  var lineTurns: [TenantCode: Permits] = [:]
  /// The collecting that is under way.
  var collecting: [TenantCode: Task<Void, Never>] = [:]
  /// The tenants without a service, and the work of waiting for their tasks' end.
  var leaving: [TenantCode: Task<Void, Never>] = [:]
  /// Where collecting is, by task, and when to look for tasks again.
  var cursors: [String: ExecutionCursor] = [:]
  var nextLookout = ContinuousClock.now

  /// A runtime on a manager; asks it nothing yet.
  public init(configuration: Configuration, logger: Logger) {
    self.configuration = configuration
    self.logger = logger
    engine = EngineClient(socket: configuration.docker.socket)
  }

  /// False: services outlive the agent.
  public nonisolated var isEphemeral: Bool { false }

  /// The alias and the port of the slot's kind: every tenant has a network of its own.
  public nonisolated func address(
    of slot: RuntimeSlot
  ) async throws(DeploymentError) -> RuntimeAddress {
    slot.kind == .active ? configuration.docker.active : configuration.docker.trial
  }

  /// The release whose service is as it was made, with all of its tasks healthy; else nil.
  public func running(_ slot: RuntimeSlot) async -> Digest? {
    do {
      guard let service = try await service(of: slot), !service.isChanging else { return nil }
      remember(service, slot)
      guard let release = service.release else { return nil }
      let image = try await imageIfAny()
      let live = try await engine.liveSpec(service.iD)
      guard let image, let spec = live.spec,
        frameDigest(slot, image: image) == spec.labels[ContainerLabel.spec],
        Self.seal(spec) == spec.labels[Self.sealLabel]
      else { return nil }
      if let made = slots[slot]?.made, made.whole != live.whole { return nil }
      slots[slot]?.made = live
      let tasks = try await engine.tasks(of: service.iD)
      let healthy = tasks.count {
        $0.status.state == "running" && $0.desiredState == "running" && $0.release == release.hex
      }
      return healthy >= configuration.replicas ? release : nil
    } catch {
      logger.debug("a service cannot be looked at", metadata: ["error": "\(error)"])
      return nil
    }
  }

  /// The releases of the tenant's services and of what they would go back to, as seen last.
  public func releasesInUse(by tenant: TenantCode) -> Set<Digest> {
    slots.filter { $0.key.tenant == tenant }.values.reduce(into: []) {
      $0.formUnion($1.releases)
    }
  }

  /// Removes the slot's service. With the tenant's last one its line and its network go too, in the
  /// background, once the tasks have ended. What fails is done by the next reconcile.
  public func remove(_ slot: RuntimeSlot) async {
    await turn(of: slot).withPermit {
      do {
        if let service = try await service(of: slot) { try await engine.removeService(service.iD) }
        slots[slot] = Slot(turn: turn(of: slot))
        if try await !serves(slot.tenant) { beginLeaving(slot.tenant) }
      } catch {
        logger.warning(
          "a service cannot be removed yet",
          metadata: ["runtime": "\(slot)", "error": "\(error)"])
      }
    }
  }

  /// All services go on serving.
  public func shutdown() async {
    isShutDown = true
    for farewell in leaving.values { farewell.cancel() }
    for work in collecting.values {
      work.cancel()
      await work.value
    }
  }

  // MARK: Looking

  /// The slot's service where it is this agent's, nil where there is none.
  ///
  /// Throws `EngineFailure`, or `DeploymentError` where another program has one of that name.
  func service(of slot: RuntimeSlot) async throws -> ServiceDetails? {
    let name = name(of: slot)
    guard let service = try await engine.serviceIfAny(name) else { return nil }
    guard service.spec.labels?[ContainerLabel.owner] == configuration.docker.owner else {
      throw DeploymentError(
        .deploy, .engineRefused, subject: "service \(name)",
        cause:
          "another program, or an agent with another state folder, made a service of that name",
        remedy: "remove it, or give one of the two another runtime.service or runtime.network",
        disposition: .stalled)
    }
    return service
  }

  func remember(_ service: ServiceDetails, _ slot: RuntimeSlot) {
    _ = turn(of: slot)
    slots[slot]?.hasRetiring = service.spec.labels?[ContainerLabel.retiring] != nil
    slots[slot]?.releases = [service.spec, service.previousSpec].compactMap { $0?.labels }
      .reduce(into: []) { found, labels in
        let all = [labels[ContainerLabel.release], labels[ContainerLabel.retiring]]
        for hex in all.compactMap({ $0 }).flatMap({ $0.split(separator: ",") }) {
          if let digest = Digest(hex: String(hex)) { found.insert(digest) }
        }
      }
  }

  func imageIfAny() async throws(EngineFailure) -> String? {
    do throws(EngineFailure) {
      return try await engine.image(configuration.docker.image)
    } catch {
      guard error.isMissing else { throw error }
      return nil
    }
  }

  /// The slot's lock; from now on the slot is known.
  func turn(of slot: RuntimeSlot) -> Permits {
    let known = slots[slot] ?? Slot()
    slots[slot] = known
    return known.turn
  }

  func network(of tenant: TenantCode) -> String {
    configuration.docker.network.replacingOccurrences(of: "{tenant}", with: tenant.rawValue)
  }

  func address(ofSlot slot: RuntimeSlot) -> RuntimeAddress {
    slot.kind == .active ? configuration.docker.active : configuration.docker.trial
  }

  func name(of slot: RuntimeSlot) -> String {
    "\(network(of: slot.tenant))-\(address(ofSlot: slot).service)"
  }

  /// What is missing at an engine for this driver to work, each with its way out; empty: nothing.
  public static func missing(socket: String, image: String) async -> [String] {
    let missing = await DockerRuntime.missing(socket: socket, image: image)
    guard missing.isEmpty else { return missing }
    do throws(EngineFailure) {
      if try await EngineClient(socket: socket).isManager() { return [] }
      return [
        "runtime.driver: the engine is no manager of a swarm; make it one (docker swarm init), or let "
          + "runtime.docker_host name a manager"
      ]
    } catch {
      return ["runtime.docker_host: the engine does not tell its state (\(error.message))"]
    }
  }
}

extension ServiceDetails {
  var release: Digest? { spec.labels?[ContainerLabel.release].flatMap { Digest(hex: $0) } }

  /// Whether an update or a rollback is under way.
  var isChanging: Bool {
    ["updating", "rollback_started"].contains(updateStatus?.state ?? "")
  }
}
