import Catalog
import Concurrency
import Deployment
import GitStore
import Logging
import UtilityModel
import Validation

extension TenantReconciler {
  // MARK: Previewing

  func makePreview(
    _ repository: OpenRepository, revision: ObjectID?
  ) async throws -> [PlanPreview] {
    var heads = try await observeHeads(repository)
    let note = try await note(on: revision, tip: heads.approved, repository)
    if let revision, revision != heads.approved {
      // What if: policy looks at a revision when the branch has it.
      heads.approved = revision
      heads.held = nil
    }
    let prepared = try await prepare(repository, heads: heads)
    var held = heads.held
    if held == nil, let head = heads.approved {
      held = try await removalHold(prepared, head: head)
    }
    let digest = prepared.releases.active?.digest.hex ?? ""
    let trialDigest = prepared.releases.trial?.digest.hex ?? ""
    let current = statuses[approvedName]
    let hasRuntime = context.releases != nil
    var previews = [
      PlanPreview(
        branch: approvedName, revision: prepared.input.approved.revision,
        changes: prepared.plan.changes.filter { $0.branch == approvedName },
        runtime: prepared.input.activeAddress.service, release: digest,
        restart: hasRuntime && digest != (current?.release ?? ""),
        quarantined: prepared.plan.quarantined, held: held, rollbacks: prepared.rollbacks)
    ]
    previews[0].note = note
    let trialChanges = prepared.plan.changes.filter { $0.branch != approvedName }
    let problem = prepared.heads.trialProblem
    if prepared.input.trial != nil || !trialChanges.isEmpty || problem != nil {
      let before = statuses[trialName]?.release ?? current?.trialRelease ?? ""
      previews.append(
        PlanPreview(
          branch: trialName, revision: prepared.input.trial?.revision, changes: trialChanges,
          runtime: prepared.input.trialAddress.service, release: trialDigest,
          restart: hasRuntime && trialDigest != before,
          quarantined: prepared.plan.trialQuarantined))
      previews[1].note = problem?.reason
    }
    return previews
  }

  /// What is to be said of a revision that does not have the approved branch's tip in its history.
  private func note(
    on revision: ObjectID?, tip: ObjectID?, _ repository: OpenRepository
  ) async throws -> String? {
    guard let revision, let tip else { return nil }
    let hasTip = try await context.pool.run {
      try repository.read { (handle) throws(GitError) in
        try handle.isAncestor(tip, of: revision)
      }
    }
    return hasTip
      ? nil
      : "\(revision.hex.prefix(12)) does not have \(tip.hex.prefix(12)), the tip of "
        + "`\(approvedName)`, in its history: what that branch did since they parted shows as undone"
  }
}
