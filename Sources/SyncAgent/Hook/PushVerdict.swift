import Foundation
import GitStore
import Reconciliation
import Reporting
import UtilityModel
import Validation

/// What the hook says of one update: whether it may go in, and the text for whoever pushed.
struct PushVerdict: Sendable {
  var isRefused = false
  /// The lines of the text, without colours and without git's `remote: `.
  var lines: [String] = []
}

/// Judges the updates of one push, on what git has put into quarantine.
struct PushJudge: Sendable {
  let configuration: Configuration
  let repository: ReviewedRepository
  let validator: Validator

  /// At most this many branches beside the approved one are judged.
  private static let branchLimit = 20

  private var approved: String { configuration.text("repositories.branch") }

  /// The verdicts, the approved branch's first. Throws `GitError` or `CheckerError`.
  func judge(_ updates: [RefUpdate]) async throws -> [PushVerdict] {
    var verdicts: [PushVerdict] = []
    for update in updates where update.branch == approved {
      verdicts.append(try await judgeApproved(update))
    }
    let others = updates.filter { $0.branch != nil && $0.branch != approved && $0.new != nil }
    for update in others.prefix(Self.branchLimit) {
      verdicts.append(try await judgeOther(update, pushed: updates))
    }
    if others.count > Self.branchLimit {
      let rest = others.count - Self.branchLimit
      verdicts.append(
        PushVerdict(lines: ["sync-agent: \(rest) more branches are accepted without a verdict"]))
    }
    return verdicts
  }

  private func judgeApproved(_ update: RefUpdate) async throws -> PushVerdict {
    guard let new = update.new else {
      return PushVerdict(
        isRefused: true,
        lines: [
          "sync-agent: refused: `\(shown(approved))` is the approved branch and cannot be deleted",
          "Remove the files of utilities in a commit to take them out of the catalog.",
        ])
    }
    let review = try await review(update, branch: approved, from: update.old, to: new)
    let held = try await BlockingCall.run {
      [
        try PushHold.history(of: update, repository: repository, configuration: configuration),
        try PushHold.removals(
          in: review, of: update, repository: repository, configuration: configuration),
      ].compactMap { $0 }
    }
    let isApproved = try await BlockingCall.run {
      try repository.read { (handle) throws(GitError) in
        ApprovedAhead.commit(in: handle.gitFolder) == new
      }
    }
    var verdict = PushVerdict(isRefused: review.isRefused || !held.isEmpty && !isApproved)
    if verdict.isRefused {
      let reason = try await Self.reason(review, isApproved ? [] : held, approved)
      verdict.lines.append("sync-agent: refused: \(reason)")
    } else if !review.changes.isEmpty || !review.findings.isEmpty {
      verdict.lines.append("sync-agent: `\(shown(approved))` is accepted")
    }
    if isApproved, !held.isEmpty {
      verdict.lines.append("  an operator has approved \(new.hex.prefix(12))")
    } else {
      verdict.lines += held.map { "  held: \(SafeText.line($0))" }
      if !held.isEmpty {
        verdict.lines.append("  What an operator has let through is pushed again as it is.")
      }
    }
    verdict.lines += try await text(of: review)
    verdict.lines += plan(of: review)
    return verdict
  }

  private func judgeOther(_ update: RefUpdate, pushed: [RefUpdate]) async throws -> PushVerdict {
    guard let branch = update.branch, let new = update.new else { return PushVerdict() }
    let (repository, approved) = (repository, approved)
    let start = try await BlockingCall.run {
      try repository.read { (handle) throws(GitError) in
        try Self.start(of: update, in: handle, approved: approved, pushed: pushed)
      }
    }
    let review = try await review(update, branch: branch, from: start, to: new)
    guard !review.findings.isEmpty || !review.refused.isEmpty else { return PushVerdict() }
    let name = shown(branch)
    var verdict = PushVerdict()
    verdict.lines.append(
      review.isRefused
        ? "sync-agent: warning: `\(name)` is accepted; `\(shown(approved))` would refuse it:"
        : "sync-agent: `\(name)` is accepted")
    verdict.lines += try await text(of: review)
    return verdict
  }

  /// Where an update of another branch starts: a new one where it parted from the approved one.
  private static func start(
    of update: RefUpdate, in handle: borrowing RepositoryHandle, approved: String,
    pushed: [RefUpdate]
  ) throws(GitError) -> ObjectID? {
    if let old = update.old { return old }
    guard let new = update.new else { return nil }
    var tip = try handle.commit(ofBranch: approved)
    if tip == nil { tip = pushed.first { $0.branch == approved }?.new }
    guard let tip else { return nil }
    return try handle.mergeBase(tip, new)
  }

  private func review(
    _ update: RefUpdate, branch: String, from base: ObjectID?, to tip: ObjectID
  ) async throws -> ChangeReview {
    try await ChangeReview.review(
      repository, branch: branch, from: base, to: tip,
      rules: .init(
        medium: MediumPolicy(rawValue: configuration.text("policy.medium")) ?? .warn,
        packages: configuration.allowedPackages),
      validator: validator, pool: BlockingCall.pool)
  }

  private static func reason(
    _ review: ChangeReview, _ held: [String], _ branch: String
  ) async throws -> String {
    let name = SafeText.line(branch)
    if review.refused.count == 1, let utility = review.refused.first {
      return "`\(SafeText.line(utility.name))` would be quarantined on `\(name)`"
    }
    if !review.refused.isEmpty {
      return "\(review.refused.count) utilities would be quarantined on `\(name)`"
    }
    if held.isEmpty { return "files of this push break the rules of `\(name)`" }
    return "the agent would hold this update of `\(name)`"
  }

  private func text(of review: ChangeReview) async throws -> [String] {
    let sources = try await SourceLines.read(review, in: repository)
    return review.findings.flatMap { finding in
      [""] + FindingText.lines(finding, source: sources[finding.path])
    }
  }

  private func plan(of review: ChangeReview) -> [String] {
    guard !review.changes.isEmpty else { return [] }
    let refused = Set(review.refused.map(\.name))
    var lines = ["", "Plan for `\(shown(approved))`:"]
    let limit = review.isRefused ? 100 : 20
    for change in review.changes.prefix(limit) {
      let kind = change.kind.rawValue.padding(toLength: 6, withPad: " ", startingAt: 0)
      let from = change.from.map { " (was \(shown($0)))" } ?? ""
      let mark = refused.contains(change.name) ? "  refused" : ""
      lines.append("  \(kind)  \(shown(change.name))\(from)\(mark)")
    }
    if review.changes.count > limit { lines.append("  and \(review.changes.count - limit) more") }
    for utility in review.refused where !review.changes.contains(where: { $0.name == utility.name })
    {
      let name = shown(utility.name)
      lines.append("  none    \(name)  refused by what it imports or by `tenant.yaml`")
    }
    return lines
  }

  private func shown(_ text: String) -> String { SafeText.line(text) }
}

extension Configuration {
  /// `runtime.packages.allow`.
  var allowedPackages: PackageAllowList { PackageAllowList(text("runtime.packages.allow")) }

  /// What a new revision of the approved branch must fulfil.
  var revisionPolicy: RevisionPolicy {
    RevisionPolicy(
      approval: .init(rawValue: text("policy.approval")) ?? .none,
      signatures: .init(rawValue: text("policy.signed")) ?? .tip,
      signers: SignerFiles(
        allowed: ConfigurationKey.list(text("policy.allowed_signers")),
        revoked: self["policy.revoked_signers"]),
      history: .init(rawValue: text("policy.history")) ?? .fastForward,
      removals: RemovalLimit(text("policy.max_removals")) ?? .percent(50))
  }
}
