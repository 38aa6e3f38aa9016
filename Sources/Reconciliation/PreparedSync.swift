import Catalog
import UtilityModel
import Validation

/// An observed tenant and its plan, before anything is changed.
struct PreparedSync: Sendable {
  var path: String
  var heads: GitObserver.Heads
  var input: PlanInput
  var plan: Plan
  var releases: ReleasePlan
  var activePins: [String: PinnedUtility]
  var trialPins: [String: PinnedUtility]
  var fingerprint: String
  var judges: [String: BranchJudge]
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
}
