import Testing
import UtilityModel

@Suite struct RevisionPolicyTests {
  @Test(
    "a removal limit, as it is configured",
    arguments: [
      ("50%", RemovalLimit.percent(50)), ("0%", .percent(0)), ("100 %", .percent(100)),
      ("20", .count(20)), ("0", .count(0)), ("101%", nil), ("-1", nil), ("half", nil), ("", nil),
      ("%", nil), ("1.5%", nil),
    ])
  func reading(text: String, limit: RemovalLimit?) { #expect(RemovalLimit(text) == limit) }

  @Test(
    "a share counts once there are more than ten live utilities",
    arguments: [
      (RemovalLimit.percent(50), 10, 10, true), (.percent(50), 5, 11, true),
      (.percent(50), 6, 11, false), (.percent(0), 1, 11, false), (.percent(0), 0, 11, true),
      (.count(2), 2, 3, true), (.count(2), 3, 3, false),
      (.both(.percent(50), .count(1)), 2, 100, false),
    ])
  func allowing(limit: RemovalLimit, removed: Int, live: Int, isAllowed: Bool) {
    #expect(limit.allows(removed: removed, of: live) == isAllowed)
  }

  @Test func aTenantTightensAndNeverLoosens() {
    let strict = RevisionPolicy(approval: .merge, history: .fastForward, removals: .count(1))
    let loose = RevisionPolicy(approval: .none, history: .any, removals: .percent(100))
    var tenant = TenantSettings.Policy()
    #expect(strict.tightened(by: tenant) == strict && loose.tightened(by: tenant) == loose)
    tenant.approval = RevisionPolicy.Approval.none
    tenant.history = .any
    tenant.removals = .percent(100)
    let kept = strict.tightened(by: tenant)
    #expect(kept.approvals == [.merge] && kept.history == .fastForward)
    #expect(!kept.removals.allows(removed: 2, of: 100))
    tenant.approval = .merge
    tenant.history = .fastForward
    tenant.removals = .count(0)
    let tightened = loose.tightened(by: tenant)
    #expect(tightened.approvals == [.merge] && tightened.history == .fastForward)
    #expect(!tightened.removals.allows(removed: 1, of: 100))
  }

  @Test func mergesAndSignaturesAddUp() {
    var tenant = TenantSettings.Policy()
    tenant.approval = .signed
    tenant.signatures = .all
    let operators = RevisionPolicy(approval: .merge, signers: SignerFiles(allowed: ["keys"]))
    let both = operators.tightened(by: tenant)
    #expect(both.approvals == [.merge, .signed] && both.signatures == .all)
    #expect(both.signers == operators.signers)
    tenant.approval = .merge
    tenant.signatures = .tip
    let signed = RevisionPolicy(approval: .signed, signatures: .all)
    #expect(signed.tightened(by: tenant).approvals == [.merge, .signed])
    #expect(signed.tightened(by: tenant).signatures == .all)
  }
}
