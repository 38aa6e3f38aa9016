import UtilityModel

/// Which leases an agent takes, gives back, or has lost. Pure: the same view gives every agent the
/// same division.
///
/// A tenant belongs to the agent with the highest hash of both names (rendezvous hashing), so that
/// an agent that comes or goes moves its own share only. Source: Thaler and Ravishankar, "Using
/// name-based mappings to increase hit rates", 1998.
public struct LeaseAssignment: Sendable, Equatable {
  /// Leases to take, each with the epoch at which it was seen free, 0 where there was none.
  public var take: [TenantCode: Int64] = [:]
  /// Leases to give back, because they belong to another agent that is there to take them.
  public var release: Set<TenantCode> = []
  /// Leases that somebody else has by now.
  public var lost: Set<TenantCode> = []

  /// What the agent `me`, which holds `held` (epochs), is to do about `tenants`.
  public init(
    me: LiveAgent, held: [TenantCode: Int64], tenants: some Sequence<TenantCode>, view: LeaseView
  ) {
    let eligible = view.agents.values.filter { !$0.isCommand }
    let settled = eligible.filter(\.isSettled).map(\.id)
    let candidates = settled.isEmpty ? eligible.map(\.id) : settled
    for tenant in Set(tenants).union(held.keys) {
      let lease = view.leases[tenant]
      guard let lease, lease.owner == me.id else {
        if held[tenant] != nil { lost.insert(tenant) }
        guard view.holder(of: tenant) == nil else { continue }
        if me.isCommand || Self.owner(of: tenant, among: candidates) == me.id {
          take[tenant] = lease?.epoch ?? 0
        }
        continue
      }
      guard held[tenant] == lease.epoch else {
        // This agent's own, from before it was started anew.
        if held[tenant] != nil { lost.insert(tenant) }
        take[tenant] = lease.epoch
        continue
      }
      if !me.isCommand, Self.owner(of: tenant, among: settled + [me.id]) != me.id {
        release.insert(tenant)
      }
    }
  }

  /// The agent to which a tenant belongs, nil where there is none.
  public static func owner(of tenant: TenantCode, among agents: [String]) -> String? {
    agents.max { (weight(tenant, $0), $0) < (weight(tenant, $1), $1) }
  }

  /// FNV-1a over both names, with the finaliser of MurmurHash3: equal in every process.
  private static func weight(_ tenant: TenantCode, _ agent: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in Array(agent.utf8) + [0] + Array(tenant.rawValue.utf8) {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
    hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
    return hash ^ (hash >> 33)
  }
}
