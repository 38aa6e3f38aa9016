import Catalog
import Testing
import UtilityModel

@testable import Reconciliation

@Suite("Planning") struct PlannerTests {
  private func provenance(_ byte: UInt8, email: String = "ann@example.com") -> Provenance {
    Provenance(
      commit: World.id(byte), author: "Ann", authorEmail: email, authoredAt: 5, committer: "Bob",
      approvedBy: "Cora")
  }

  /// A world that has synchronised these utilities.
  private func world(_ approved: [String: Spec], trial: [String: Spec]? = nil) -> World {
    var world = World()
    (world.approved, world.trial) = (approved, trial)
    world.sync()
    return world
  }

  @Test func create() throws {
    var world = World()
    world.approved = ["b": Spec(), "a": Spec(blob: 2)]
    world.provenance = ["main": ["a": provenance(77)]]
    let plan = world.sync()
    #expect(plan.short == ["create a", "create b"])
    #expect(world.catalog == ["a 1001 active", "b 1002 active"])
    #expect(plan.puts.map(\.contents) == [.set(blob: World.id(2)), .set(blob: World.id(1))])
    #expect(plan.puts.allSatisfy { $0.replaces == nil })
    let entry = try #require(world.entry("a"))
    #expect(entry.createddate == 1000 && entry.updateddate == 1000)
    #expect(entry.restURL == "http://live:80/a" && entry.port == "80")
    #expect(entry.sync.revision == Revision(branch: "main", commit: World.id(77)).description)
    #expect(entry.sync.author == "Ann" && entry.sync.approvedBy == "Cora")
    #expect(plan.counts(branch: "main") == ["create": 2] && plan.counts(branch: "trial") == [:])
    let again = world.sync()
    #expect(again.isEmpty && again.changes.isEmpty && again.quarantined.isEmpty)
  }

  @Test func updates() throws {
    var world = world(["a": Spec(), "b": Spec()])
    world.approved["a"] = Spec(blob: 9)
    let plan = world.sync()
    #expect(plan.short == ["update a"] && plan.puts[0].replaces == .active)
    #expect(plan.puts[0].contents == .set(blob: World.id(9)))
    let entry = try #require(world.entry("a"))
    #expect(entry.id == 1001 && entry.createddate == 1000 && entry.updateddate == 2000)
    #expect(world.entry("b")?.updateddate == 1000)
    world.approved["a"] = Spec(blob: 9, sidecar: 5)
    let metadataOnly = world.sync()
    #expect(metadataOnly.short == ["update a"] && metadataOnly.puts[0].contents == .keep)
    #expect(world.entry("a")?.description == "s5" && world.entry("a")?.updateddate == 3000)
  }

  @Test func renames() {
    var likely = world(["a": Spec(), "z": Spec(blob: 3)])
    likely.approved = ["b": Spec(blob: 2), "z": Spec(blob: 3)]
    likely.renames = [RenameCandidate(to: "b", from: "a", score: 80)]
    #expect(likely.sync().short == ["rename a>b"])
    #expect(likely.catalog == ["b 1001 active", "z 1002 active"])

    var declared = world(["a": Spec()])
    declared.approved = ["b": Spec(blob: 7, renamedFrom: "a")]
    #expect(declared.sync().short == ["rename a>b"])
    #expect(declared.catalog == ["b 1001 active"])
    #expect(declared.sync().isEmpty)

    var casing = world(["name": Spec()])
    casing.approved = ["Name": Spec(blob: 7)]
    #expect(casing.sync().short == ["rename name>Name"])
    #expect(casing.catalog == ["Name 1001 active"])

    var unlike = world(["a": Spec()])
    unlike.approved = ["b": Spec(blob: 2)]
    #expect(unlike.sync().short == ["remove a", "create b"].sorted { $0.suffix(1) < $1.suffix(1) })
    #expect(unlike.catalog == ["a 1001 inactive", "b 1002 active"])
  }

  @Test("what says where it came from comes before what looks alike")
  func precedence() {
    var world = world(["a": Spec(), "b": Spec(blob: 2)])
    world.approved = ["B": Spec(blob: 5), "c": Spec(renamedFrom: "b")]
    world.renames = [
      RenameCandidate(to: "c", from: "a", score: 100),
      RenameCandidate(to: "B", from: "a", score: 60),
    ]
    world.sync()
    #expect(world.catalog == ["B 1001 active", "c 1002 active"])
  }

  @Test("a name that is still there is no former name")
  func takenName() {
    var world = world(["a": Spec()])
    world.approved["b"] = Spec(renamedFrom: "a")
    world.renames = [RenameCandidate(to: "b", from: "a", score: 100)]
    #expect(world.sync().short == ["create b"])
    #expect(world.catalog == ["a 1001 active", "b 1002 active"])
  }

  @Test("swapped names keep their numbers: both names are live")
  func swap() {
    var world = world(["a": Spec(), "b": Spec(blob: 2)])
    world.approved = ["a": Spec(blob: 2), "b": Spec()]
    #expect(world.sync().short == ["update a", "update b"])
    #expect(world.catalog == ["a 1001 active", "b 1002 active"])
  }

  @Test("ties go to the name that sorts first, in whatever order they come", arguments: 0..<6)
  func ties(_ turn: Int) {
    var world = world(["a": Spec(), "b": Spec(blob: 2)])
    world.approved = ["x": Spec(blob: 7), "y": Spec(blob: 8), "w": Spec(blob: 9)]
    var candidates: [RenameCandidate] = []
    for to in ["x", "y", "w"] {
      for from in ["b", "a"] { candidates.append(RenameCandidate(to: to, from: from, score: 70)) }
    }
    candidates.rotate(by: turn)
    world.renames = candidates
    world.sync()
    #expect(world.catalog == ["w 1001 active", "x 1002 active", "y 1003 active"])
    var scored = self.world(["a": Spec(), "b": Spec(blob: 2)])
    scored.approved = ["x": Spec(blob: 7), "y": Spec(blob: 8)]
    candidates = candidates.filter { $0.to != "w" }
    candidates.append(RenameCandidate(to: "y", from: "a", score: 71))
    scored.renames = candidates
    scored.sync()
    #expect(scored.catalog == ["x 1002 active", "y 1001 active"])
  }

  @Test func removalAndRevival() throws {
    var world = world(["a": Spec(), "b": Spec()])
    world.approved["a"] = nil
    world.provenance = ["main": ["a": provenance(55)]]
    let removal = world.sync()
    #expect(removal.short == ["remove a"] && removal.puts[0].contents == .remove)
    #expect(world.catalog == ["a 1001 inactive", "b 1002 active"])
    let gone = try #require(world.entry("a", .inactive))
    #expect(gone.sync.revision == Revision(branch: "main", commit: World.id(55)).description)
    #expect(gone.createddate == 1000 && gone.updateddate == 2000)
    #expect(world.sync().isEmpty)
    world.approved["a"] = Spec()
    let revival = world.sync()
    #expect(revival.short == ["revive a"] && revival.puts[0].contents == .set(blob: World.id(1)))
    #expect(world.catalog == ["a 1001 active", "b 1002 active"])
    #expect(world.entry("a")?.createddate == 1000)
    world.approved = [:]
    #expect(world.sync().short == ["remove a", "remove b"])
  }

  @Test func quarantine() throws {
    var world = world(["a": Spec()])
    let good = try #require(world.entry("a"))
    world.approved["a"] = .refused
    world.provenance = ["main": ["a": provenance(66)]]
    let plan = world.sync()
    #expect(plan.short == ["update a"] && plan.puts[0].contents == .keep)
    #expect(plan.quarantined == [QuarantinedUtility(name: "a", findings: [World.refusal])])
    #expect(plan.activePins == ["a": "a"])
    var kept = try #require(world.entry("a"))
    let revision = Revision(branch: "main", commit: World.id(66)).description
    #expect(
      kept.quarantine == QuarantineRecord(revision: revision, findings: [World.refusal]))
    kept.quarantine = nil
    #expect(!kept.differs(from: good))
    // Other commits change nothing of it.
    for _ in 0..<2 {
      let later = world.sync()
      #expect(later.isEmpty && later.activePins == ["a": "a"] && later.quarantined.count == 1)
    }
    world.approved["a"] = Spec(blob: 4)
    #expect(world.sync().short == ["update a"])
    #expect(world.entry("a")?.quarantine == nil && world.entry("a")?.id == 1001)
  }

  @Test("refused from the start: no entry, and a number only once it is accepted")
  func refusedFromTheStart() {
    var world = World()
    world.approved = ["a": .refused, "b": Spec()]
    world.trial = ["c": .refused]
    let plan = world.sync()
    #expect(plan.short == ["create b"] && plan.quarantined.map(\.name) == ["a"])
    #expect(plan.trialQuarantined.map(\.name) == ["c"] && plan.activePins.isEmpty)
    #expect(world.catalog == ["b 1001 active"])
    world.approved["a"] = Spec()
    #expect(world.sync().short == ["create a"])
    #expect(world.entry("a")?.id == 1002)
  }

  @Test("a rename that is refused keeps the old entry, and a correction renames it")
  func refusedRename() {
    var world = world(["a": Spec(), "z": Spec(blob: 9)])
    world.findsRenames = true
    world.approved = ["b": .refused, "z": Spec(blob: 9)]
    #expect(world.plan(scope: ["a", "b"]).activePins == ["a": "b"])
    world.sync()
    #expect(world.catalog == ["a 1001 active", "z 1002 active"])
    // A commit that touches neither name changes nothing and keeps it running.
    world.approved["z"] = Spec(blob: 8)
    let other = world.plan(scope: ["z"])
    #expect(other.short == ["update z"] && other.activePins == ["a": "b"])
    world.sync()
    world.approved["b"] = Spec()
    #expect(world.plan(scope: ["b"]).short == ["rename a>b"])
    world.sync()
    #expect(world.catalog == ["b 1001 active", "z 1002 active"])
  }

  @Test("a quarantined utility is removed like any other, and a removed one stays so while refused")
  func quarantineAndRemoval() {
    var world = world(["a": Spec()])
    world.approved = ["a": .refused]
    world.sync()
    world.approved = [:]
    #expect(world.sync().short == ["remove a"])
    #expect(world.entry("a", .inactive)?.quarantine == nil)
    world.approved = ["a": .refused]
    #expect(world.sync().isEmpty)
    world.approved = ["a": Spec()]
    #expect(world.sync().short == ["revive a"])
  }

  @Test("`draft: true` is a draft, and a status change makes it active")
  func draftKey() {
    var world = world(["a": Spec(draft: true)])
    #expect(world.catalog == ["a 1001 draft"])
    #expect(world.entry("a", .draft)?.restURL == "http://try:81/a")
    world.approved["a"] = Spec()
    world.sync()
    #expect(world.catalog == ["a 1001 active"])
    #expect(world.entry("a")?.restURL == "http://live:80/a")
    world.approved["a"] = Spec(draft: true)
    world.sync()
    #expect(world.catalog == ["a 1001 draft"])
    world.approved["a"] = .refused
    let plan = world.sync()
    #expect(plan.trialPins == ["a": "a"] && world.entry("a", .draft)?.quarantine != nil)
  }

  @Test("drafts of the trial branch stand beside the active entry and are merged into it")
  func trial() {
    var world = world(["a": Spec()], trial: ["a": Spec(), "b": Spec(blob: 2)])
    #expect(world.catalog == ["a 1001 active", "b 1002 draft"])
    world.trial?["a"] = Spec(blob: 3)
    #expect(world.sync().short == ["create a"])
    #expect(world.catalog == ["a 1001 active", "a 1001 draft", "b 1002 draft"])
    #expect(world.entry("a")?.filehash != world.entry("a", .draft)?.filehash)
    world.approved = ["a": Spec(blob: 3), "b": Spec(blob: 2)]
    let merge = world.sync()
    #expect(merge.deletes == [EntryKey(id: 1001, status: .draft)])
    #expect(merge.short.contains("status b"))
    #expect(world.catalog == ["a 1001 active", "b 1002 active"])
    #expect(world.entry("b")?.sync.branch == "main")
    #expect(world.sync().isEmpty)
  }

  @Test func trialBranchIsDeleted() {
    var world = world(["a": Spec()], trial: ["a": Spec(blob: 3), "b": Spec()])
    world.trial = nil
    world.sync()
    #expect(world.catalog == ["a 1001 active", "b 1002 inactive"])
    world.trial = ["b": Spec()]
    #expect(world.sync().short == ["revive b"])
    #expect(world.catalog == ["a 1001 active", "b 1002 draft"])
  }

  @Test("renamed on the trial branch only: a draft under the same number, then one entry")
  func renameOnTrial() {
    var world = world(["a": Spec()], trial: ["a": Spec()])
    world.trial = ["b": Spec()]
    world.renames = [RenameCandidate(to: "b", from: "a", score: 100)]
    world.sync()
    #expect(world.catalog == ["a 1001 active", "b 1001 draft"])
    world.approved = ["b": Spec()]
    world.sync()
    #expect(world.catalog == ["b 1001 active"])
    #expect(world.sync().isEmpty)
  }

  @Test("a draft of the approved branch that the trial branch renamed is the trial branch's draft")
  func draftOfApprovedIsRenamedOnTrial() {
    var world = world(["f": Spec(draft: true)])
    world.trial = ["e": Spec()]
    world.renames = [RenameCandidate(to: "e", from: "f", score: 100)]
    let plan = world.plan()
    #expect(plan.superseded == ["f"] && plan.identities == ["main": ["f": 1001]])
    world.sync()
    #expect(world.catalog == ["e 1001 draft"])
    #expect(world.sync().isEmpty)
    world.trial = nil
    world.sync()
    #expect(world.catalog == ["f 1001 draft"])
  }

  @Test("the owner: sidecar, then author, then tenant.yaml, then nobody")
  func userid() {
    var world = World()
    world.settings.users["ann@example.com"] = .init(userid: 42)
    world.settings.userid = 7
    world.approved = ["own": Spec(userid: 5), "author": Spec(), "other": Spec()]
    world.provenance = [
      "main": [
        "own": provenance(9), "author": provenance(9, email: "Ann@Example.com"),
        "other": provenance(9, email: "bob@example.com"),
      ]
    ]
    world.sync()
    #expect(world.entry("own")?.userid == 5 && world.entry("author")?.userid == 42)
    #expect(world.entry("other")?.userid == 7)
    world.settings = TenantSettings()
    #expect(world.sync().short == ["update author", "update other"])
    #expect(world.entry("author")?.userid == 0)
  }

  @Test("packages that are not there quarantine")
  func packages() {
    var world = World()
    let refusal = PackageRefusal(rule: .packagesUnresolvable, message: "no x", hint: "")
    world.missingPackages = [PackageEnvironment.digest(of: ["x"]): refusal]
    world.approved = ["a": Spec(packages: ["x"]), "b": Spec()]
    let plan = world.sync()
    #expect(plan.short == ["create b"])
    #expect(plan.quarantined.map(\.name) == ["a"])
    #expect(plan.quarantined.first?.findings.map(\.rule) == ["PackagesUnresolvable"])
    world.missingPackages = [:]
    #expect(world.sync().short == ["create a"])
    #expect(world.entry("a")?.env != "" && world.entry("b")?.env == "")
    world.missingPackages = [PackageEnvironment.digest(of: ["x"]): refusal]
    #expect(world.sync().activePins == ["a": "a"] && world.entry("a")?.quarantine != nil)
  }

  @Test("environments do not depend on the order of their packages")
  func environment() {
    let one = PackageEnvironment.digest(of: ["a >= 1", "b"])
    #expect(one == PackageEnvironment.digest(of: ["b", "a>=1", "b"]) && one.count == 64)
    #expect(one != PackageEnvironment.digest(of: ["a>=2", "b"]))
    #expect(PackageEnvironment.digest(of: []) == "")
  }

  // MARK: Random states

  private static let pool = ["a", "A", "b", "c", "d", "e", "f"]

  private func mutate(
    _ specs: inout [String: Spec], using generator: inout SeededGenerator
  ) -> Set<String> {
    var touched: Set<String> = []
    for _ in 0..<Int.random(in: 0...3, using: &generator) {
      guard let name = Self.pool.randomElement(using: &generator) else { continue }
      touched.insert(name)
      let from = [nil, nil, "a", "b", "c"].randomElement(using: &generator) ?? nil
      switch Int.random(in: 0..<8, using: &generator) {
      case 0, 1, 2: specs[name] = nil
      case 3: specs[name] = .refused(blob: .random(in: 1...3, using: &generator))
      default:
        specs[name] = Spec(
          blob: .random(in: 1...3, using: &generator),
          sidecar: .random(in: 1...2, using: &generator),
          draft: Int.random(in: 0..<4, using: &generator) == 0,
          renamedFrom: from == name ? nil : from)
      }
    }
    // A tree has no two names that differ in their case alone: the judge refuses both.
    if specs["a"] != nil, specs["A"] != nil {
      (specs["a"], specs["A"]) = (.refused, .refused)
      touched.formUnion(["a", "A"])
    }
    return touched
  }

  @Test(
    "a plan of what changed is the plan of everything, and once applied nothing is left to do",
    arguments: 0..<60)
  func scoped(_ seed: Int) {
    follow(seed)
  }

  private func follow(_ seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    var world = World()
    world.findsRenames = true
    for step in 0..<30 {
      let before = world
      var scope = mutate(&world.approved, using: &generator)
      if Int.random(in: 0..<6, using: &generator) == 0 {
        scope.formUnion(world.trial?.keys.map { $0 } ?? [])
        scope.formUnion(world.entries.values.filter { $0.sync.branch == "trial" }.map(\.name))
        world.trial = world.trial == nil ? world.approved : nil
        scope.formUnion(world.trial?.keys.map { $0 } ?? [])
      } else if var trial = world.trial {
        scope.formUnion(mutate(&trial, using: &generator))
        world.trial = trial
      }
      let place = Comment(
        rawValue: """
          seed \(seed), step \(step), scope \(scope.sorted())
          \(before.approved) \(before.trial ?? [:]) -> \(world.approved) \(world.trial ?? [:])
          \(before.catalog)
          """)
      world.renameScope = scope
      let plan = world.plan()
      let scoped = world.plan(scope: scope)
      let isSame = scoped.writes == plan.writes && scoped.identities == plan.identities
      #expect(isSame, "\(scoped.short) is not \(plan.short); \(place)")
      world.sync()
      check(world, place)
      world.renameScope = []
      let rest = world.plan()
      let isSettled = rest.isEmpty
      #expect(isSettled, "\(rest.short) \(world.catalog) after \(plan.short); \(place)")
      if !isSame || !isSettled { return }
    }
  }

  /// What must be true of a catalog whatever happened before.
  private func check(_ world: World, _ place: Comment) {
    for status in [EntryStatus.active, .draft] {
      let names = world.entries.values.filter { $0.status == status }.map { $0.name.lowercased() }
      #expect(Set(names).count == names.count, place)
    }
    for (name, spec) in world.approved where !spec.isRefused {
      let entry = world.entry(name, spec.draft ? .draft : .active)
      // A draft of the trial branch may stand for one of the approved branch.
      let isSuperseded = spec.draft && world.trial != nil
      #expect(entry != nil || isSuperseded, "\(name) has no entry; \(place)")
      if !spec.draft {
        #expect(entry?.sync.blob == World.id(spec.blob).hex && entry?.quarantine == nil, place)
      }
    }
    for entry in world.entries.values where entry.status == .active && entry.quarantine == nil {
      #expect(world.approved[entry.name] != nil, "\(entry.name) is on no branch; \(place)")
    }
  }
}

extension Array {
  fileprivate mutating func rotate(by count: Int) {
    guard !isEmpty else { return }
    self = Array(self[(count % self.count)...] + self[..<(count % self.count)])
  }
}
