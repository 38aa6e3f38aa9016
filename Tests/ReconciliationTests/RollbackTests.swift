import Catalog
import Foundation
import Testing
import UtilityModel

@testable import Reconciliation

@Suite("Rollback") struct RollbackTests {
  private static let moment = 1_700_000_000

  /// `a` in three versions, `b` in one; their commits.
  private func history(_ rig: Rig) async throws -> [ObjectID] {
    var commits: [ObjectID] = []
    for (number, body) in ["return 1", "return 2", "return 3"].enumerated() {
      commits.append(
        try rig.push(
          Rig.files("a", body), number == 0 ? Rig.files("b") : [:], author: "V\(number + 1)",
          time: Self.moment + 100 * number))
      await rig.sync()
    }
    return commits
  }

  private func rollBack(_ rig: Rig, _ name: String = "a", to commit: ObjectID?) async throws {
    try await rig.reconciler.rollBack(
      name, to: commit?.hex, at: rig.repository.path, actor: "Olga", reason: "it is wrong")
  }

  private func problem(_ rig: Rig, _ name: String, _ revision: String?) async -> String {
    do {
      try await rig.reconciler.rollBack(
        name, to: revision, at: rig.repository.path, actor: "Olga", reason: "")
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  private func body(_ rig: Rig, _ status: EntryStatus = .active) async throws -> String {
    let bytes = try await rig.context.store.contents(of: Rig.tenant, id: 1001, status: status)
    return String(decoding: bytes ?? [], as: UTF8.self).split(separator: "\n").last?
      .trimmingCharacters(in: .whitespaces) ?? ""
  }

  private func audit(_ rig: Rig) async throws -> [AuditRecord] {
    try await rig.context.store.auditRecords(of: Rig.tenant, limit: 100, offset: 0).records
      .filter { $0.action == .rollback }
  }

  @Test("serves the earlier version until a commit touches the utility", arguments: [false, true])
  func sticky(_ restarts: Bool) async throws {
    var rig = try await Rig()
    let commits = try await history(rig)
    let neighbour = try #require(try await rig.entry("b"))
    let before = try #require(try await rig.entry("a"))
    try await rollBack(rig, to: commits[0])
    if restarts { try await rig.restart() }
    let outcome = await rig.sync()
    #expect(outcome.changed && outcome.branches.first?.phase == .synced)
    #expect(try await body(rig) == "return 1")
    let entry = try #require(try await rig.entry("a"))
    #expect(entry.filehash != before.filehash && entry.id == 1001)
    #expect(entry.sync.revision == "main@sha1:\(commits[0])" && entry.sync.author == "V1")
    #expect(entry.sync.rollback?.revision == "main@sha1:\(commits[0])")
    #expect(entry.sync.rollback?.insteadOf == "main@sha1:\(commits[2])")
    #expect(entry.sync.rollback?.actor == "Olga")
    #expect(try await rig.entry("b") == neighbour)
    #expect(await rig.sync().changed == false)

    // A commit elsewhere keeps it, whether it was seen by this agent or by the next.
    if restarts { try await rig.restart() }
    let elsewhere = try rig.push(Rig.files("b", "return 9"), time: Self.moment + 400)
    #expect(await rig.sync().branches.first?.report?.changes == ["update": 1])
    #expect(await rig.sync().branches.first?.applied == "main@sha1:\(elsewhere)")
    #expect(try await body(rig) == "return 1")
    #expect(try await rig.entry("a") == entry)

    // One that touches it ends it; so does one whose change the next commit takes back.
    if restarts { try await rig.restart() }
    try rig.push(Rig.files("a", "return 4"), author: "V4", time: Self.moment + 500)
    let last = try rig.push(Rig.files("a", "return 3"), author: "V5", time: Self.moment + 600)
    let ended = await rig.sync()
    #expect(ended.branches.first?.rollbacks == nil)
    #expect(try await body(rig) == "return 3")
    let now = try #require(try await rig.entry("a"))
    #expect(now.sync.rollback == nil && now.sync.revision == "main@sha1:\(last)")
    #expect(now.filehash == before.filehash && now.sync.author == "V5")
    let records = try await audit(rig)
    #expect(records.map(\.actor) == ["sync-agent", "Olga"])
    #expect(records.last?.reason == "it is wrong" && records.last?.subject == "main/a")
    #expect(records.last?.before == "main@sha1:\(commits[2])")
    #expect(records.last?.after == "main@sha1:\(commits[0])")
    #expect(records.first?.before == "main@sha1:\(commits[0])")
  }

  @Test func withoutARevisionOneVersionBackAtATime() async throws {
    let rig = try await Rig()
    let commits = try await history(rig)
    for number in [1, 0] {
      try await rollBack(rig, to: nil)
      await rig.sync()
      #expect(try await body(rig) == "return \(number + 1)")
    }
    #expect(await problem(rig, "a", nil).contains("no earlier good version of `a`"))
    #expect(await problem(rig, "a", commits[0].hex).contains("rolled back to that version already"))
    // The version that the branch has ends it, with the branch's own provenance.
    try await rollBack(rig, to: commits[2])
    let outcome = await rig.sync()
    #expect(outcome.branches.first?.rollbacks == nil)
    let entry = try #require(try await rig.entry("a"))
    #expect(entry.sync.revision == "main@sha1:\(commits[2])" && entry.sync.author == "V3")
    #expect(entry.sync.rollback == nil)
    #expect(try await body(rig) == "return 3")
    #expect(try await audit(rig).map(\.actor) == ["Olga", "Olga", "Olga"])
  }

  @Test func whatCannotBePutBackIsSaid() async throws {
    let rig = try await Rig()
    let commits = try await history(rig)
    let bad = try rig.push(
      Rig.files("a", "import os\n    return 1"), Rig.files("late"), time: Self.moment + 300)
    await rig.sync()
    let draft = try rig.push(
      Rig.files("a", "return 5", "draft: true\n"), time: Self.moment + 400)
    let good = try rig.push(Rig.files("a", "return 6"), time: Self.moment + 500)
    await rig.sync()
    let trial = try rig.push(
      Rig.files("a", "return 7"), branch: "trial", time: Self.moment + 600)
    await rig.sync()
    let before = try await rig.entries()
    for (name, revision, text) in [
      ("nobody", commits[0].hex, "has no utility `nobody`"),
      ("late", commits[0].hex, "has no utility `late`"),
      ("a", bad.hex, "NoImportOS"),
      ("a", draft.hex, "it was a draft"),
      ("a", trial.hex, "is not on `main`"),
      ("a", good.hex, "at that version already"),
      ("a", "0123456789", "no branch, tag or commit"),
      ("a", "--upload-pack=x", "no branch, tag or commit"),
      ("late", nil, "no earlier good version of `late`"),
    ] as [(String, String?, String)] {
      let found = await problem(rig, name, revision)
      #expect(found.contains(text), "\(name) \(revision ?? "-"): \(found)")
    }
    #expect(try await audit(rig).isEmpty)
    #expect(await rig.sync().changed == false)
    #expect(try await rig.entries() == before)
    // The newest good one before: neither the draft nor the refused version.
    try await rollBack(rig, to: nil)
    await rig.sync()
    #expect(try await body(rig) == "return 3")
  }

  @Test func theRefusedNewestVersionGivesWay() async throws {
    let rig = try await Rig()
    let commits = try await history(rig)
    let bad = try rig.push(
      Rig.files("a", "import os\n    return 1"), time: Self.moment + 300)
    let refused = await rig.sync()
    #expect(refused.branches.first?.phase == .degraded)
    try await rollBack(rig, to: commits[1])
    #expect(await rig.sync().branches.first?.phase == .synced)
    #expect(try await body(rig) == "return 2")
    #expect(try await rig.entry("a")?.quarantine == nil)
    try await rollBack(rig, to: bad)
    #expect(await rig.sync().branches.first?.phase == .degraded)
    #expect(try await body(rig) == "return 2", "the last good version stays")
    #expect(try await rig.entry("a")?.quarantine?.revision == "main@sha1:\(bad)")
  }

  @Test("renamed or removed, it is no longer rolled back", arguments: [false, true])
  func goneUnderRollback(_ renames: Bool) async throws {
    let rig = try await Rig()
    let body = (0..<20).map { "x\($0) = data" }.joined(separator: "\n    ")
    let first = try rig.push(Rig.files("a", body + "\n    return 1"))
    await rig.sync()
    try rig.push(Rig.files("a", body + "\n    return 2"), time: Self.moment + 100)
    await rig.sync()
    try await rollBack(rig, to: first)
    await rig.sync()
    let moved = renames ? Rig.files("c", body + "\n    return 2") : [:]
    let head = try rig.push(
      ["utils/a.py": nil, "utils/a.yaml": nil], moved, author: "Dora", time: Self.moment + 200)
    let outcome = await rig.sync()
    #expect(outcome.branches.first?.rollbacks == nil)
    #expect(outcome.branches.first?.report?.changes == [renames ? "rename" : "remove": 1])
    try await rig.expect([renames ? "c 1001 active" : "a 1001 inactive"])
    let entry = try #require(try await rig.entries().first)
    #expect(entry.sync.rollback == nil && entry.sync.revision == "main@sha1:\(head)")
    #expect(entry.sync.author == "Dora")
  }

  @Test func aVersionFromAnotherFolder() async throws {
    let rig = try await Rig()
    let first = try rig.push(Rig.files("a", "return 1"))
    await rig.sync()
    try rig.push(
      [
        "utils/a.py": nil, "utils/a.yaml": nil,
        "utils/deep/a.py": "def a(data, filter):\n    return 2\n",
        "utils/deep/a.yml": "description: d\ncategory: c\ninput_label: i\nfilter_label: f\n",
      ], time: Self.moment + 100)
    await rig.sync()
    try await rollBack(rig, to: first)
    #expect(await rig.sync().branches.first?.phase == .synced)
    #expect(try await rig.entry("a")?.sync.path == "utils/a.py")
    #expect(try await body(rig) == "return 1")
    let other = try rig.push(Rig.files("z"), time: Self.moment + 200)
    #expect(await rig.sync().branches.first?.applied == "main@sha1:\(other)")
    #expect(try await body(rig) == "return 1")
  }

  @Test func theTrialBranchKeepsItsVersionAsADraft() async throws {
    let rig = try await Rig()
    let commits = try await history(rig)
    try rig.repository.git("update-ref", "refs/heads/trial", commits[2].hex)
    await rig.sync()
    try await rig.expect(["a 1001 active", "b 1002 active"])
    try await rollBack(rig, to: commits[0])
    await rig.sync()
    try await rig.expect(["a 1001 active", "a 1001 draft", "b 1002 active"])
    #expect(try await body(rig, .draft) == "return 3")
    #expect(try await rig.entry("a", .draft)?.sync.rollback == nil)
    #expect(try await rig.entry("a", .draft)?.sync.author == "V3")
    try await rollBack(rig, to: commits[2])
    await rig.sync()
    try await rig.expect(["a 1001 active", "b 1002 active"])
  }

  @Test func aHeldRevisionDoesNotStandInTheWay() async throws {
    let rig = try await Rig(policy: RevisionPolicy(history: .fastForward, removals: .percent(100)))
    let commits = try await history(rig)
    try rig.repository.git("update-ref", "refs/heads/main", commits[1].hex)
    let head = try rig.push(Rig.files("b", "return 8"), time: Self.moment + 900)
    #expect(await rig.sync().branches.first?.phase == .held)
    try await rollBack(rig, to: commits[0])
    let outcome = await rig.sync()
    #expect(outcome.branches.first?.phase == .held)
    #expect(outcome.branches.first?.rollbacks?["a"]?.state == .applied)
    #expect(try await body(rig) == "return 1")
    #expect(await problem(rig, "b", head.hex).contains("is not on `main`"))
  }

  private func gone(_ name: String) -> [String: String?] {
    ["utils/\(name).py": nil, "utils/\(name).yaml": nil]
  }

  @Test("puts back no other utility that had the name")
  func namesake() async throws {
    let rig = try await Rig()
    let first = try rig.push(
      Rig.files("a", "return 1"), Rig.files("b", "return [2, 2, 2]"), time: Self.moment)
    await rig.sync()
    // `a` becomes `c`, and `b` becomes `a`.
    try rig.push(gone("a"), Rig.files("c", "return 1"), time: Self.moment + 100)
    await rig.sync()
    try rig.push(gone("b"), Rig.files("a", "return [2, 2, 2]"), time: Self.moment + 200)
    await rig.sync()
    #expect(try await rig.entry("a")?.id == 1002)
    #expect(await problem(rig, "a", first.hex).contains("was another utility"))
    #expect(await problem(rig, "a", nil) != "accepted")
    #expect(try await rig.entry("a")?.sync.rollback == nil)
  }
}
