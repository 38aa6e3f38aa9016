import Catalog
import Concurrency
import Deployment
import Foundation
import Logging
import TestSupport
import Testing
import UtilityModel
import Validation

@testable import Reconciliation

/// A repository, a catalog and what stands between them.
struct Rig {
  static let tenant = TenantCode("demo")!
  let folder: TemporaryFolder
  let repository: TemporaryRepository
  let context: ReconcileContext
  var reconciler: TenantReconciler

  init(
    policy: RevisionPolicy = RevisionPolicy(history: .any, removals: .percent(100))
  ) async throws {
    folder = try TemporaryFolder()
    repository = try TemporaryRepository()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let store = try await EmbeddedCatalog.open(path: folder.path + "/catalog.sqlite")
    context = ReconcileContext(
      settings: .init(
        approvedBranch: "main", trialBranch: "trial", mediumPolicy: .warn,
        restTemplate: "http://{service}:{port}/{name}", driver: "none",
        policy: policy),
      store: store, snapshots: SnapshotStore(store: store), board: StatusBoard(),
      validator: Validator(
        limits: CheckerLimits(python: "/usr/bin/python3"), cachePath: nil, width: 1, logger: logger),
      runtime: NoRuntime(
        active: RuntimeAddress(service: "live", port: 80),
        trial: RuntimeAddress(service: "try", port: 81)),
      releases: nil, pool: BlockingPool(name: "rec-test", width: 1), logger: logger)
    try await store.ensureTenant(Self.tenant, now: 1)
    reconciler = TenantReconciler(tenant: Self.tenant, statuses: [], context: context)
  }

  /// What a restarted agent has: the store, and nothing in memory.
  mutating func restart() async throws {
    reconciler = TenantReconciler(
      tenant: Self.tenant, statuses: try await context.store.branchStatuses(of: Self.tenant),
      context: context)
  }

  @discardableResult
  func sync(force: Bool = false) async -> TenantReconciler.Outcome {
    await reconciler.reconcile(at: repository.path, force: force)
  }

  func entries() async throws -> [CatalogEntry] { try await context.store.entries(of: Self.tenant) }

  /// The catalog in short: "name id status", sorted.
  func catalog() async throws -> [String] {
    try await entries().map { "\($0.name) \($0.id) \($0.status.rawValue)" }.sorted()
  }

  /// Compares the catalog in short, and shows it where it is another.
  func expect(
    _ wanted: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let catalog = try await catalog()
    #expect(catalog == wanted, sourceLocation: sourceLocation)
  }

  func entry(_ name: String, _ status: EntryStatus = .active) async throws -> CatalogEntry? {
    try await entries().first { $0.name == name && $0.status == status }
  }

  static func files(_ name: String, _ body: String = "return data", _ extra: String = "")
    -> [String: String?]
  {
    [
      "utils/\(name).py": "def \(name)(data, filter):\n    \(body)\n",
      "utils/\(name).yaml":
        "description: d\ncategory: c\ninput_label: i\nfilter_label: f\n\(extra)",
    ]
  }

  @discardableResult
  func push(
    _ parts: [String: String?]..., branch: String = "main", author: String = "Ann",
    time: Int = 1_700_000_000
  ) throws -> ObjectID {
    try repository.commit(
      parts.reduce(into: [:]) { $0.merge($1) { $1 } }, branch: branch, author: author, time: time)
  }
}

@Suite("One tenant") struct TenantReconcilerTests {
  private func status(_ outcome: TenantReconciler.Outcome, _ branch: String = "main")
    -> BranchStatus?
  {
    outcome.branches.first { $0.branch == branch }
  }

  @Test func firstAndSecondSync() async throws {
    let rig = try await Rig()
    let head = try rig.push(Rig.files("a"), Rig.files("b"))
    let first = await rig.sync()
    #expect(first.changed && first.retryAfter == nil)
    let revision = Revision(branch: "main", commit: head).description
    #expect(status(first)?.applied == revision && status(first)?.phase == .synced)
    #expect(status(first)?.report?.changes == ["create": 2])
    #expect(try await rig.catalog() == ["a 1001 active", "b 1002 active"])
    #expect(rig.context.snapshots.snapshot(of: Rig.tenant)?.items.count == 2)
    #expect(rig.context.board.status(of: Rig.tenant)?.branches == first.branches)
    let contents = try await rig.context.store.contents(of: Rig.tenant, id: 1001, status: .active)
    #expect(contents == Array("def a(data, filter):\n    return data\n".utf8))

    let before = try await rig.entries()
    let etag = rig.context.snapshots.snapshot(of: Rig.tenant)?.etag
    for force in [false, true] {
      #expect(await rig.sync(force: force).changed == false)
      #expect(try await rig.entries() == before)
      #expect(rig.context.snapshots.snapshot(of: Rig.tenant)?.etag == etag)
    }
    // A commit that touches no utility writes no entry and moves the branch.
    let next = try rig.push(["README.md": "text"])
    let third = await rig.sync()
    #expect(!third.changed)
    #expect(status(third)?.applied == Revision(branch: "main", commit: next).description)
    #expect(try await rig.entries() == before)
  }

  @Test("a trial branch that cannot be read holds nobody else up")
  func unreadableTrial() async throws {
    var rig = try await Rig()
    let first = try rig.push(Rig.files("a"))
    try rig.repository.git("branch", "trial", first.hex)
    let good = try rig.push(Rig.files("t"), branch: "trial")
    await rig.sync()
    let before = ["a 1001 active", "t 1002 draft"]
    try await rig.expect(before)
    // Deeper than a tree may be.
    let deep = "utils/" + String(repeating: "d/", count: 80) + "x.py"
    let bad = try rig.push([deep: "x = 1\n"], branch: "trial")
    for restarts in [false, true] {
      if restarts { try await rig.restart() }
      let head = try rig.push(Rig.files("b\(restarts)".lowercased()))
      let outcome = await rig.sync()
      #expect(status(outcome)?.phase == .synced && outcome.retryAfter == nil)
      #expect(status(outcome)?.applied == Revision(branch: "main", commit: head).description)
      let trial = status(outcome, "trial")
      #expect(trial?.phase == .failed && trial?.observed == "trial@sha1:\(bad)")
      #expect(trial?.applied == "trial@sha1:\(good)" && trial?.report?.error?.isEmpty == false)
    }
    try await rig.expect([
      "a 1001 active", "bfalse 1003 active", "btrue 1004 active", "t 1002 draft",
    ])
    let previews = try await rig.reconciler.preview(at: rig.repository.path)
    #expect(previews.last?.branch == "trial" && previews.last?.note != nil)
    // A ref that leads to a file: the same.
    let blob = try rig.repository.git("rev-parse", "main:utils/a.py")
    try (blob + "\n").write(
      toFile: rig.repository.path + "/refs/heads/trial", atomically: true, encoding: .utf8)
    let outcome = await rig.sync()
    #expect(status(outcome)?.phase == .synced && status(outcome, "trial")?.phase == .failed)
    try await rig.expect([
      "a 1001 active", "bfalse 1003 active", "btrue 1004 active", "t 1002 draft",
    ])
    // Mended, it goes on.
    try rig.repository.git("update-ref", "refs/heads/trial", good.hex)
    #expect(status(await rig.sync(), "trial")?.phase == .synced)
  }

  @Test("a first trial branch that cannot be read leaves no trace when it is gone")
  func unreadableFirstTrial() async throws {
    let rig = try await Rig()
    let first = try rig.push(Rig.files("a"))
    try rig.repository.git("branch", "trial", first.hex)
    try rig.push(["utils/" + String(repeating: "d/", count: 80) + "x.py": ""], branch: "trial")
    let outcome = await rig.sync()
    #expect(status(outcome)?.phase == .synced && status(outcome, "trial")?.phase == .failed)
    #expect(status(outcome, "trial")?.applied == nil)
    try await rig.expect(["a 1001 active"])
    try rig.repository.git("update-ref", "-d", "refs/heads/trial")
    #expect(status(await rig.sync(), "trial") == nil)
    try await rig.expect(["a 1001 active"])
  }

  @Test("a life: edit, rename, delete, revive", arguments: [false, true])
  func life(_ restarts: Bool) async throws {
    var rig = try await Rig()
    let body = (0..<20).map { "x\($0) = data" }.joined(separator: "\n    ") + "\n    return data"
    try rig.push(Rig.files("a", body), Rig.files("b"))
    await rig.sync()
    if restarts { try await rig.restart() }
    try rig.push(Rig.files("a", body, "timeout: 5\n"), time: 1_700_000_100)
    #expect(status(await rig.sync())?.report?.changes == ["update": 1])
    if restarts { try await rig.restart() }
    try rig.push(
      ["utils/a.py": nil, "utils/a.yaml": nil], Rig.files("c", body), time: 1_700_000_200)
    #expect(status(await rig.sync())?.report?.changes == ["rename": 1])
    #expect(try await rig.catalog() == ["b 1002 active", "c 1001 active"])
    if restarts { try await rig.restart() }
    try rig.push(["utils/c.py": nil, "utils/c.yaml": nil], author: "Dora", time: 1_700_000_300)
    #expect(status(await rig.sync())?.report?.changes == ["remove": 1])
    #expect(try await rig.catalog() == ["b 1002 active", "c 1001 inactive"])
    let gone = try #require(try await rig.entry("c", .inactive))
    #expect(gone.sync.author == "Dora")
    #expect(
      try await rig.context.store.contents(of: Rig.tenant, id: 1001, status: .inactive) == nil)
    if restarts { try await rig.restart() }
    try rig.push(Rig.files("c", "return filter"), time: 1_700_000_400)
    #expect(status(await rig.sync())?.report?.changes == ["revive": 1])
    #expect(try await rig.catalog() == ["b 1002 active", "c 1001 active"])
  }

  @Test("missed commits come together after a restart, with the provenance that git gives")
  func missedCommits() async throws {
    var rig = try await Rig()
    try rig.push(Rig.files("a"), Rig.files("b"), Rig.files("c"))
    await rig.sync()
    try rig.push(Rig.files("a", "return 1"), author: "Bob", time: 1_700_000_100)
    try rig.push(Rig.files("b", "return 2"), author: "Cleo", time: 1_700_000_200)
    try rig.push(Rig.files("a", "return data"), author: "Dora", time: 1_700_000_300)
    try rig.push(Rig.files("d"), author: "Eve", time: 1_700_000_400)
    try await rig.restart()
    await rig.sync()
    for name in ["a", "b", "c", "d"] {
      let entry = try #require(try await rig.entry(name))
      let log = try rig.repository.git(
        "log", "-1", "--format=%H|%an|%ae|%at|%cn", "main", "--", "utils/\(name).py",
        "utils/\(name).yaml")
      let hash = Revision(entry.sync.revision)?.commit.hex ?? "none"
      #expect(
        "\(hash)|\(entry.sync.author)|\(entry.sync.authorEmail)|\(entry.sync.authoredAt / 1000)|"
          + entry.sync.committer == log)
    }
    // `a` was changed there and back: only who did it is new.
    #expect(try await rig.entry("a")?.sync.author == "Dora")
    #expect(try await rig.entry("c")?.sync.author == "Ann")
  }

  @Test func trialBranch() async throws {
    let rig = try await Rig()
    try rig.push(Rig.files("a"))
    try rig.repository.git("branch", "trial", "main")
    try rig.push(Rig.files("a", "return 1"), Rig.files("n"), branch: "trial")
    let outcome = await rig.sync()
    #expect(outcome.branches.map(\.branch) == ["main", "trial"])
    #expect(try await rig.catalog() == ["a 1001 active", "a 1001 draft", "n 1002 draft"])
    #expect(try await rig.entry("n", .draft)?.restURL == "http://try:81/n")
    try rig.repository.git("update-ref", "refs/heads/main", "refs/heads/trial")
    await rig.sync()
    #expect(try await rig.catalog() == ["a 1001 active", "n 1002 active"])
    try rig.push(Rig.files("m"), branch: "trial")
    await rig.sync()
    #expect(try await rig.catalog().contains("m 1003 draft"))
    try rig.repository.git("update-ref", "-d", "refs/heads/trial")
    #expect(await rig.sync().branches.map(\.branch) == ["main"])
    #expect(
      try await rig.catalog() == ["a 1001 active", "m 1003 inactive", "n 1002 active"])
    #expect(await rig.sync(force: true).changed == false)
  }

  @Test("a folder renamed to another Unicode normal form is a rename of its files")
  func normalForms() async throws {
    let rig = try await Rig()
    func files(_ folder: String, _ isThere: Bool = true) -> [String: String?] {
      Dictionary(
        uniqueKeysWithValues: Rig.files("a").map { path, text in
          ("utils/\(folder)/" + path.dropFirst(6), isThere ? text : nil)
        })
    }
    let (composed, decomposed) = ("Z\u{FC}rich", "Zu\u{308}rich")
    try rig.push(files(composed))
    await rig.sync()
    for (step, (old, new)) in [(composed, decomposed), (decomposed, composed)].enumerated() {
      try rig.push(files(old, false), time: 1_700_000_100 + step * 10)
      let commit = try rig.push(files(new), time: 1_700_000_101 + step * 10)
      #expect(status(await rig.sync())?.phase == .synced)
      try await rig.expect(["a 1001 active"])
      let sync = try #require(try await rig.entry("a")).sync
      #expect(PathKey(sync.path) == PathKey("utils/\(new)/a.py"))
      #expect(sync.revision == Revision(branch: "main", commit: commit).description)
    }
    try rig.push(files(decomposed), time: 1_700_000_200)
    let both = await rig.sync()
    #expect(status(both)?.report?.quarantined.map(\.name) == ["a"])
    try rig.push(files(composed, false), time: 1_700_000_300)
    #expect(status(await rig.sync())?.phase == .synced)
    try await rig.expect(["a 1001 active"])
  }

  @Test("a tenant.yaml that is refused degrades the branch and changes nothing, over a restart")
  func refusedSettings() async throws {
    var rig = try await Rig()
    let web = "import requests\n\ndef web(data, filter):\n    return data\n"
    try rig.push(
      Rig.files("a"), Rig.files("web"),
      [
        "utils/web.py": web,
        "tenant.yaml": "policy: {medium: block}\nusers: {ann@example.com: 7}\nuserid: 3\n",
      ])
    #expect(status(await rig.sync())?.report?.quarantined.map(\.name) == ["web"])
    let before = try #require(try await rig.entry("a"))
    let good = status(await rig.sync())?.settings
    for (step, text) in ["policy: {medium: blok}\n", "users: [\n"].enumerated() {
      try rig.push(["tenant.yaml": text], time: 1_700_000_100 + step)
      let outcome = await rig.sync()
      #expect(status(outcome)?.phase == .degraded && status(outcome)?.settings == good)
      #expect(status(outcome)?.report?.refusesSettings == true)
      #expect(status(outcome)?.report?.quarantined.map(\.name) == ["web"])
      try await rig.restart()
      // A new utility has the owner that the former settings give.
      try rig.push(Rig.files("n\(step)"), time: 1_700_000_110 + step)
      let later = await rig.sync()
      #expect(status(later)?.phase == .degraded && status(later)?.settings == good)
      #expect(status(later)?.report?.quarantined.map(\.name) == ["web"])
      #expect(try await rig.entry("n\(step)")?.userid == before.userid)
      #expect(try await rig.entry("a") == before)
      try rig.push(["utils/n\(step).py": nil, "utils/n\(step).yaml": nil], time: 1_700_000_120)
      await rig.sync()
    }
    try rig.push(["tenant.yaml": "userid: 4\n"], time: 1_700_000_200)
    let healed = await rig.sync()
    #expect(status(healed)?.phase == .synced && status(healed)?.settings != good)
    #expect(try await rig.entry("web") != nil)
  }

  @Test("a refused version keeps the good one, over later commits and a restart")
  func quarantine() async throws {
    var rig = try await Rig()
    let good = try rig.push(Rig.files("a"), Rig.files("b"))
    await rig.sync()
    let entry = try #require(try await rig.entry("a"))
    let bad = try rig.push(["utils/a.py": "import os\n"], author: "Bob", time: 1_700_000_100)
    let outcome = await rig.sync()
    #expect(status(outcome)?.phase == .degraded)
    #expect(status(outcome)?.report?.quarantined.map(\.name) == ["a"])
    let blob = try rig.repository.id(of: "\(good.hex):utils/a.py")
    #expect(status(outcome)?.pins?["a"]?.blob == blob)
    for step in 0..<3 {
      try rig.push(Rig.files("b", "return \(step)"), time: 1_700_000_200 + step)
      if step == 1 { try await rig.restart() }
      let later = await rig.sync()
      #expect(status(later)?.pins?["a"]?.blob == blob, "step \(step)")
      #expect(status(later)?.phase == .degraded && status(later)?.report?.quarantined.count == 1)
      let kept = try #require(try await rig.entry("a"))
      #expect(kept.filehash == entry.filehash && kept.updateddate >= entry.updateddate)
      #expect(
        kept.quarantine?.revision == Revision(branch: "main", commit: bad).description)
      #expect(kept.quarantine?.findings.isEmpty == false)
    }
    try rig.push(Rig.files("a", "return 3"), time: 1_700_000_900)
    let healed = await rig.sync()
    #expect(status(healed)?.phase == .synced && status(healed)?.pins == nil)
    #expect(try await rig.entry("a")?.quarantine == nil)
  }

  @Test("a rename whose first version is refused keeps its number")
  func refusedRename() async throws {
    let rig = try await Rig()
    let body = (0..<20).map { "x\($0) = data" }.joined(separator: "\n    ") + "\n    return data"
    try rig.push(Rig.files("a", body))
    await rig.sync()
    try rig.push(
      ["utils/a.py": nil, "utils/a.yaml": nil], Rig.files("b", body, "timeout: 0\n"),
      time: 1_700_000_100)
    await rig.sync()
    #expect(try await rig.catalog() == ["a 1001 active"])
    try rig.push(["README.md": "text"], time: 1_700_000_200)
    await rig.sync()
    #expect(try await rig.catalog() == ["a 1001 active"])
    try rig.push(Rig.files("b", body), time: 1_700_000_300)
    await rig.sync()
    #expect(try await rig.catalog() == ["b 1001 active"])
  }

  @Test("a plan is shown and nothing is done")
  func preview() async throws {
    let rig = try await Rig()
    try rig.push(Rig.files("a"))
    await rig.sync()
    try rig.push(Rig.files("b"), Rig.files("a", "return 1"))
    let previews = try await rig.reconciler.preview(at: rig.repository.path)
    #expect(previews.map(\.branch) == ["main"])
    #expect(previews.first?.changes.map(\.name) == ["a", "b"])
    #expect(previews.first?.changes.map(\.kind) == [.update, .create])
    #expect(try await rig.catalog() == ["a 1001 active"])
    #expect(status(await rig.sync())?.report?.changes == ["create": 1, "update": 1])
  }

  @Test func rewrittenHistory() async throws {
    let rig = try await Rig(policy: RevisionPolicy(history: .any))
    try rig.push(Rig.files("a"), Rig.files("b"))
    await rig.sync()
    try rig.repository.git("update-ref", "-d", "refs/heads/main")
    let head = try rig.push(Rig.files("a", "return 1"), author: "Bob", time: 1_700_000_900)
    try rig.repository.git("reflog", "expire", "--expire=now", "--all")
    try rig.repository.git("gc", "-q", "--prune=now")
    // What it remembers of the tree is gone with the history: the next attempt looks anew.
    let first = await rig.sync()
    #expect(first.retryAfter != nil || first.changed, "\(first.branches)")
    if first.retryAfter != nil { await rig.sync() }
    #expect(try await rig.catalog() == ["a 1001 active", "b 1002 inactive"])
    #expect(
      try await rig.entry("a")?.sync.revision == Revision(branch: "main", commit: head).description)
  }

  @Test("what is missing is said, and what is there stays")
  func missing() async throws {
    let rig = try await Rig()
    let empty = await rig.sync()
    #expect(status(empty)?.phase == .failed && empty.retryAfter == nil)
    #expect(status(empty)?.report?.error?.contains("is empty") == true)
    try rig.push(Rig.files("a"), branch: "other")
    #expect(status(await rig.sync())?.report?.error?.contains("`main` is missing") == true)
    #expect(try await rig.catalog().isEmpty)
    try rig.push(Rig.files("a"))
    #expect(status(await rig.sync())?.phase == .synced)
    let before = try await rig.entries()

    try rig.repository.git("update-ref", "-d", "refs/heads/main")
    let branchless = await rig.sync()
    #expect(status(branchless)?.report?.error?.contains("stay as they are") == true)
    let gone = await rig.reconciler.reconcile(at: nil)
    #expect(status(gone)?.phase == .failed && gone.retryAfter == nil)
    #expect(status(gone)?.report?.error?.contains("the repository is gone") == true)
    #expect(status(gone)?.applied != nil)
    let nowhere = await rig.reconciler.reconcile(at: "/nonexistent/demo.git")
    #expect(status(nowhere)?.phase == .failed && nowhere.retryAfter != nil)
    #expect(status(nowhere)?.nextRetry != nil)
    #expect(try await rig.entries() == before)
    let recorded = try await rig.context.store.branchStatuses(of: Rig.tenant)
    #expect(recorded.map(\.phase) == [.failed])
    try rig.push(Rig.files("a"))
    #expect(status(await rig.sync())?.phase == .synced)
    #expect(try await rig.catalog() == ["a 1001 active"])
  }

  @Test("a damaged blob refuses its own utility and no other")
  func damagedBlob() async throws {
    let rig = try await Rig()
    try rig.push(Rig.files("a"), Rig.files("b"))
    let id = try rig.repository.id(of: "main:utils/a.py").hex
    let path = "\(rig.repository.path)/objects/\(id.prefix(2))/\(id.dropFirst(2))"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    try Data("garbage".utf8).write(to: URL(fileURLWithPath: path))
    let outcome = await rig.sync()
    #expect(status(outcome)?.phase == .degraded)
    #expect(status(outcome)?.report?.quarantined.map(\.name) == ["a"])
    #expect(status(outcome)?.report?.quarantined.first?.findings.map(\.rule) == ["CheckerFailed"])
    #expect(try await rig.catalog() == ["b 1001 active"])
  }
}
