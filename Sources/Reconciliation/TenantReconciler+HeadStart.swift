import Catalog
import Concurrency
import GitStore
import UtilityModel
import Validation

/// What a first sync has written before its plan was made.
struct HeadStart: Sendable {
  /// The commit whose tree it wrote.
  var tip: ObjectID
  /// How many changes of each kind it made.
  var counts: [String: Int] = [:]
}

extension TenantReconciler {
  /// A tree of fewer names is judged whole: it fits one transaction.
  private static let fewestNames = 2000
  /// So many documents go into one transaction.
  private static let transaction = 384
  /// So many transactions may wait to be written.
  private static let ahead = 4

  /// Writes a large tree into an empty catalog part by part, each while the next one is judged; nil
  /// where that is not the case at hand.
  ///
  /// Only where nothing is served, so that no entry waits for its release, and where the store writes
  /// such a change in parts anyway. The branch's status is written with the plan that follows, which
  /// finds these entries there. Where this throws, the next attempt does. Throws what judging and the
  /// store throw.
  func takeHeadStart(
    _ repository: OpenRepository, _ heads: GitObserver.Heads
  ) async throws -> HeadStart? {
    guard context.releases == nil, context.store.fillsInParts, let head = heads.approved,
      heads.held == nil, heads.trial == nil, statuses.values.allSatisfy({ $0.applied == nil })
    else { return nil }
    if observed == nil { observed = EntryIndex(try await context.store.entries(of: tenant)) }
    guard observed?.count == 0 else { return nil }
    let parts = try await context.pool.run { [context] in
      let changes = try repository.read { (handle) throws(GitError) in
        try GitObserver.changes(in: handle, from: nil, to: head)
      }
      return try TreeParts(changes, size: context.validator.unhurriedStep)
    }
    guard parts.count >= Self.fewestNames else { return nil }
    let provenance = try await context.pool.run {
      try repository.read { (handle) throws(GitError) in
        try handle.lastChanges(branchTip: head, units: parts.files)
      }
    }
    var start = HeadStart(tip: head)
    var written = Written()
    do {
      try await write(parts, provenance, repository, &start, &written)
    } catch {
      publish(written)
      throw error
    }
    publish(written)
    return start
  }

  /// Judges and plans part after part, at most `ahead` of them before they are written.
  private func write(
    _ parts: TreeParts, _ provenance: [String: Provenance], _ repository: OpenRepository,
    _ start: inout HeadStart, _ written: inout Written
  ) async throws {
    let revision = Revision(branch: approvedName, commit: start.tip)
    let executor = PlanExecutor(tenant: tenant, context: context, logger: logger)
    let (changes, feed) = AsyncStream.makeStream(of: CatalogChange.self)
    let (results, outcome) = AsyncStream.makeStream(of: AppliedChange.self)
    async let writing: Void = {
      defer { outcome.finish() }
      for await change in changes {
        outcome.yield(try await executor.apply(change, repository))
      }
    }()
    var answers = results.makeAsyncIterator()
    var waiting = 0
    // What was written counts, whatever becomes of the judging beside it.
    var failure: (any Error)?
    do {
      var judge = emptyJudge(at: revision, settings: statuses[approvedName]?.settings)
      let now = WallClock.milliseconds()
      var names: Set<String> = []
      judging: for (index, part) in parts.utilities.enumerated() {
        let update = try await judge.update(
          to: revision, changes: index == 0 ? parts.shared + part : part,
          validator: context.validator, reading: { repository })
        names.formUnion(update.names ?? Set(judge.state.utilities.keys))
        // The first ones go at once, so that the store has something to do.
        guard
          index == 0 || names.count >= Self.transaction || index + 1 == parts.utilities.count
        else { continue }
        let plan = try await plan(judge.state, names, provenance, now: now)
        names = []
        for change in plan.changes { start.counts[change.kind.rawValue, default: 0] += 1 }
        feed.yield(CatalogChange(tenant: tenant, puts: plan.puts))
        waiting += 1
        while waiting > Self.ahead {
          // None is left where one could not be written, which is thrown below.
          guard let applied = await answers.next(isolation: self) else { break judging }
          waiting -= 1
          take(applied, repository, &written)
        }
      }
      judges[approvedName] = judge
    } catch {
      failure = error
    }
    feed.finish()
    while let applied = await answers.next(isolation: self) { take(applied, repository, &written) }
    try await writing
    if let failure { throw failure }
  }

  private func take(
    _ applied: AppliedChange, _ repository: OpenRepository, _ written: inout Written
  ) {
    observed?.apply(applied)
    written.add(applied)
    repository.forget(applied.puts.compactMap { ObjectID(hex: $0.entry.sync.blob) })
  }

  /// The plan for the names of one part, some of which are not in the catalog yet.
  private func plan(
    _ state: BranchState, _ names: Set<String>, _ provenance: [String: Provenance], now: Int64
  ) async throws -> Plan {
    let addresses = try await addresses()
    var input = PlanInput(
      tenant: tenant, approved: state, trial: nil, observed: EntryIndex(), scope: names,
      activeAddress: addresses.active, trialAddress: addresses.trial,
      missingPackages: try await missingPackages([state]), now: now, trialBranch: trialName)
    input.provenance[approvedName] = provenance
    var plan = Planner.plan(input)
    // What a plan looks at besides, other parts write.
    plan.puts.removeAll { !names.contains($0.entry.name) }
    plan.changes.removeAll { !names.contains($0.name) }
    return plan
  }

  /// Shows readers what is in the store by now.
  private func publish(_ written: Written) {
    guard !written.items.isEmpty else { return }
    context.snapshots.publish(tenant, items: written.items, contents: written.contents)
  }
}

/// What readers need of the documents that were written.
private struct Written {
  var items: [CatalogItem] = []
  var contents: [EntryKey: [UInt8]] = [:]
  /// So many bytes of files are kept for readers at most.
  private var room = CatalogLimits.residentTotal

  mutating func add(_ applied: AppliedChange) {
    for put in applied.puts {
      items.append(put.item)
      guard case .set(let bytes) = put.contents, bytes.count <= room else { continue }
      contents[put.entry.key] = bytes
      room -= bytes.count
    }
  }
}
