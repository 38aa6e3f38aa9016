import Catalog
import Testing
import UtilityModel

@Suite("LeaseAssignment")
struct LeaseAssignmentTests {
  private static let tenants = (0..<300).compactMap { TenantCode("t\($0)") }

  private static func agent(_ id: String, settled: Bool = true, command: Bool = false) -> LiveAgent
  {
    LiveAgent(id: id, name: id, isSettled: settled, isCommand: command)
  }

  /// All agents' rounds over one set of leases, one agent after the other, until nobody moves anything;
  /// gives how many rounds moved something and how often leases changed hands.
  private static func settle(
    _ agents: [LiveAgent], _ leases: inout [TenantCode: Lease]
  ) -> (rounds: Int, moves: Int) {
    var (rounds, moves) = (0, 0)
    while rounds < 10 {
      var isQuiet = true
      for me in agents {
        let view = LeaseView(agents: agents, leases: Array(leases.values))
        let held = leases.filter { $0.value.owner == me.id }.mapValues(\.epoch)
        let assignment = LeaseAssignment(me: me, held: held, tenants: tenants, view: view)
        #expect(assignment.lost.isEmpty)
        for (tenant, epoch) in assignment.take {
          leases[tenant] = Lease(tenant: tenant, owner: me.id, epoch: epoch + 1)
          moves += 1
        }
        for tenant in assignment.release {
          leases[tenant]?.owner = ""
          leases[tenant]?.epoch += 1
        }
        isQuiet =
          isQuiet && assignment == LeaseAssignment(me: me, held: [:], tenants: [], view: view)
      }
      if isQuiet { break }
      rounds += 1
    }
    return (rounds, moves)
  }

  private static func share(_ leases: [TenantCode: Lease], _ id: String) -> Int {
    leases.values.count { $0.owner == id }
  }

  @Test("one agent has all; a second takes its share only, and a third theirs")
  func growing() {
    var leases: [TenantCode: Lease] = [:]
    #expect(Self.settle([Self.agent("a", settled: false)], &leases).moves == 300)
    let second = Self.settle([Self.agent("a"), Self.agent("b")], &leases)
    #expect(second.moves == Self.share(leases, "b"))
    #expect((100...200).contains(second.moves))
    let before = leases
    let third = Self.settle([Self.agent("a"), Self.agent("b"), Self.agent("c")], &leases)
    #expect(third.moves == Self.share(leases, "c"))
    #expect((60...140).contains(third.moves))
    for tenant in Self.tenants where leases[tenant]?.owner != "c" {
      #expect(leases[tenant] == before[tenant], "who stays keeps the epoch")
    }
  }

  @Test("an agent that is gone leaves its share alone to the others")
  func dying() {
    var leases: [TenantCode: Lease] = [:]
    let three = ["a", "b", "c"].map { Self.agent($0) }
    _ = Self.settle(three, &leases)
    let before = leases
    let moved = Self.settle(Array(three.dropLast()), &leases)
    #expect(moved.moves == Self.share(before, "c") && moved.rounds == 1)
    #expect(Self.share(leases, "c") == 0)
    for tenant in Self.tenants where before[tenant]?.owner != "c" {
      #expect(leases[tenant] == before[tenant])
    }
  }

  @Test("an agent that has just come is given nothing that another one serves")
  func unsettled() {
    var leases: [TenantCode: Lease] = [:]
    _ = Self.settle([Self.agent("a")], &leases)
    let moved = Self.settle([Self.agent("a"), Self.agent("b", settled: false)], &leases)
    #expect(moved == (0, 0))
  }

  @Test("agents that start together do not pass tenants to and fro")
  func startingTogether() {
    var leases: [TenantCode: Lease] = [:]
    let (young, old) = (Self.agent("b", settled: false), Self.agent("a", settled: true))
    _ = Self.settle([Self.agent("a", settled: false), young], &leases)
    #expect((100...200).contains(Self.share(leases, "b")))
    // One is a lease time old a moment before the other.
    #expect(Self.settle([old, young], &leases) == (0, 0))
    #expect(Self.settle([old, Self.agent("b")], &leases) == (0, 0))
  }

  @Test("a command takes what nobody has, and is given nothing")
  func commands() {
    var leases: [TenantCode: Lease] = [:]
    let command = Self.agent("x", command: true)
    _ = Self.settle([Self.agent("a")], &leases)
    #expect(Self.settle([Self.agent("a"), command], &leases) == (0, 0))
    #expect(Self.settle([command], &leases).moves == 300)
    #expect(Self.settle([Self.agent("a"), command], &leases).moves == 0)
  }

  @Test("a lease that another has, or an epoch that moved on, is lost")
  func losing() throws {
    let tenant = try #require(TenantCode("demo"))
    func assignment(_ lease: Lease) -> LeaseAssignment {
      LeaseAssignment(
        me: Self.agent("a"), held: [tenant: 3], tenants: [tenant],
        view: LeaseView(agents: [Self.agent("a"), Self.agent("b")], leases: [lease]))
    }
    let other = assignment(Lease(tenant: tenant, owner: "b", epoch: 4))
    #expect(other.lost == [tenant] && other.take.isEmpty)
    let own = assignment(Lease(tenant: tenant, owner: "a", epoch: 5))
    #expect(own.lost == [tenant] && own.take == [tenant: 5])
    let kept = assignment(Lease(tenant: tenant, owner: "a", epoch: 3))
    #expect(kept.lost.isEmpty && kept.take.isEmpty)
  }
}
