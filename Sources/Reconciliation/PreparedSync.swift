import Catalog
import UtilityModel
import Validation

/// An observed tenant and its plan, before anything is changed.
struct PreparedSync: Sendable {
  var repository: OpenRepository
  var heads: GitObserver.Heads
  var input: PlanInput
  var plan: Plan
  var releases: ReleasePlan
  var activePins: [String: PinnedUtility]
  var trialPins: [String: PinnedUtility]
  var fingerprint: String
  var judges: [String: BranchJudge]
  /// The utilities that are served at an earlier version.
  var rollbacks: [String: UtilityRollback] = [:]
  /// What the approved branch has and policy holds back, or nil.
  var held: Hold?

  /// A revision that is held.
  struct Hold: Sendable {
    var revision: Revision
    var reason: HeldRevision
  }
}

/// What `plan` shows of one branch.
public struct PlanPreview: Sendable {
  /// The branch.
  public var branch: String
  /// The judged revision, or nil where the branch is gone.
  public var revision: Revision?
  /// What would change in the catalog.
  public var changes: [PlannedChange]
  /// Which runtime it is: `runtime.service` or `runtime.trial_service`.
  public var runtime: String
  /// The release that would run, hexadecimal, or "" for none.
  public var release: String
  /// Whether the runtime would be replaced.
  public var restart: Bool
  /// Refused utilities.
  public var quarantined: [QuarantinedUtility]
  /// Why policy holds the revision back, or nil.
  public var held: HeldRevision?
  /// The utilities that are served at an earlier version, by name.
  public var rollbacks: [String: UtilityRollback] = [:]
  /// What a reader has to know of the revision, or nil.
  public var note: String?
}
