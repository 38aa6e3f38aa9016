/// Where a branch stands.
///
/// Source: contract, section 4, `GET /utils/v1/sync`.
public enum SyncPhase: String, Sendable, Codable {
  /// Everything that the branch asks for is applied.
  case synced
  /// A reconcile is under way or due.
  case syncing
  /// Applied but for quarantined utilities, or for a `tenant.yaml` that is refused.
  case degraded
  /// A policy holds the revision back.
  case held
  /// An operator suspended the tenant.
  case suspended
  /// The last attempt failed; it is tried again.
  case failed
}

/// A utility that was refused, with the reasons.
public struct QuarantinedUtility: Hashable, Sendable, Codable {
  /// The utility's name.
  public var name: String
  /// Why, sorted.
  public var findings: [Finding]
  /// A refused utility.
  public init(name: String, findings: [Finding]) {
    self.name = name
    self.findings = findings
  }

  /// Whether it is refused only until its packages are installed.
  public var awaitsPackages: Bool {
    findings.contains { $0.rule == Rule.packagesPending.rawValue }
  }
}

/// Why a revision is held.
public struct HeldRevision: Hashable, Sendable, Codable {
  /// What holds a revision.
  public enum Rule: String, Sendable, Codable {
    /// `policy.history`.
    case history
    /// `policy.approval: merge`.
    case merge
    /// `policy.approval: signed`.
    case signed
    /// `policy.max_removals`.
    case removals = "max_removals"
  }
  /// The reason and the way out, as one sentence.
  public var reason: String
  /// What holds it; nil in records of before.
  public var rule: Rule?
  /// A reason.
  public init(reason: String, rule: Rule? = nil) {
    self.reason = reason
    self.rule = rule
  }
}

/// Something that a sync settled by a rule and that a reader may want to settle otherwise.
public struct SyncNote: Hashable, Sendable, Codable {
  /// The utility's name.
  public var name: String
  /// What was ambiguous, and how it was settled, as one sentence.
  public var message: String
  /// A note on a utility.
  public init(name: String, message: String) {
    self.name = name
    self.message = message
  }
}

/// What one attempt to reconcile a branch did.
public struct SyncReport: Hashable, Sendable, Codable {
  /// The attempted revision, `main@sha1:...`, or nil where the branch is gone.
  public var revision: String?
  /// When it began, in milliseconds since 1970.
  public var startedAt: Int64
  /// How long it took, in milliseconds.
  public var duration: Double
  /// How many entries each kind of change touched (`create`, `update`, `rename`, `remove`,
  /// `revive`, `status`).
  public var changes: [String: Int]
  /// Refused utilities, sorted by name.
  public var quarantined: [QuarantinedUtility]
  /// Findings that belong to no utility, and the MEDIUM ones that were let through, sorted.
  public var findings: [Finding]
  /// Why the revision is held, or nil.
  public var held: HeldRevision?
  /// What was ambiguous about identity, sorted by name; nil where nothing was.
  public var notes: [SyncNote]?
  /// Why the attempt failed, or nil.
  public var error: String?

  enum CodingKeys: String, CodingKey {
    case revision, duration, changes, quarantined, findings, held, notes, error
    case startedAt = "started_at"
  }

  /// Why the repository's own settings are refused, so that earlier ones stay in force.
  public var settingsFindings: [Finding] {
    findings.filter { $0.path == "tenant.yaml" && $0.severity == .high }
  }
  /// Whether they are.
  public var refusesSettings: Bool { !settingsFindings.isEmpty }

  /// A report by its parts.
  public init(
    revision: String?, startedAt: Int64, duration: Double = 0, changes: [String: Int] = [:],
    quarantined: [QuarantinedUtility] = [], findings: [Finding] = [], held: HeldRevision? = nil,
    error: String? = nil
  ) {
    self.revision = revision
    self.startedAt = startedAt
    self.duration = duration
    self.changes = changes
    self.quarantined = quarantined
    self.findings = findings
    self.held = held
    self.error = error
  }
}

/// Where one branch of one tenant stands: one document of `sync_state`.
public struct BranchStatus: Hashable, Sendable, Codable {
  /// The branch's short name.
  public var branch: String
  /// The newest revision seen in the repository, or nil where the branch is gone.
  public var observed: String?
  /// The revision last attempted: written first.
  public var attempted: String?
  /// The revision last applied in full: written last.
  public var applied: String?
  /// The release that serves it, a digest, or "" without a runtime.
  public var release: String
  /// Where it stands.
  public var phase: SyncPhase
  /// The last attempt.
  public var report: SyncReport?
  /// When the next try is due, in milliseconds since 1970, or nil.
  public var nextRetry: Int64?
  /// Digest of everything beside the tree that the applied state depends on (rules, policy,
  /// runtime settings): a change of it forces a full comparison.
  public var fingerprint: String
  /// What keeps running although its newest version is refused, by name.
  public var pins: [String: PinnedUtility]?
  /// On the approved branch: the release of its `draft: true` utilities where there is no trial
  /// branch, or nil.
  public var trialRelease: String?
  /// The revision that an operator let through a hold, or nil.
  public var approval: OperatorDecision?
  /// On the approved branch: why an operator suspended the tenant, or nil.
  public var suspension: OperatorDecision?
  /// The numbers of names that no entry shows: a refused version under a new name, say; nil where
  /// there are none.
  public var identities: [String: Int32]?
  /// On the approved branch: the utilities that an operator rolled back, by name; nil where there
  /// are none.
  public var rollbacks: [String: UtilityRollback]?
  /// The blob of the `tenant.yaml` whose settings are in force, or nil: an earlier one than the
  /// applied revision's where that is refused.
  public var settings: ObjectID?
  /// On the approved branch: what the tenant's entries add up to as they were written, or nil where
  /// it is not known.
  public var catalog: String?

  enum CodingKeys: String, CodingKey {
    case branch, observed, attempted, applied, release, phase, report, fingerprint
    case pins, approval, suspension, identities, rollbacks, settings, catalog
    case nextRetry = "next_retry"
    case trialRelease = "trial_release"
  }

  /// A branch that nothing is known of yet.
  public init(branch: String) {
    self.branch = branch
    release = ""
    phase = .syncing
    fingerprint = ""
  }
}

/// Where one tenant stands: the `data` of `GET /utils/v1/sync/{tenant-code}`.
public struct TenantStatus: Hashable, Sendable, Codable {
  /// The tenant.
  public var tenantcode: String
  /// Whether it takes part.
  public var status: TenantState
  /// How its repository follows an upstream, or nil.
  public var upstream: UpstreamStatus?
  /// Its branches, the approved one first.
  public var branches: [BranchStatus]
  /// The name of the agent that reconciles it, where several share the tenants; else nil.
  public var agent: String?
  /// A tenant's branches.
  public init(tenantcode: String, status: TenantState = .active, branches: [BranchStatus]) {
    self.tenantcode = tenantcode
    self.status = status
    self.branches = branches
  }

  /// Reads the answer of an agent that may be older than `status`. Throws `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    tenantcode = try values.decode(String.self, forKey: .tenantcode)
    status = try values.decodeIfPresent(TenantState.self, forKey: .status) ?? .active
    branches = try values.decode([BranchStatus].self, forKey: .branches)
    upstream = try values.decodeIfPresent(UpstreamStatus.self, forKey: .upstream)
    agent = try values.decodeIfPresent(String.self, forKey: .agent)
  }
}

/// What became of a commit: the `data` of `GET /utils/v1/sync/{tenant-code}/commits/{sha}`.
public struct CommitFate: Hashable, Sendable, Codable {
  /// What may become of a commit.
  public enum State: String, Sendable, Codable {
    /// It is what runs.
    case applied
    /// A newer commit of the branch is what runs.
    case superseded
    /// A policy holds it back.
    case held
    /// Applied but for refused utilities.
    case quarantined
    /// It waits for its turn or its next try.
    case pending
    /// No watched branch has it.
    case unknown
  }
  /// The commit's full name, as asked for where it is unknown.
  public var sha: String
  /// What became of it.
  public var state: State
  /// The branch that has it, or "".
  public var branch: String
  /// The applied revision that decides, or "".
  public var revision: String
  /// Why, as one sentence.
  public var reason: String
  /// A commit's fate by its parts.
  public init(sha: String, state: State, branch: String, revision: String, reason: String) {
    self.sha = sha
    self.state = state
    self.branch = branch
    self.revision = revision
    self.reason = reason
  }
}
