import Concurrency
import Logging
import UtilityModel

/// `runtime.driver: process`: a server process for each slot, on this machine.
///
/// The agent owns one listening socket a slot, which every server of that slot inherits: while one
/// release replaces another, or a crashed server is replaced, clients wait in the socket's backlog
/// and none is refused. Servers end with the agent, because their standard input ends. The agent
/// has to ignore SIGPIPE.
public actor ProcessRuntime: Runtime {
  /// What the servers are started with, and how long things may take.
  public struct Configuration: Sendable {
    /// The interpreter, an absolute path.
    public var python: String
    /// The server's program.
    public var source: RuntimeSource
    /// `runtime.service`.
    public var service: String
    /// `runtime.trial_service`.
    public var trialService: String
    /// The memory of a utility's worker in MiB: `runtime.memory`.
    public var memory: Int
    /// What servers keep of calls until they are collected.
    public var journal = ExecutionJournal.none
    /// How long a server may take to load a release, and 10 ms more for each of its files.
    public var readyLimit = Duration.seconds(30)
    /// How long a drained server may live beyond its longest time limit.
    public var drainGrace = Duration.seconds(15)
    /// How long open calls may take when the agent ends.
    public var shutdownLimit = Duration.seconds(10)
    /// How often a serving server is asked whether it lives.
    public var pingInterval = Duration.seconds(5)
    /// How long it may take to answer; the second time that it takes longer, it is ended.
    public var answerLimit = Duration.seconds(10)
    /// How many servers may be loading at a time.
    public var concurrentStarts = 4

    /// The defaults, with the program of `source`.
    public init(
      python: String = "/usr/bin/python3", source: RuntimeSource, memory: Int = 512,
      service: String = "python-utils", trialService: String = "python-utils-trial",
      journal: ExecutionJournal = .none
    ) {
      self.journal = journal
      self.python = python
      self.source = source
      self.memory = memory
      self.service = service
      self.trialService = trialService
    }
  }

  struct Slot {
    /// One deployment, retirement or removal at a time.
    let turn = Permits(1)
    var listener: Listener?
    /// The one that accepts connections.
    var current: RuntimeServer?
    /// Everyone who runs: loading, current, draining.
    var servers: [RuntimeServer] = []
  }

  let configuration: Configuration
  let ports: PortRegistry
  let logger: Logger
  let pool = BlockingPool(name: "runtime", width: 2)
  let starts: Permits
  /// Made for the first server.
  var supervisor: ChildSupervisor?
  var exitHandler: (@Sendable (RuntimeSlot, String) -> Void)?
  var slots: [RuntimeSlot: Slot] = [:]
  var isShutDown = false
  let executions = ExecutionBuffer()

  /// A runtime without servers; starts nothing yet.
  public init(configuration: Configuration, ports: PortRegistry, logger: Logger) {
    self.configuration = configuration
    self.ports = ports
    self.logger = logger
    starts = Permits(configuration.concurrentStarts)
  }

  deinit { supervisor?.stop() }

  /// Has `handler` told, on the cooperative pool, of each serving server that ends by itself, and
  /// how: whoever reconciles the slot should deploy again. Clients wait meanwhile.
  public func onExit(_ handler: @escaping @Sendable (RuntimeSlot, String) -> Void) {
    exitHandler = handler
  }

  /// True: servers end with the agent.
  public nonisolated var isEphemeral: Bool { true }

  /// The releases of all of the tenant's servers, draining and retiring ones included.
  public func releasesInUse(by tenant: TenantCode) -> Set<Digest> {
    slots.filter { $0.key.tenant == tenant }.values.flatMap(\.servers)
      .reduce(into: []) { $0.formUnion($1.releases) }
  }

  /// The slot's recorded port, assigned now where it has none.
  public func address(of slot: RuntimeSlot) async throws(DeploymentError) -> RuntimeAddress {
    let ports = ports
    let port = try await pool.run { () throws(DeploymentError) in try ports.assign(slot) }
    return RuntimeAddress(
      service: slot.kind == .active ? configuration.service : configuration.trialService,
      port: port)
  }

  /// Drops the retiring names of the slot's server. Throws `unhealthy` when it does not answer.
  public func retire(_ slot: RuntimeSlot) async throws(DeploymentError) {
    try await turn(of: slot).withPermit { () async throws(DeploymentError) in
      guard let server = slots[slot]?.current, server.isAlive, !server.retiring.isEmpty else {
        return
      }
      do throws(SystemError) {
        try server.send(.retire)
      } catch {
        throw failure(.retire, of: server, cause: error.cause)
      }
      switch await server.wait(for: [.retired], within: .seconds(10)) {
      case .event, .exited: return
      case .timedOut, .cancelled:
        throw failure(.retire, of: server, cause: "the server did not answer within 10 s")
      }
    }
  }

  /// Closes the slot's socket, lets its server drain in the background, and forgets both.
  public func remove(_ slot: RuntimeSlot) async {
    await turn(of: slot).withPermit {
      slots[slot]?.listener = nil
      guard let server = slots[slot]?.current else { return }
      slots[slot]?.current = nil
      await drain(server)
    }
  }

  /// Removes both slots and gives their ports back.
  public func forget(_ tenant: TenantCode) async throws(DeploymentError) {
    for kind in [RuntimeSlot.Kind.active, .trial] {
      await remove(RuntimeSlot(tenant: tenant, kind: kind))
    }
    let ports = ports
    try await pool.run { () throws(DeploymentError) in try ports.forget(tenant) }
  }

  /// Drains every server, ends what has not ended after `shutdownLimit`, and reaps all of them.
  ///
  /// Deployments under way fail with `unhealthy` or `shutDown`. Not shortened by the caller's cancellation.
  public func shutdown() async {
    isShutDown = true
    let limit = configuration.shutdownLimit
    let servers = slots.values.flatMap(\.servers)
    for slot in slots.keys { slots[slot]?.listener = nil }
    await Task {
      await withTaskGroup { group in
        for server in servers {
          group.addTask {
            // One that cannot be told is gone, or is ended by `finish`.
            let told = (try? server.send(.drain)) != nil
            await server.finish(within: told ? limit : .zero)
          }
        }
      }
    }.value
    supervisor?.stop()
    supervisor = nil
  }
}
