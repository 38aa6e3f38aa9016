import GitStore
import UtilityModel
import Validation

/// Whether policy lets a new revision of the approved branch through, as far as its history tells.
///
/// The first revision of a tenant is taken as it is: nothing ran before it that it could take away.
public enum RevisionGate {
  /// Why `head` is held, or nil. `applied` is what runs, `settings` the `tenant.yaml` in force there,
  /// `tenant` the name in the way out. Blocks. Throws `GitError`.
  public static func hold(
    _ head: ObjectID, over applied: ObjectID, policy: RevisionPolicy, branch: String,
    settings: ObjectID? = nil, tenant: String, in handle: borrowing RepositoryHandle
  ) throws(GitError) -> HeldRevision? {
    guard head != applied else { return nil }
    let policy = try tightened(policy, at: applied, settings: settings, in: handle)
    func held(_ rule: HeldRevision.Rule, _ why: String, _ remedy: String) -> HeldRevision {
      HeldRevision(
        reason: "\(why); \(remedy), or \(wayOut(head, tenant))", rule: rule)
    }
    if policy.history == .fastForward, try !descends(head, from: applied, in: handle) {
      return held(
        .history,
        "`\(branch)` was rewritten: \(head.hex.prefix(12)) does not descend from "
          + "\(applied.hex.prefix(12)), which runs",
        "push a commit on top of what runs")
    }
    var rule = HeldRevision.Rule.merge
    let looksAtAll =
      policy.approvals.contains(.merge)
      || policy.approvals.contains(.signed) && policy.signatures == .all
    if looksAtAll, !isThere(applied, in: handle) {
      return held(
        policy.approvals.contains(.merge) ? .merge : .signed,
        "\(applied.hex.prefix(12)), which runs, is not in the repository any more, so nobody can tell "
          + "which commits of `\(branch)` are new",
        "push it back")
    }
    do throws(GitError) {
      if policy.approvals.contains(.merge),
        let found = try handle.unapprovedCommit(tip: head, known: applied)
      {
        let commit = "\(found.commit.id.hex.prefix(12)) by \(found.commit.committer.name)"
        let why =
          switch found.reason {
          case .notAMerge: "\(commit) went to `\(branch)` without a merge"
          case .ownWork: "\(commit) merges nobody's work but their own"
          }
        return held(rule, why, "have another person merge it")
      }
      rule = .signed
      if policy.approvals.contains(.signed),
        let fault = try signatureFault(of: head, over: applied, policy: policy, in: handle)
      {
        return held(rule, fault.why, fault.remedy)
      }
    } catch {
      guard error.code == .tooLarge else { throw error }
      return held(
        rule, "its new commits cannot all be checked: \(error.cause)", "push fewer at a time")
    }
    return nil
  }

  /// Why a plan that removes `removed` of `live` utilities is held, or nil.
  public static func hold(
    removed: [String], live: Int, head: ObjectID, policy: RevisionPolicy, tenant: String
  ) -> HeldRevision? {
    guard !policy.removals.allows(removed: removed.count, of: live) else { return nil }
    let names = removed.sorted().prefix(5).joined(separator: ", ")
    return HeldRevision(
      reason: "it removes \(removed.count) of \(live) live utilities (\(names)"
        + (removed.count > 5 ? ", ...)" : ")") + "; policy.max_removals is \(policy.removals); "
        + "restore them, or \(wayOut(head, tenant))", rule: .removals)
  }

  /// What an operator does about a hold. The whole name, as a push that is refused brings no commit
  /// that a shorter one could name.
  private static func wayOut(_ head: ObjectID, _ tenant: String) -> String {
    "let it through with `sync-agent approve \(tenant) \(head) --reason ...`"
  }

  /// Whether nothing of `base` was rewritten; false where it is not even there any more.
  private static func descends(
    _ head: ObjectID, from base: ObjectID, in handle: borrowing RepositoryHandle
  ) throws(GitError) -> Bool {
    if try handle.commit(head).parents.contains(base) { return true }
    guard isThere(base, in: handle) else { return false }
    return try handle.isAncestor(base, of: head)
  }

  /// Whether a commit can be read: a rewrite and a garbage collection may have taken it.
  static func isThere(_ commit: ObjectID, in handle: borrowing RepositoryHandle) -> Bool {
    do throws(GitError) {
      _ = try handle.commit(commit)
      return true
    } catch {
      return false
    }
  }

  /// A policy with what `tenant.yaml` of the applied revision tightens: a revision cannot speak
  /// for itself. `settings` is the `tenant.yaml` in force where that one is refused. Blocks. Throws
  /// `GitError`.
  public static func tightened(
    _ policy: RevisionPolicy, at applied: ObjectID, settings: ObjectID? = nil,
    in handle: borrowing RepositoryHandle
  ) throws(GitError) -> RevisionPolicy {
    guard isThere(applied, in: handle),
      let file = try handle.files(in: applied, under: ["tenant.yaml"]).first
    else { return policy }
    for blob in [file.mode.isFile ? file.id : nil, settings].compactMap({ $0 }) {
      let bytes: [UInt8]
      do throws(GitError) {
        bytes = try handle.blob(blob, limit: TenantSettingsParser.sizeLimit)
      } catch {
        // Too large, or taken by a garbage collection: it was refused, or cannot be known any more.
        guard [.tooLarge, .notFound].contains(error.code) else { throw error }
        continue
      }
      let (found, findings) = TenantSettingsParser.parse(bytes)
      if !findings.contains(where: { $0.severity == .high }) {
        return policy.tightened(by: found.policy)
      }
    }
    return policy
  }
}
