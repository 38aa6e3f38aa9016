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

/// Random histories through the real reconciler, git and catalog, against an independent model.
///
/// `IDENTITY_STEPS` and `IDENTITY_SEEDS` make it longer; `IDENTITY_FIRST_SEED` moves it.
@Suite("Identity through random histories") struct IdentityHistoryTests {
  private static func number(_ name: String, _ normal: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? normal
  }
  static let steps = number("IDENTITY_STEPS", 200)
  static let seeds: [Int] = {
    let first = number("IDENTITY_FIRST_SEED", 1)
    return Array(first..<(first + number("IDENTITY_SEEDS", 12)))
  }()

  /// How many pushes come together before the reconciler looks.
  enum Pace: String, CaseIterable {
    case each, batches, all
  }

  @Test("ids stay with their utilities", arguments: seeds)
  func replay(_ seed: Int) async throws {
    // Every second seed has a trial branch.
    let history = IdentityHistory(
      seed: UInt64(seed), steps: Self.steps, usesTrial: seed.isMultiple(of: 2))
    let repository = try TemporaryRepository()
    let ids = try repository.write(history.commits, seed: seed)
    try #require(ids.count == history.commits.count)
    let folder = try TemporaryFolder()
    // What no one can decide is left out, and said.
    let excluded = history.excluded.sorted { $0.key.rawValue < $1.key.rawValue }
      .map { "\($0.key) \($0.value)" }
    print("identity: seed \(seed) left out: \(excluded.joined(separator: ", "))")
    for pace in Pace.allCases {
      var replay = try await IdentityReplay(
        history: history, ids: ids, repository: repository, folder: folder, seed: seed, pace: pace)
      try await replay.run()
      print(
        "identity: seed \(seed) \(pace.rawValue): \(history.steps.count) steps, "
          + "\(history.commits.count) commits, \(replay.looks) syncs, ids \(replay.numbers): "
          + "wrong \(replay.wrong.count) lost \(replay.lost.count) doubled \(replay.doubled.count)")
      for fault in (replay.wrong + replay.lost + replay.doubled).prefix(3) {
        Issue.record("seed \(seed), \(pace.rawValue): \(fault)")
      }
    }
  }
}

/// One history, replayed at one pace.
private struct IdentityReplay {
  private static let tenant = TenantCode("demo")!
  let history: IdentityHistory
  let ids: [ObjectID]
  let repository: TemporaryRepository
  let pace: IdentityHistoryTests.Pace
  private let context: ReconcileContext
  private var reconciler: TenantReconciler
  private var generator: SeededGenerator
  private var idOf: [Int: Int32] = [:]
  private var done: [String] = []

  private(set) var looks = 0
  private(set) var wrong: [String] = []
  private(set) var lost: [String] = []
  private(set) var doubled: [String] = []
  var numbers: Int { idOf.count }

  init(
    history: IdentityHistory, ids: [ObjectID], repository: TemporaryRepository,
    folder: TemporaryFolder, seed: Int, pace: IdentityHistoryTests.Pace
  ) async throws {
    (self.history, self.ids, self.repository, self.pace) = (history, ids, repository, pace)
    generator = SeededGenerator(seed: UInt64(seed) &+ 77)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let store = try await EmbeddedCatalog.open(path: "\(folder.path)/\(pace.rawValue).sqlite")
    context = ReconcileContext(
      settings: .init(
        approvedBranch: "main", trialBranch: "trial", mediumPolicy: .warn,
        restTemplate: "http://{service}:{port}/{name}", driver: "none",
        policy: RevisionPolicy(history: .any, removals: .percent(100))),
      store: store, snapshots: SnapshotStore(store: store), board: StatusBoard(),
      validator: Validator(
        limits: CheckerLimits(python: "/usr/bin/python3"),
        cachePath: folder.path + "/verdicts.sqlite", width: 1, logger: logger),
      runtime: NoRuntime(
        active: RuntimeAddress(service: "live", port: 80),
        trial: RuntimeAddress(service: "try", port: 81)),
      releases: nil, pool: BlockingPool(name: "identity", width: 1), logger: logger)
    try await store.ensureTenant(Self.tenant, now: 1)
    reconciler = TenantReconciler(tenant: Self.tenant, statuses: [], context: context)
  }

  mutating func run() async throws {
    try repository.point("trial", at: nil)
    var before = history.steps[0]
    for (number, step) in history.steps.enumerated() {
      done.append("\(number) \(step.what)")
      let isLast = number + 1 == history.steps.count
      if number > 0, !isLast {
        switch pace {
        case .each: break
        case .batches: if Int.random(in: 0..<6, using: &generator) > 0 { continue }
        case .all: continue
        }
      }
      try repository.point("main", at: ids[step.main])
      try repository.point("trial", at: step.trial.map { ids[$0] })
      if Int.random(in: 0..<12, using: &generator) == 0 {
        // A restarted agent has the store, and nothing in memory.
        reconciler = TenantReconciler(
          tenant: Self.tenant,
          statuses: try await context.store.branchStatuses(of: Self.tenant), context: context)
      }
      let outcome = await reconciler.reconcile(at: repository.path)
      looks += 1
      if let status = outcome.branches.first(where: { $0.phase != .synced }) {
        lost.append(
          "step \(number): \(status.branch) is \(status.phase) \(status.report.debugDescription)")
      }
      try await check(step, number)
      done = []
      if !(wrong.isEmpty && lost.isEmpty && doubled.isEmpty) { trace(before, step) }
      before = step
      guard wrong.isEmpty, lost.isEmpty, doubled.isEmpty else { return }
    }
    try await checkProvenance()
  }

  /// Compares each entry's commit with what `git log -1 <branch> -- <its files>` names.
  private mutating func checkProvenance() async throws {
    for entry in try await context.store.entries(of: Self.tenant) where entry.status != .inactive {
      let expected = try repository.git(
        "log", "-1", "--format=%H %an", entry.sync.branch, "--", entry.sync.path,
        entry.sync.path.replacing(".py", with: ".yaml"))
      let commit = Revision(entry.sync.revision)?.commit.hex ?? "none"
      if "\(commit) \(entry.sync.author)" != expected {
        wrong.append("\(entry.status) \(entry.name) names \(commit), git log \(expected)")
      }
    }
  }

  /// The commits behind a fault: what each did to names, as the model knows it.
  private func trace(_ before: IdentityHistory.Step, _ step: IdentityHistory.Step) {
    print("main \(before.main) -> \(step.main), trial \(before.trial ?? -1) -> \(step.trial ?? -1)")
    for number in Set(history.record.reach[step.main]).union(
      step.trial.map { history.record.reach[$0] } ?? []
    ).sorted() {
      guard !history.record.reach[before.main].contains(number) || number > before.main - 6 else {
        continue
      }
      let commit = history.commits[number]
      let former = commit.parents.first.map { history.commits[$0].tree } ?? [:]
      let changes = Set(commit.tree.map(\.key)).union(former.map(\.key)).sorted().compactMap {
        uid in
        former[uid] == commit.tree[uid]
          ? nil
          : "\(uid): \(former[uid]?.name ?? "-")>\(commit.tree[uid]?.name ?? "-")\(commit.tree[uid]?.draft == true ? "d" : "")"
      }
      print("  commit \(number) \(commit.parents): \(changes.joined(separator: ", "))")
    }
    print(
      "  ids: \(idOf.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " "))"
    )
  }

  private mutating func check(_ step: IdentityHistory.Step, _ number: Int) async throws {
    let main = history.commits[step.main].tree
    let trial = step.trial.map { history.commits[$0].tree }
    let expected = ModelTree.entries(main: main, trial: trial)
    let entries = try await context.store.entries(of: Self.tenant)
    let place = "step \(number) after \(done)"
    var live: [String: CatalogEntry] = [:]
    var inactive: Set<Int32> = []
    for entry in entries {
      if entry.status == .inactive {
        inactive.insert(entry.id)
      } else if live.updateValue(entry, forKey: "\(entry.status.rawValue) \(entry.name)") != nil {
        doubled.append("\(place): two entries \(entry.status) \(entry.name)")
      }
    }
    for name in live.keys.sorted() where expected[name] == nil {
      doubled.append("\(place): \(name) \(live[name]?.id ?? 0) should not be there")
    }
    var liveIDs: Set<Int32> = []
    for (name, wanted) in expected.sorted(by: { $0.key < $1.key }) {
      guard let entry = live[name] else {
        lost.append(
          "\(place): \(name) (utility \(wanted.uid), id \(idOf[wanted.uid] ?? 0)) is missing")
        continue
      }
      liveIDs.insert(entry.id)
      if entry.sync.path != wanted.path {
        wrong.append("\(place): \(name) has the path \(entry.sync.path), not \(wanted.path)")
      }
      if let id = idOf[wanted.uid] {
        if id != entry.id {
          wrong.append("\(place): \(name) (utility \(wanted.uid)) has id \(entry.id), not \(id)")
        }
      } else if let other = idOf.first(where: { $0.value == entry.id })?.key {
        wrong.append(
          "\(place): \(name) (new utility \(wanted.uid)) has id \(entry.id) of utility \(other)")
      } else {
        idOf[wanted.uid] = entry.id
      }
    }
    let gone = Set(idOf.values).subtracting(liveIDs)
    for id in gone.subtracting(inactive).sorted() {
      lost.append("\(place): id \(id) has no entry at all")
    }
    for id in inactive.subtracting(gone).sorted() {
      doubled.append("\(place): id \(id) is inactive and should not be")
    }
  }
}
