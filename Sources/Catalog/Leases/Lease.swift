import UtilityModel

/// The right to write one tenant's catalog, as a writer holds it: every write carries it.
public struct LeaseFence: Sendable, Hashable {
  /// The id of the agent that holds the lease.
  public var owner: String
  /// How often the lease has changed hands, this time included.
  public var epoch: Int64

  /// A fence by its parts.
  public init(owner: String, epoch: Int64) {
    self.owner = owner
    self.epoch = epoch
  }

  /// Under which lease the current task writes. The store compares it with what the database says,
  /// in the transaction of the write, so that an agent that was paused for longer than its lease
  /// cannot overwrite its successor.
  @TaskLocal public static var current: LeaseFence?
}

/// One document of the core database's `leases`.
public struct Lease: Sendable, Hashable {
  /// The tenant.
  public var tenant: TenantCode
  /// The id of the agent that holds it, "" where it was given back.
  public var owner: String
  /// How often it has changed hands.
  public var epoch: Int64
  /// How many writes there have been under it, by whomever: what followers compare.
  public var writes: Int64
  /// The numbers of the entries that the last write changed, nil where all may have.
  public var changed: [Int32]?
  /// How many commands other agents have handed to its holders.
  public var requests: Int64
  /// Whether the holder has brought the tenant to what git says.
  public var isLive: Bool

  /// A lease by its parts.
  public init(
    tenant: TenantCode, owner: String, epoch: Int64, writes: Int64 = 0, changed: [Int32]? = nil,
    requests: Int64 = 0, isLive: Bool = false
  ) {
    self.tenant = tenant
    self.owner = owner
    self.epoch = epoch
    self.writes = writes
    self.changed = changed
    self.requests = requests
    self.isLive = isLive
  }
}

/// An agent whose heartbeat has not expired by the server's clock.
public struct LiveAgent: Sendable, Hashable {
  /// Its id: that of its state folder.
  public var id: String
  /// What people call it.
  public var name: String
  /// Whether it has been alive for a whole lease time: only such an agent is given what another one
  /// serves, so that one that comes and goes moves nothing.
  public var isSettled: Bool
  /// Whether it is a command, which takes what nobody has and is given nothing.
  public var isCommand: Bool

  /// An agent by its parts.
  public init(id: String, name: String, isSettled: Bool, isCommand: Bool = false) {
    self.id = id
    self.name = name
    self.isSettled = isSettled
    self.isCommand = isCommand
  }
}

/// Who is there and who has what, read in one go.
public struct LeaseView: Sendable {
  /// The agents that are alive, by id.
  public var agents: [String: LiveAgent]
  /// The leases that were ever given.
  public var leases: [TenantCode: Lease]

  /// A view by its parts.
  public init(agents: [LiveAgent], leases: [Lease]) {
    self.agents = Dictionary(agents.map { ($0.id, $0) }) { one, _ in one }
    self.leases = Dictionary(leases.map { ($0.tenant, $0) }) { one, _ in one }
  }

  /// The agent that holds a tenant's lease and is alive, or nil.
  public func holder(of tenant: TenantCode) -> LiveAgent? {
    leases[tenant].flatMap { agents[$0.owner] }
  }
}
