import Catalog
import Concurrency
import Deployment
import GitStore
import Logging
import UtilityModel
import Validation

extension TenantReconciler {
  /// Judges both branches and plans.
  func prepare(
    _ repository: OpenRepository, heads: GitObserver.Heads
  ) async throws -> PreparedSync {
    var heads = heads
    guard let head = heads.approved else {
      throw SyncError.missingBranch(approvedName, isEmpty: heads.isEmpty, hadIt: false)
    }
    let addresses = try await addresses()
    let fingerprint = context.settings.fingerprint(
      active: addresses.active, trial: addresses.trial)
    if observed == nil { observed = EntryIndex(try await context.store.entries(of: tenant)) }
    let index = observed ?? EntryIndex()

    let inForce = try await rollbacksInForce(repository, at: head)
    let approved = try await judge(
      repository, approvedName, head, fingerprint, rollbacks: inForce)
    let trial = try await judgeTrial(repository, &heads, fingerprint)
    var scope = approved.names
    if let names = trial?.names { scope?.formUnion(names) } else if trial != nil { scope = nil }
    if trial == nil, statuses[trialName] != nil {
      scope?.formUnion(index.all.filter { $0.sync.branch == trialName }.map(\.name))
    }

    var input = PlanInput(
      tenant: tenant, approved: approved.judge.state, trial: trial?.judge.state, observed: index,
      scope: scope, activeAddress: addresses.active, trialAddress: addresses.trial,
      missingPackages: try await missingPackages([approved.judge.state, trial?.judge.state]),
      now: WallClock.milliseconds(),
      trialBranch: trialName)
    input.identities = statuses.compactMapValues(\.identities)
    input.hadTrial = appliedTrial != nil
    let isStep = try await addProvenance(&input, repository, approved, trial)
    try await addRollbacks(&input, repository, inForce: inForce)
    try await input.addLineage(
      from: repository, applied: appliedCommits(approved, trial), isStep: isStep,
      touched: touched(approved, trial), pool: context.pool, logger: logger)
    if input.lineage?.rewritten.isEmpty != true { try await addRenames(&input, repository) }
    try await input.addMissingProvenance(from: repository, pool: context.pool)
    let plan = Planner.plan(input)
    var activePins = pins(
      plan.activePins, branch: approvedName, state: input.approved, update: approved.update,
      index: index, statuses: [.active])
    var trialPins = pins(
      plan.trialPins, branch: trialName, state: input.trial ?? input.approved,
      update: trial?.update ?? approved.update, index: index, statuses: [.draft])
    for (name, pin) in activePins where input.trial?.refused[name] != nil && trialPins[name] == nil
    {
      trialPins[name] = pin
    }
    activePins = try await installed(activePins)
    trialPins = try await installed(trialPins)
    var prepared = PreparedSync(
      repository: repository, heads: heads, input: input, plan: plan,
      releases: context.releases == nil
        ? .nothing
        : ReleasePlan(
          tenant: tenant, input: input, activePins: activePins, trialPins: trialPins,
          superseded: plan.superseded),
      activePins: activePins, trialPins: trialPins, fingerprint: fingerprint,
      judges: [approvedName: approved.judge, trialName: trial?.judge].compactMapValues { $0 })
    prepared.rollbacks = inForce
    return prepared
  }

  /// The trial branch judged at its tip or, where that cannot be read, at what is applied of it: the
  /// approved branch does not wait for it.
  private func judgeTrial(
    _ repository: OpenRepository, _ heads: inout GitObserver.Heads, _ fingerprint: String
  ) async throws -> JudgedBranch? {
    guard let head = heads.trial else { return nil }
    do {
      return try await judge(repository, trialName, head, fingerprint)
    } catch {
      let last = appliedTrial
      guard heads.trialProblem == nil, last != head,
        let problem = GitObserver.TrialProblem(error, head: head)
      else { throw error }
      heads.trialProblem = problem
      heads.trial = last
      guard let last else { return nil }
      return try await judge(repository, trialName, last, fingerprint)
    }
  }

  /// A branch judged at its head.
  struct JudgedBranch {
    var judge: BranchJudge
    var update: BranchJudge.Update
    /// The names that may have changed since the applied revision; nil: any.
    var names: Set<String>?
    /// The applied revision, whose provenance the catalog has.
    var known: ObjectID?
    /// The head's first parent, nil for a root.
    var parent: ObjectID?
  }

  /// A judge of an empty tree under the operator's policy; `settings` is the `tenant.yaml` in force.
  func emptyJudge(at revision: Revision, settings: ObjectID?) -> BranchJudge {
    BranchJudge(
      revision: revision, mediumPolicy: context.settings.mediumPolicy,
      packages: context.settings.packages, settings: settings)
  }

  func judge(
    _ repository: OpenRepository, _ branch: String, _ head: ObjectID, _ fingerprint: String,
    rollbacks: [String: UtilityRollback] = [:]
  ) async throws -> JudgedBranch {
    let status = statuses[branch]
    let reading: BlobReaderFactory = { repository }
    let validator = context.validator
    let revision = Revision(branch: branch, commit: head)
    let applied = status?.applied.flatMap { Revision($0)?.commit }
    let same = status?.fingerprint == fingerprint && !hasDrifted
    // What stands in the place of the tree's own files in a judge of the applied revision.
    let former = branch == approvedName ? self.rollbacks.filter { $0.value.state != .ending } : [:]

    // A trial branch that is new goes on from what is in force on the approved one.
    let settings = (status ?? statuses[approvedName])?.settings

    // Provenance is counted from there, unless a rewrite and a garbage collection took it.
    var known = applied
    // Taken out, so that it is changed in place; lost on an error and made anew then.
    var judge = judges.removeValue(forKey: branch)
    if judge == nil, let applied, applied != head {
      do {
        let changes = try await context.pool.run {
          try repository.read { (handle) throws(GitError) in
            try RollbackOverlay.applied(
              to: GitObserver.changes(in: handle, from: nil, to: applied), head: applied,
              from: [:], to: former, in: handle)
          }
        }
        var base = emptyJudge(at: Revision(branch: branch, commit: applied), settings: settings)
        _ = try await base.update(
          to: Revision(branch: branch, commit: applied), changes: changes, validator: validator,
          reading: reading)
        judge = base
      } catch let error as GitError {
        known = nil
        logger.notice(
          "the applied revision is not in the repository any more; everything is compared",
          metadata: ["revision": "\(branch)@sha1:\(applied)", "error": "\(error)"])
      }
    }
    let base = judge?.state.revision.commit
    var current = judge ?? emptyJudge(at: revision, settings: settings)
    judge = nil
    let (changes, parent) = try await context.pool.run {
      try repository.read { (handle) throws(GitError) in
        (
          try RollbackOverlay.applied(
            to: GitObserver.changes(in: handle, from: base, to: head), head: head,
            from: base == nil ? [:] : former, to: rollbacks, in: handle),
          try handle.commit(head).parents.first
        )
      }
    }
    let update = try await current.update(
      to: revision, changes: changes, validator: validator, reading: reading)
    let incremental =
      same && base != nil && base == applied
      || branch == approvedName && headStart?.tip == head && base == head
    return JudgedBranch(
      judge: current, update: update, names: incremental ? update.names : nil, known: known,
      parent: parent)
  }
}
