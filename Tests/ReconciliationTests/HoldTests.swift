import Catalog
import GitStore
import TestSupport
import Testing
import UtilityModel

@testable import Reconciliation

@Suite("Held revisions") struct HoldTests {
  private static let names = (1...12).map { "u\($0)" }

  private func files(_ extra: String = "") -> [String: String?] {
    Self.names.reduce(into: [:]) { $0.merge(Rig.files($1, "return data", extra)) { $1 } }
  }

  private func gone(_ names: some Sequence<String>) -> [String: String?] {
    var files: [String: String?] = [:]
    for name in names {
      files["utils/\(name).py"] = .some(nil)
      files["utils/\(name).yaml"] = .some(nil)
    }
    return files
  }

  private func audit(_ rig: Rig, _ action: AuditRecord.Action) async throws -> [AuditRecord] {
    try await rig.context.store.auditRecords(of: Rig.tenant, limit: 100, offset: 0).records
      .filter { $0.action == action }
  }

  private func active(_ rig: Rig) async throws -> Int {
    try await rig.entries().count { $0.status == .active }
  }

  /// A repository with what the tenant's has, for commits that it does not have yet.
  private func clone(of rig: Rig) throws -> TemporaryRepository {
    let other = try TemporaryRepository()
    try other.git("fetch", "-q", rig.repository.path, "main:main")
    return other
  }

  /// Approves `commit` as the reconciler's command does.
  private func approve(_ rig: Rig, _ commit: String) async throws {
    try await rig.reconciler.approve(
      commit, at: rig.repository.path, actor: "Olga", reason: "agreed")
  }

  @Test("a removal of what the trial branch still has")
  func trialKeepsTheFiles() async throws {
    let rig = try await Rig(policy: RevisionPolicy())
    let first = try rig.push(files())
    try rig.repository.git("branch", "trial", first.hex)
    await rig.sync()
    let head = try rig.push(gone(Self.names))
    let held = await rig.sync().branches.first
    #expect(held?.phase == .held && held?.report?.held?.rule == .removals)
    #expect(held?.report?.held?.reason.contains("12 of 12 live utilities") == true)
    #expect(try await active(rig) == 12)
    #expect(try await audit(rig, .remove).isEmpty)
    let preview = try await rig.reconciler.preview(at: rig.repository.path).first
    #expect(preview?.held?.rule == .removals)

    try await approve(rig, head.hex)
    #expect(await rig.sync().branches.first?.phase == .synced)
    #expect(try await active(rig) == 0)
    let removals = try await audit(rig, .remove)
    #expect(Set(removals.map(\.subject)) == Set(Self.names.map { "main/\($0)" }))
    #expect(removals.allSatisfy { $0.after == "main@sha1:\(head)" })
  }

  @Test("all utilities made drafts")
  func drafts() async throws {
    let rig = try await Rig(policy: RevisionPolicy())
    try rig.push(files())
    await rig.sync()
    try rig.push(files("draft: true\n"))
    #expect(await rig.sync().branches.first?.report?.held?.rule == .removals)
    #expect(try await active(rig) == 12)
  }

  @Test("a rename takes nothing away")
  func renames() async throws {
    let rig = try await Rig(policy: RevisionPolicy(removals: .count(0)))
    try rig.push(Rig.files("a"), Rig.files("b"))
    await rig.sync()
    try rig.push(gone(["a"]), Rig.files("c", "return data", "renamed_from: a\n"))
    #expect(await rig.sync().branches.first?.phase == .synced)
  }

  @Test("a push does not loosen what it is judged by")
  func ownLimit() async throws {
    let rig = try await Rig(policy: RevisionPolicy())
    try rig.push(files(), ["tenant.yaml": "policy: {max_removals: 10%}\n"])
    await rig.sync()
    try rig.push(gone(Self.names.prefix(3)), ["tenant.yaml": nil])
    let held = await rig.sync().branches.first
    #expect(held?.report?.held?.rule == .removals, "\(String(describing: held))")
    #expect(try await active(rig) == 12)
  }

  @Test("a refused tenant.yaml loosens nothing: the last good one's limit stays")
  func limitOfARefusedFile() async throws {
    let rig = try await Rig(policy: RevisionPolicy())
    try rig.push(files(), ["tenant.yaml": "policy: {max_removals: 10%}\n"])
    await rig.sync()
    try rig.push(["tenant.yaml": "policy: {max_removals: many}\n"])
    #expect(await rig.sync().branches.first?.phase == .degraded)
    try rig.push(gone(Self.names.prefix(3)))
    let held = await rig.sync().branches.first
    #expect(held?.report?.held?.rule == .removals, "\(String(describing: held))")
    #expect(try await active(rig) == 12)
  }

  @Test("what runs is gone from the repository")
  func lostCommit() async throws {
    var rig = try await Rig(policy: RevisionPolicy())
    let first = try rig.push(Rig.files("a"))
    await rig.sync()
    let tree = try rig.repository.git("rev-parse", "\(first)^{tree}")
    let orphan = try rig.repository.git("commit-tree", tree, "-m", "anew")
    try rig.repository.git("update-ref", "refs/heads/main", orphan)
    try rig.repository.git("update-ref", "-d", "refs/sync/applied/main")
    try rig.repository.git("update-ref", "-d", "refs/notes/sync")
    try rig.repository.git("gc", "-q", "--prune=now")
    try await rig.restart()
    for _ in 1...2 {
      #expect(await rig.sync(force: true).branches.first?.report?.held?.rule == .history)
    }
    let holds = try await audit(rig, .hold)
    #expect(holds.map(\.after) == ["main@sha1:\(orphan)"], "told once")
    #expect(holds.first?.before == "main@sha1:\(first)")
  }

  @Test("a commit approved ahead of its push")
  func ahead() async throws {
    let rig = try await Rig(policy: RevisionPolicy())
    try rig.push(files())
    await rig.sync()
    let folder = rig.repository.path
    // As after a push that the hook refused: the repository does not have it.
    let other = try clone(of: rig)
    let head = try other.commit(gone(Self.names))
    await #expect(throws: (any Error).self) { try await approve(rig, String(head.hex.prefix(12))) }
    try await approve(rig, head.hex)
    #expect(ApprovedAhead.commit(in: folder) == head)
    // Looks without anything new leave it.
    await rig.sync(force: true)
    #expect(ApprovedAhead.commit(in: folder) == head)

    try rig.repository.git("fetch", "-q", other.path, "main:main")
    #expect(await rig.sync().branches.first?.phase == .synced)
    #expect(try await active(rig) == 0)
    #expect(ApprovedAhead.commit(in: folder) == nil, "it is used up")
    #expect(try await rig.context.store.branchStatuses(of: Rig.tenant).first?.approval == nil)
  }

  @Test("a branch that is called like the commit leads an approval nowhere else")
  func branchNamedLikeTheCommit() async throws {
    let rig = try await Rig(policy: RevisionPolicy())
    try rig.push(files())
    await rig.sync()
    let folder = rig.repository.path
    let other = try clone(of: rig)
    let wanted = try other.commit(gone(Self.names))
    try other.git("fetch", "-q", folder, "+main:main")
    let unwanted = try other.commit(gone(Self.names.prefix(8)))
    for name in [wanted.hex, String(wanted.hex.prefix(12))] {
      try rig.repository.git("fetch", "-q", other.path, "\(unwanted.hex):refs/heads/\(name)")
    }
    // Not pushed yet: the commit is meant, and its first digits are not enough.
    await #expect(throws: (any Error).self) {
      try await approve(rig, String(wanted.hex.prefix(12)))
    }
    try await approve(rig, wanted.hex)
    #expect(ApprovedAhead.commit(in: folder) == wanted)
    // Held by now: the branch does not stand in the way.
    try rig.repository.git("fetch", "-q", other.path, "+\(unwanted.hex):main")
    #expect(await rig.sync().branches.first?.phase == .held)
    try rig.repository.git(
      "update-ref", "refs/heads/\(unwanted.hex)", "\(unwanted.hex)~1")
    try await approve(rig, String(unwanted.hex.prefix(12)))
    #expect(await rig.sync().branches.first?.phase == .synced)
  }

  @Test(
    "where what runs is gone, policies that look at each new commit hold",
    arguments: [RevisionPolicy.Approval.merge, .signed])
  func lostCommitUnderApproval(_ approval: RevisionPolicy.Approval) async throws {
    var policy = RevisionPolicy(history: .any)
    policy.approvals = [approval]
    policy.signatures = .all
    var rig = try await Rig(policy: policy)
    let first = try rig.push(Rig.files("a"))
    await rig.sync()
    let tree = try rig.repository.git("rev-parse", "\(first)^{tree}")
    let orphan = try rig.repository.git("commit-tree", tree, "-m", "anew")
    for ref in ["refs/heads/main", "refs/heads/trial"] {
      try rig.repository.git("update-ref", ref, orphan)
    }
    try rig.repository.git("update-ref", "-d", "refs/sync/applied/main")
    try rig.repository.git("update-ref", "-d", "refs/notes/sync")
    try rig.repository.git("gc", "-q", "--prune=now")
    try await rig.restart()
    let branches = await rig.sync().branches
    #expect(branches.map(\.phase) == [.held, .held])
    #expect(branches.first?.report?.held?.rule?.rawValue == approval.rawValue)
    #expect(branches.first?.report?.held?.reason.contains("not in the repository any more") == true)
    #expect(branches.last?.observed == "trial@sha1:\(orphan)")
    try await approve(rig, orphan)
    #expect(await rig.sync().branches.map(\.phase) == [.synced, .synced])
  }

  @Test("a hold is told once, also around a suspension")
  func holdIsToldOnce() async throws {
    let rig = try await Rig(policy: RevisionPolicy())
    try rig.push(files())
    await rig.sync()
    try rig.push(gone(Self.names))
    #expect(await rig.sync().branches.first?.phase == .held)
    try await rig.reconciler.suspend(actor: "Olga", reason: "a break")
    await rig.sync()
    try await rig.reconciler.resume(actor: "Olga", reason: "over")
    #expect(await rig.sync().branches.first?.phase == .held)
    #expect(try await audit(rig, .hold).count == 1)
  }

  @Test("another revision ends an approval ahead")
  func outdated() async throws {
    let rig = try await Rig(policy: RevisionPolicy())
    try rig.push(files())
    await rig.sync()
    let other = try clone(of: rig)
    let head = try other.commit(gone(Self.names))
    try await approve(rig, head.hex)
    try rig.push(Rig.files("further"))
    await rig.sync()
    #expect(ApprovedAhead.commit(in: rig.repository.path) == nil)
    try rig.repository.git("fetch", "-q", other.path, "+main:main")
    #expect(await rig.sync().branches.first?.phase == .held)
  }

  @Test("what the branch has needs no approval, and where nothing is applied there is none")
  func nothingToApprove() async throws {
    let rig = try await Rig(policy: RevisionPolicy())
    let first = try rig.push(Rig.files("a"))
    await #expect(throws: SyncError.self) { try await approve(rig, first.hex) }
    await rig.sync()
    let next = try rig.push(Rig.files("b"))
    await rig.sync()
    for commit in [first, next] {
      await #expect(throws: SyncError.self) { try await approve(rig, commit.hex) }
    }
    await #expect(throws: (any Error).self) {
      try await approve(rig, String(repeating: "0", count: 40))
    }
  }

  @Test("a suspension that was cut short shows with the next look")
  func suspensionCutShort() async throws {
    var rig = try await Rig()
    try rig.push(Rig.files("a"))
    await rig.sync()
    try await rig.reconciler.suspend(actor: "Olga", reason: "")
    let store = rig.context.store
    #expect(try await store.tenants().first?.status == .suspended)
    // As an agent leaves it that is killed between the two writes, either way.
    try await store.setStatus(.active, of: Rig.tenant)
    let branches = try await store.branchStatuses(of: Rig.tenant)
    #expect(try await store.tenants().first?.status(with: branches) == .suspended)
    try await rig.restart()
    await rig.sync()
    #expect(try await store.tenants().first?.status == .suspended)
    try await rig.reconciler.resume(actor: "Olga", reason: "")
    #expect(try await store.tenants().first?.status == .active)
    #expect(await rig.sync().branches.first?.phase == .synced)
  }

  @Test("a record that says suspended for no reason can be resumed")
  func suspendedRecord() async throws {
    var rig = try await Rig()
    try rig.push(Rig.files("a"))
    await rig.sync()
    try await rig.context.store.setStatus(.suspended, of: Rig.tenant)
    rig.reconciler = TenantReconciler(
      tenant: Rig.tenant, statuses: try await rig.context.store.branchStatuses(of: Rig.tenant),
      state: .suspended, context: rig.context)
    try await rig.reconciler.resume(actor: "Olga", reason: "")
    #expect(try await rig.context.store.tenants().first?.status == .active)
  }
}
