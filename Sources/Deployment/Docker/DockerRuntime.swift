import Concurrency
import Foundation
import Logging
import UtilityModel

/// `runtime.driver: docker`: containers of a Docker Engine, through its API.
///
/// Each slot has a pause container that owns what clients know, the tenant's network, the alias and the
/// port, and a container for its release that joins the pause container's network namespace.
/// Releases follow each other on one port (SO_REUSEPORT), so that no address ever changes.
///
/// Containers outlive the agent. Nothing about them is kept but in their labels: each operation
/// looks at what the engine has, and what has not this agent's label is never touched. While
/// the engine is down, servers are asked over their own channels.
public actor DockerRuntime: Runtime {
  /// How containers are made, and how long things may take.
  public struct Configuration: Sendable {
    /// The engine's socket, an absolute path: `runtime.docker_host` without `unix://`.
    public var socket: String
    /// `runtime.image`.
    public var image: String
    /// `runtime.network`, with `{tenant}`.
    public var network: String
    /// `runtime.service` and `runtime.port`: the alias and the port of active runtimes.
    public var active: RuntimeAddress
    /// `runtime.trial_service` and `runtime.trial_port`.
    public var trial: RuntimeAddress
    /// `runtime.memory` in MiB.
    public var memory: Int
    /// `runtime.cpus`.
    public var cpus: Double
    /// `runtime.pids`.
    public var pids: Int
    /// The folder of the control channels: in the agent's state, for its user alone.
    public var channels: String
    /// Who this agent is to the engine: the same after every restart, and nobody else's.
    public var owner: String
    /// What servers keep of calls until they are collected.
    public var journal = ExecutionJournal.none
    /// How long a server may take to load a release, and 10 ms more for each of its files.
    public var readyLimit = Duration.seconds(30)
    /// How long a drained server may live beyond its longest time limit.
    public var drainGrace = Duration.seconds(15)
    /// How long the agent's end may wait for drained containers.
    public var shutdownLimit = Duration.seconds(3)
    /// How many containers may be starting at a time.
    public var concurrentStarts = 4

    /// A configuration with the contract's defaults.
    public init(
      socket: String, image: String = "python-utils:latest", network: String = "zona-{tenant}",
      active: RuntimeAddress = RuntimeAddress(service: "python-utils", port: 8110),
      trial: RuntimeAddress = RuntimeAddress(service: "python-utils-trial", port: 8111),
      memory: Int = 512, cpus: Double = 1, pids: Int = 256, channels: String, owner: String
    ) {
      self.socket = socket
      self.image = image
      self.network = network
      self.active = active
      self.trial = trial
      self.memory = memory
      self.cpus = cpus
      self.pids = pids
      self.channels = URL(fileURLWithPath: channels).path
      self.owner = owner
    }
  }

  /// What was last seen of a slot.
  struct Slot {
    /// One operation at a time.
    let turn = Permits(1)
    var seen = SlotContainers()
    /// Whether something is to be served: false before the first deployment and after a removal.
    var isWanted = false
    /// The containers whose retiring names are dropped.
    var retired: Set<String> = []
    var lastDeath: ContinuousClock.Instant?
  }

  /// What it was made with.
  public nonisolated let configuration: Configuration
  let engine: EngineClient
  let logger: Logger
  let pool = BlockingPool(name: "runtime", width: 2)
  let starts: Permits
  var slots: [RuntimeSlot: Slot] = [:]
  /// The containers that drain, and the work of waiting for their end.
  var farewells: [String: Task<Void, Never>] = [:]
  /// The channels whose containers are being made.
  var opening: Set<String> = []
  var isShutDown = false
  /// Takes calls into the catalog, once somebody collects them.
  var keeper: ExecutionKeeper?
  /// Where collecting is, by container.
  var collections: [String: ExecutionCursor] = [:]

  /// A runtime on an engine; asks it nothing yet.
  public init(configuration: Configuration, logger: Logger) {
    self.configuration = configuration
    self.logger = logger
    engine = EngineClient(socket: configuration.socket)
    starts = Permits(configuration.concurrentStarts)
  }

  /// False: containers outlive the agent.
  public nonisolated var isEphemeral: Bool { false }

  /// The alias and the port of the slot's kind: every tenant has a network of its own.
  public nonisolated func address(
    of slot: RuntimeSlot
  ) async throws(DeploymentError) -> RuntimeAddress {
    slot.kind == .active ? configuration.active : configuration.trial
  }

  /// The release that answers now with the files that it promises, in a container like those that are
  /// made today, in the tenant's network; else nil.
  ///
  /// While the engine is down, what the servers themselves say has to do.
  public func running(_ slot: RuntimeSlot) async -> Digest? {
    await turn(of: slot).withPermit {
      do {
        let found = try await observe(slot)
        guard let current = found.serving, current.isTrue, let pause = found.pause else {
          return nil
        }
        let details = try await engine.container(pause.id)
        guard current.pause == details.run, details.isRunning, isAttached(details, slot) else {
          return nil
        }
        // Without its image a container goes on; there is nothing to compare it with.
        guard let image = try await imageIfAny() else { return current.release }
        return current.spec == (try frame(slot, image: image).digest()) ? current.release : nil
      } catch {
        return await runningWithoutEngine(slot)
      }
    }
  }

  private func runningWithoutEngine(_ slot: RuntimeSlot) async -> Digest? {
    guard var current = slots[slot]?.seen.serving else { return nil }
    do {
      current.health = try await current.channel.health()
    } catch {
      return nil
    }
    return current.isServing && current.isTrue ? current.release : nil
  }

  /// The releases of all of the tenant's containers, as far as they have been seen.
  public func releasesInUse(by tenant: TenantCode) -> Set<Digest> {
    var inUse: Set<Digest> = []
    for (slot, state) in slots where slot.tenant == tenant {
      for container in state.seen.releases {
        inUse.insert(container.release)
        if !state.retired.contains(container.id) { inUse.formUnion(container.retiring) }
      }
    }
    return inUse
  }

  /// Has the slot's server drop its retiring names. Throws `unhealthy` where it does not answer.
  public func retire(_ slot: RuntimeSlot) async throws(DeploymentError) {
    try await turn(of: slot).withPermit { () async throws(DeploymentError) in
      guard let current = slots[slot]?.seen.serving, !current.retiring.isEmpty,
        slots[slot]?.retired.contains(current.id) == false
      else { return }
      do throws(EngineFailure) {
        try await current.channel.send(.retire)
      } catch {
        throw DeploymentError(
          .retire, .unhealthy, subject: Release.subject(current.release, slot.tenant),
          cause: "the server did not answer (\(error.message))",
          remedy: "it is tried again; the names answer until then")
      }
      slots[slot]?.retired.insert(current.id)
    }
  }

  /// Waits a moment for containers that drain, and leaves the others to the next agent: all
  /// containers go on serving.
  public func shutdown() async {
    isShutDown = true
    let waiting = Array(farewells.values)
    let limit = configuration.shutdownLimit
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        for farewell in waiting { await farewell.value }
      }
      group.addTask {
        // Cancelled as soon as the waiting has ended otherwise.
        do { try await Task.sleep(for: limit) } catch { return }
      }
      await group.next()
      for farewell in waiting { farewell.cancel() }
      group.cancelAll()
    }
  }

  /// The slot's lock; from now on the slot is known.
  func turn(of slot: RuntimeSlot) -> Permits {
    let known = slots[slot] ?? Slot()
    slots[slot] = known
    return known.turn
  }

  /// The name of a tenant's network.
  func network(of tenant: TenantCode) -> String {
    configuration.network.replacingOccurrences(of: "{tenant}", with: tenant.rawValue)
  }

  func service(of slot: RuntimeSlot) -> RuntimeAddress {
    slot.kind == .active ? configuration.active : configuration.trial
  }
}

extension DockerRuntime {
  /// What is missing at an engine for this driver to work, each with its way out; empty: nothing.
  public static func missing(socket: String, image: String) async -> [String] {
    let engine = EngineClient(socket: socket)
    do throws(EngineFailure) {
      try await engine.negotiate()
      _ = try await engine.image(image)
      return []
    } catch {
      if error.isMissing {
        return ["runtime.image: the engine has no image \(image); \(imageRemedy(image))"]
      }
      return [
        "runtime.docker_host: the engine does not answer (\(error.message)); start it, give this "
          + "user access to its socket, or set the key to another one"
      ]
    }
  }

  static func imageRemedy(_ image: String) -> String {
    "build it (docker build --target python-utils -t \(image) .), pull it, or set runtime.image"
  }
}
