import Catalog
import Concurrency
import Deployment
import Hashing
import Logging
import UtilityModel
import Validation

/// What every tenant's reconcile shares.
public struct ReconcileContext: Sendable {
  /// What the operator configured.
  public struct Settings: Sendable {
    /// `repositories.branch`.
    public var approvedBranch: String
    /// `repositories.trial_branch`.
    public var trialBranch: String
    /// `policy.medium`.
    public var mediumPolicy: MediumPolicy
    /// `runtime.rest_url`.
    public var restTemplate: String
    /// `runtime.driver`.
    public var driver: String
    /// `runtime.packages.allow`.
    public var packages: PackageAllowList
    /// What a new revision of the approved branch must fulfil.
    public var policy: RevisionPolicy
    /// Whether results are written into the repositories: `repositories.notes`.
    public var writesResults = true

    /// Settings by their parts.
    public init(
      approvedBranch: String, trialBranch: String, mediumPolicy: MediumPolicy,
      restTemplate: String, driver: String, packages: PackageAllowList = .all,
      policy: RevisionPolicy = RevisionPolicy()
    ) {
      self.approvedBranch = approvedBranch
      self.trialBranch = trialBranch
      self.mediumPolicy = mediumPolicy
      self.restTemplate = restTemplate
      self.driver = driver
      self.packages = packages
      self.policy = policy
    }

    /// Everything beside the tree that an applied state depends on.
    func fingerprint(active: ServiceAddress, trial: ServiceAddress) -> String {
      let parts = [
        "1", Validator.ruleSet.hex, approvedBranch, trialBranch, mediumPolicy.rawValue, driver,
        "\(packages)", active.url(of: "-"), "\(active.port)", trial.url(of: "-"),
        "\(trial.port)",
        policy.approvals.map(\.rawValue).sorted().joined(),
        policy.signatures.rawValue, policy.history.rawValue, "\(policy.removals)",
      ]
      return String(SHA256.digest(of: parts.joined(separator: "\0")).hex.prefix(32))
    }
  }

  /// What the operator configured.
  public var settings: Settings
  /// The catalog.
  public var store: any CatalogStore
  /// What readers see.
  public var snapshots: SnapshotStore
  /// Where every tenant stands.
  public var board: StatusBoard
  /// The rules.
  public var validator: Validator
  /// What serves releases.
  public var runtime: any Runtime
  /// The releases on the disk, nil where nothing is served.
  public var releases: ReleaseStore?
  /// The packages of utilities, nil where nothing is served.
  public var environments: PackageEnvironments?
  /// Threads for git and for release files.
  public var pool: BlockingPool
  /// When to try again.
  public var retry: RetryPolicy
  /// The log.
  public var logger: Logger
  /// Is told of each step of a rollout, on the rollout's task. It must be quick.
  public var onRollout: @Sendable (Rollout) -> Void = { _ in }

  /// A context by its parts.
  public init(
    settings: Settings, store: any CatalogStore, snapshots: SnapshotStore, board: StatusBoard,
    validator: Validator, runtime: any Runtime, releases: ReleaseStore?, pool: BlockingPool,
    retry: RetryPolicy = RetryPolicy(), logger: Logger
  ) {
    self.settings = settings
    self.store = store
    self.snapshots = snapshots
    self.board = board
    self.validator = validator
    self.runtime = runtime
    self.releases = releases
    self.pool = pool
    self.retry = retry
    self.logger = logger
  }
}

/// Why a tenant cannot be reconciled, beside what its parts throw.
public struct SyncError: Error, Sendable, CustomStringConvertible {
  /// The thing, the cause and the way out.
  public var description: String

  static func missingBranch(_ branch: String, isEmpty: Bool, hadIt: Bool) -> SyncError {
    if isEmpty {
      return SyncError(
        description: "the repository is empty: push the approved branch `\(branch)` to it")
    }
    let kept = hadIt ? "; the catalog and the runtime stay as they are" : ""
    return SyncError(
      description: "the approved branch `\(branch)` is missing: push it, or set repositories.branch"
        + kept)
  }
}
