import Catalog
import Foundation
import Testing
import UtilityModel

@testable import Reconciliation

/// What people do to names, each with what must become of the ids: real git, real reconciler.
@Suite("Identity") struct IdentityTests {
  /// Twenty lines that no other seed shares.
  private static func body(_ seed: String, edited: Int = 0) -> String {
    (0..<20).map { "x\($0) = '\(seed) \($0)\($0 < edited ? " edited" : "")'" }
      .joined(separator: "\n    ") + "\n    return data"
  }

  /// A utility's files: the code of `seed` under a name.
  private static func files(
    _ name: String, _ seed: String, edited: Int = 0, folder: String = "utils", _ extra: String = ""
  ) -> [String: String?] {
    Rig.files(name, body(seed, edited: edited), extra).reduce(into: [:]) { files, file in
      files[file.key.replacing("utils/", with: folder + "/")] = file.value
    }
  }

  private static func gone(_ name: String, folder: String = "utils") -> [String: String?] {
    ["\(folder)/\(name).py": nil, "\(folder)/\(name).yaml": nil]
  }

  /// What a commit does, and the catalog after it. `a`, `b`, `c` are 1001, 1002, 1003.
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var commits: [[String: String?]]
    var catalog: [String]
    init(_ name: String, _ commits: [[[String: String?]]], _ catalog: [String]) {
      testDescription = name
      self.commits = commits.map { $0.reduce(into: [:]) { $0.merge($1) { $1 } } }
      self.catalog = catalog
    }
  }

  static let cases: [Case] = [
    Case(
      "swap", [[files("a", "b"), files("b", "a")]],
      ["a 1002 active", "b 1001 active", "c 1003 active"]),
    Case(
      "swap with edits", [[files("a", "b", edited: 6), files("b", "a", edited: 5)]],
      ["a 1002 active", "b 1001 active", "c 1003 active"]),
    Case(
      "circle of three", [[files("a", "b"), files("b", "c"), files("c", "a", edited: 3)]],
      ["a 1002 active", "b 1003 active", "c 1001 active"]),
    Case(
      "swapped twice", [[files("a", "b"), files("b", "a")], [files("a", "a"), files("b", "b")]],
      ["a 1001 active", "b 1002 active", "c 1003 active"]),
    Case(
      "swap in three commits",
      [
        [gone("a"), files("t", "a")], [gone("b"), files("a", "b", edited: 6)],
        [gone("t"), files("b", "a", edited: 6)],
      ], ["a 1002 active", "b 1001 active", "c 1003 active"]),
    Case(
      "chain in one commit", [[gone("a"), files("b", "a"), files("d", "b")]],
      ["b 1001 active", "c 1003 active", "d 1002 active"]),
    Case(
      "renames with an edit each, most of the file in all",
      [
        [gone("a"), files("d", "a", edited: 6)], [gone("d"), files("e", "a", edited: 12)],
        [gone("e"), files("f", "a", edited: 18)],
      ], ["b 1002 active", "c 1003 active", "f 1001 active"]),
    Case(
      "rename, then an edit of more than half",
      [[gone("a"), files("d", "a")], [files("d", "other")]],
      ["b 1002 active", "c 1003 active", "d 1001 active"]),
    Case(
      "rename, and a new file in its place", [[files("d", "a"), files("a", "new")]],
      ["a 1004 active", "b 1002 active", "c 1003 active", "d 1001 active"]),
    Case(
      "copy", [[files("d", "a")]],
      ["a 1001 active", "b 1002 active", "c 1003 active", "d 1004 active"]),
    Case(
      "edited to look like another", [[files("a", "b")]],
      ["a 1001 active", "b 1002 active", "c 1003 active"]),
    Case(
      "case and content", [[gone("a"), files("A", "other")]],
      ["A 1001 active", "b 1002 active", "c 1003 active"]),
    Case(
      "one takes the name of another", [[gone("b"), files("a", "b")]],
      ["a 1001 inactive", "a 1002 active", "c 1003 active"]),
    Case(
      "removed here, added there, in two commits", [[gone("a")], [files("d", "a")]],
      ["a 1001 inactive", "b 1002 active", "c 1003 active", "d 1004 active"]),
    Case(
      "the same, declared", [[gone("a")], [files("d", "a", "renamed_from: a\n")]],
      ["b 1002 active", "c 1003 active", "d 1001 active"]),
    Case(
      "removed and back, elsewhere and rewritten",
      [[gone("a")], [files("a", "other", folder: "utils/x")]],
      ["a 1001 active", "b 1002 active", "c 1003 active"]),
    Case(
      "renamed, removed, and back under the last name",
      [[gone("a"), files("d", "a")], [gone("d")], [files("d", "other")]],
      ["b 1002 active", "c 1003 active", "d 1001 active"]),
    Case(
      "declared and rewritten",
      [[gone("a"), files("d", "other", "renamed_from: a\n")]],
      ["b 1002 active", "c 1003 active", "d 1001 active"]),
    Case(
      "declared and rewritten, then reverted",
      [[gone("a"), files("d", "other", "renamed_from: a\n")], [gone("d"), files("a", "a")]],
      ["a 1001 active", "b 1002 active", "c 1003 active"]),
    Case(
      "declared swap, rewritten",
      [
        [
          files("a", "one", "renamed_from: b\n"), files("b", "two", "renamed_from: a\n"),
        ]
      ], ["a 1002 active", "b 1001 active", "c 1003 active"]),
    Case(
      "declared, while the former name stays",
      [[files("d", "other", "renamed_from: a\n")]],
      ["a 1001 active", "b 1002 active", "c 1003 active", "d 1004 active"]),
    Case(
      "draft, active, draft",
      [[files("a", "a", "draft: true\n")], [files("a", "a")], [files("a", "a", "draft: true\n")]],
      ["a 1001 draft", "b 1002 active", "c 1003 active"]),
    Case(
      "refused under a new name, then accepted under a third",
      [
        [gone("a"), files("d", "a", "timeout: 0\n")],
        [gone("d"), files("e", "a", edited: 6)],
      ], ["b 1002 active", "c 1003 active", "e 1001 active"]),
  ]

  @Test("one by one, with restarts, and all at once", arguments: cases, [true, false])
  func table(_ test: Case, _ stepwise: Bool) async throws {
    var rig = try await Rig()
    try rig.push(Self.files("a", "a"), Self.files("b", "b"), Self.files("c", "c"))
    await rig.sync()
    for (number, commit) in test.commits.enumerated() {
      try rig.push(commit, time: 1_700_000_100 + number)
      guard stepwise || number + 1 == test.commits.count else { continue }
      if stepwise { try await rig.restart() }
      await rig.sync()
    }
    // Entries that were never seen apart have no trace of their own.
    try await rig.expect(test.catalog)
    #expect(await rig.sync(force: true).changed == false)
  }

  @Test(
    "a first file and its duplicate: the first stays, whoever is edited", arguments: [false, true])
  func duplicate(_ otherCase: Bool) async throws {
    let rig = try await Rig()
    let twin = otherCase ? "A" : "a"
    try rig.push(Self.files("a", "a"))
    await rig.sync()
    let hash = try await rig.entry("a")?.filehash
    try rig.push(Self.files(twin, "twin", folder: "utils/x"), time: 1_700_000_100)
    let outcome = await rig.sync()
    let findings = outcome.branches[0].report?.quarantined.flatMap(\.findings) ?? []
    let paths = Set(findings.filter { $0.rule == "NameDuplicate" }.map(\.path))
    #expect(paths == ["utils/a.py", "utils/x/\(twin).py"])
    try rig.push(Self.files("a", "a", edited: 2), time: 1_700_000_200)
    await rig.sync()
    try await rig.expect(["a 1001 active"])
    #expect(try await rig.entry("a")?.filehash == hash)
    #expect(try await rig.entry("a")?.quarantine != nil)
    // The second one is renamed: it is new.
    try rig.push(
      Self.gone(twin, folder: "utils/x"), Self.files("b", "twin", folder: "utils/x"),
      time: 1_700_000_300)
    await rig.sync()
    try await rig.expect(["a 1001 active", "b 1002 active"])
    #expect(try await rig.entry("a")?.quarantine == nil)
    // And again, and now the first one is renamed: it takes its id along.
    try rig.push(Self.files(twin, "third", folder: "utils/x"), time: 1_700_000_400)
    await rig.sync()
    try rig.push(Self.gone("a"), Self.files("c", "a", edited: 2), time: 1_700_000_500)
    await rig.sync()
    try await rig.expect(["\(twin) 1003 active", "b 1002 active", "c 1001 active"].sorted())
  }

  @Test("a refused rename and a new utility under the former name")
  func refusedRenameLosesItsName() async throws {
    let rig = try await Rig()
    try rig.push(Self.files("a", "a"))
    await rig.sync()
    try rig.push(Self.gone("a"), Self.files("b", "a", "timeout: 0\n"), time: 1_700_000_100)
    await rig.sync()
    try await rig.expect(["a 1001 active"])
    try rig.push(Self.files("a", "new"), time: 1_700_000_200)
    let outcome = await rig.sync()
    try await rig.expect(["a 1001 inactive", "a 1002 active"])
    #expect(outcome.branches[0].report?.notes?.map(\.name) == ["a"])
    #expect(await rig.sync(force: true).changed == false)
    try rig.push(Self.files("b", "a"), time: 1_700_000_300)
    await rig.sync()
    try await rig.expect(["a 1002 active", "b 1001 active"])
  }

  @Test("what is ambiguous is settled and told")
  func notes() async throws {
    let rig = try await Rig()
    try rig.push(Self.files("a", "same"), Self.files("b", "same"), Self.files("c", "c"))
    await rig.sync()
    try rig.push(Self.gone("a"), Self.gone("b"), Self.files("d", "same"), time: 1_700_000_100)
    let outcome = await rig.sync()
    try await rig.expect(["b 1002 inactive", "c 1003 active", "d 1001 active"])
    let notes = outcome.branches[0].report?.notes ?? []
    #expect(notes.map(\.name) == ["d"] && notes[0].message.contains("as much like"))
  }

  @Test("a merged branch that renamed with many edits")
  func mergedRename() async throws {
    let rig = try await Rig()
    try rig.push(Self.files("a", "a"), Self.files("b", "b"))
    await rig.sync()
    try rig.repository.git("branch", "side", "main")
    try rig.push(Self.files("b", "b", edited: 3), time: 1_700_000_050)
    await rig.sync()
    try rig.push(
      Self.gone("a"), Self.files("c", "a", edited: 6), branch: "side", time: 1_700_000_100)
    try rig.push(Self.files("c", "a", edited: 12), branch: "side", time: 1_700_000_200)
    try rig.push(Self.files("a", "new"), branch: "side", time: 1_700_000_300)
    let tree = try rig.repository.git("merge-tree", "--write-tree", "main", "side")
    let merge = try rig.repository.git(
      "-c", "user.name=M", "-c", "user.email=m@example.com", "commit-tree", tree, "-p", "main",
      "-p", "side", "-m", "merge")
    try rig.repository.git("update-ref", "refs/heads/main", merge)
    await rig.sync()
    try await rig.expect(["a 1003 active", "b 1002 active", "c 1001 active"])
  }

  @Test("an amended commit, and a branch that goes back")
  func rewritten() async throws {
    let rig = try await Rig()
    let first = try rig.push(Self.files("a", "a"), Self.files("b", "b"))
    await rig.sync()
    try rig.push(Self.gone("a"), Self.files("c", "a"), Self.files("n", "n"), time: 1_700_000_100)
    await rig.sync()
    try await rig.expect(["b 1002 active", "c 1001 active", "n 1003 active"])
    try rig.repository.git("update-ref", "refs/heads/main", first.hex)
    try rig.push(
      Self.gone("a"), Self.files("d", "a", edited: 3), Self.files("n", "n", edited: 3),
      time: 1_700_000_200)
    await rig.sync()
    try await rig.expect(["b 1002 active", "d 1001 active", "n 1003 active"])
    try rig.repository.git("update-ref", "refs/heads/main", first.hex)
    await rig.sync()
    try await rig.expect(["a 1001 active", "b 1002 active", "n 1003 inactive"])
  }

  // MARK: The trial branch

  @Test("renamed and swapped on the trial branch only, then merged, then the branch goes")
  func trialNames() async throws {
    var rig = try await Rig()
    try rig.push(Self.files("a", "a"), Self.files("b", "b"), Self.files("c", "c"))
    await rig.sync()
    try rig.repository.git("branch", "trial", "main")
    try rig.push(
      Self.files("a", "b"), Self.files("b", "a"), Self.gone("c"), Self.files("d", "c", edited: 6),
      branch: "trial", time: 1_700_000_100)
    try rig.push(Self.files("d", "c", edited: 12), branch: "trial", time: 1_700_000_200)
    await rig.sync()
    let active = ["a 1001 active", "b 1002 active", "c 1003 active"]
    try await rig.expect((active + ["a 1002 draft", "b 1001 draft", "d 1003 draft"]).sorted())
    try await rig.restart()
    #expect(await rig.sync(force: true).changed == false)
    // The approved branch moves on: the drafts stay who they are.
    try rig.push(Self.gone("a"), Self.files("e", "a"), time: 1_700_000_300)
    await rig.sync()
    try await rig.expect([
      "a 1002 draft", "b 1001 draft", "b 1002 active", "c 1003 active", "d 1003 draft",
      "e 1001 active",
    ])
    let trial = try rig.repository.id(of: "trial")
    try rig.repository.git("update-ref", "-d", "refs/heads/trial")
    await rig.sync()
    try await rig.expect(["b 1002 active", "c 1003 active", "e 1001 active"])
    // Back, and merged in full: one push.
    try rig.repository.git("update-ref", "refs/heads/main", trial.hex)
    await rig.sync()
    try await rig.expect(["a 1002 active", "b 1001 active", "d 1003 active"])
  }

  @Test("a draft of each branch under one name, in two spellings")
  func draftsOfBothBranches() async throws {
    let rig = try await Rig()
    let main = try rig.push(Self.files("z", "z"))
    try rig.repository.git("branch", "trial", "main")
    try rig.push(Self.files("A", "one", "draft: true\n"), time: 1_700_000_100)
    await rig.sync()
    try await rig.expect(["A 1001 draft", "z 1002 active"])
    try rig.push(Self.files("a", "two"), branch: "trial", time: 1_700_000_200)
    let outcome = await rig.sync()
    #expect(outcome.branches.allSatisfy { $0.phase == .synced }, "\(outcome.branches)")
    try await rig.expect(["a 1001 draft", "z 1002 active"])
    #expect(try await rig.entry("a", .draft)?.sync.branch == "trial")
    #expect(await rig.sync(force: true).changed == false)
    try rig.repository.git("update-ref", "refs/heads/trial", main.hex)
    await rig.sync()
    try await rig.expect(["A 1001 draft", "z 1002 active"])
  }

  @Test("`draft: true` on the approved branch, with the trial branch at each stage")
  func draftBesideTrial() async throws {
    let rig = try await Rig()
    try rig.push(Self.files("a", "a", "draft: true\n"))
    try rig.repository.git("branch", "trial", "main")
    await rig.sync()
    try await rig.expect(["a 1001 draft"])
    #expect(try await rig.entry("a", .draft)?.sync.branch == "main")
    try rig.push(
      Self.files("a", "a", edited: 3, "draft: true\n"), branch: "trial", time: 1_700_000_100)
    await rig.sync()
    #expect(try await rig.entry("a", .draft)?.sync.branch == "trial")
    try rig.push(
      Self.gone("a"), Self.files("b", "a", edited: 5), branch: "trial", time: 1_700_000_200)
    await rig.sync()
    try await rig.expect(["b 1001 draft"])
    try rig.push(Self.files("n", "n"), time: 1_700_000_300)
    await rig.sync()
    try await rig.expect(["b 1001 draft", "n 1002 active"])
    try rig.repository.git("update-ref", "-d", "refs/heads/trial")
    await rig.sync()
    try await rig.expect(["a 1001 draft", "n 1002 active"])
  }

  @Test("renamed, removed and back while another one's draft has the name")
  func removedBehindDraft() async throws {
    let rig = try await Rig()
    try rig.push(Self.files("a", "a", "draft: true\n"), Self.files("b", "b"))
    try rig.repository.git("branch", "trial", "main")
    try rig.push(
      Self.gone("a"), Self.gone("b"), Self.files("n", "b"), branch: "trial", time: 1_700_000_100)
    await rig.sync()
    let n = Self.files("n", "a", "draft: true\n")
    for (number, files) in [n.merging(Self.gone("a")) { $1 }, Self.gone("n"), n].enumerated() {
      try rig.push(files, time: 1_700_000_200 + number)
      await rig.sync()
      let removed = (number == 0 ? "a" : "n") + " 1001 inactive"
      try await rig.expect([removed, "b 1002 active", "n 1002 draft"].sorted())
    }
    try rig.repository.git("update-ref", "-d", "refs/heads/trial")
    await rig.sync()
    try await rig.expect(["b 1002 active", "n 1001 draft"])
  }

  @Test("a refused rename that is removed and comes back")
  func refusedThenBack() async throws {
    let rig = try await Rig()
    try rig.push(Self.files("a", "a"), Self.files("b", "b"))
    await rig.sync()
    try rig.push(
      Self.gone("a"), Self.files("d", "a", "timeout: 0\n"), time: 1_700_000_100)
    await rig.sync()
    try rig.push(Self.gone("d"), time: 1_700_000_200)
    await rig.sync()
    try await rig.expect(["b 1002 active", "d 1001 inactive"])
    try rig.push(Self.files("d", "a", edited: 3), time: 1_700_000_300)
    await rig.sync()
    try await rig.expect(["b 1002 active", "d 1001 active"])
  }
}
