import Catalog
import UtilityModel

/// What a sync does to one utility, as people read it.
public struct PlannedChange: Sendable {
  /// What kind of change it is. Source: contract, section 5.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// A utility that the catalog did not have.
    case create
    /// Other content or metadata.
    case update
    /// Another name under the same number.
    case rename
    /// Taken out of the live catalog.
    case remove
    /// Back after a removal, under its number.
    case revive
    /// Another status only.
    case status
  }
  /// What kind of change it is.
  public var kind: Kind
  /// The utility's name.
  public var name: String
  /// Its former name, or nil.
  public var from: String?
  /// Its number, or nil where it is new.
  public var id: Int32?
  /// The branch that brought the change.
  public var branch: String
  /// The entry before, or nil.
  public var old: CatalogEntry?
  /// The entry after, or nil where a draft goes.
  public var new: CatalogEntry?
}

/// Where a branch's runtime answers: what entries say of it.
public struct ServiceAddress: Sendable, Hashable {
  /// The service's name.
  public let service: String
  /// The port.
  public let port: Int
  /// `runtime.rest_url` with service and port filled in, cut at each `{name}`.
  private let pieces: [Substring]

  /// An address by `runtime.rest_url` with `{service}`, `{port}` and `{name}`, and what they are.
  public init(template: String, service: String, port: Int) {
    self.service = service
    self.port = port
    pieces = template.replacing("{service}", with: service).replacing("{port}", with: "\(port)")
      .split(separator: "{name}", omittingEmptySubsequences: false)
  }

  /// The address of one utility.
  public func url(of name: String) -> String { pieces.joined(separator: name) }
}

/// A likely rename: the file of `to` resembles the one that `from` had.
public struct RenameCandidate: Sendable, Hashable {
  /// The name that is new.
  public var to: String
  /// The name that went.
  public var from: String
  /// How alike the files are, 0 to 100.
  public var score: Int

  /// A candidate by its parts.
  public init(to: String, from: String, score: Int) {
    self.to = to
    self.from = from
    self.score = score
  }
}

/// Everything that planning looks at. Values only.
public struct PlanInput: Sendable {
  /// The tenant.
  public var tenant: TenantCode
  /// The approved branch, judged.
  public var approved: BranchState
  /// The trial branch, judged, or nil where there is none.
  public var trial: BranchState?
  /// What the catalog has.
  public var observed: EntryIndex
  /// The names that may have changed on either branch; nil plans all.
  public var scope: Set<String>?
  /// Likely renames, in any order: for where no history tells.
  public var renames: [RenameCandidate] = []
  /// What the history says of the names, nil where nothing can have moved.
  public var lineage: Lineage?
  /// Notes on the history that could not be followed.
  public var historyNotes: [SyncNote] = []
  /// The trial branch's short name, also where there is no such branch.
  public var trialBranch: String
  /// Whether the trial branch was there when the branches were last applied.
  public var hadTrial = false
  /// Branch, then name, to number: the names whose utility has its entry under another name, or
  /// none, when the branches were last applied.
  public var identities: [String: [String: Int32]] = [:]
  /// Who last changed a name's files: branch, then name.
  public var provenance: [String: [String: Provenance]] = [:]
  /// The approved branch's utilities that are served at an earlier version, by name.
  public var rollbacks: [String: RollbackStamp] = [:]
  /// Where active entries answer.
  public var activeAddress: ServiceAddress
  /// Where draft entries answer.
  public var trialAddress: ServiceAddress
  /// Why package environments are not there, by their digest.
  public var missingPackages: [String: PackageRefusal]
  /// Now, in milliseconds since 1970.
  public var now: Int64

  /// Input by its parts.
  public init(
    tenant: TenantCode, approved: BranchState, trial: BranchState?, observed: EntryIndex,
    scope: Set<String>?, activeAddress: ServiceAddress, trialAddress: ServiceAddress,
    missingPackages: [String: PackageRefusal] = [:], now: Int64, trialBranch: String = "trial"
  ) {
    self.tenant = tenant
    self.trialBranch = trial?.revision.branch ?? trialBranch
    self.approved = approved
    self.trial = trial
    self.observed = observed
    self.scope = scope
    self.activeAddress = activeAddress
    self.trialAddress = trialAddress
    self.missingPackages = missingPackages
    self.now = now
    widenScope()
  }

  /// Adds what is decided anew each time: the refused names, because plans name all that keeps
  /// running, the entries that a refused rename left under their former names, and the utilities
  /// with packages, which come and go with their environments.
  private mutating func widenScope() {
    guard scope != nil else { return }
    scope?.formUnion(observed.quarantined.values)
    for branch in [approved, trial].compactMap({ $0 }) {
      scope?.formUnion(branch.refused.keys)
      for version in branch.utilities.values where !version.metadata.packages.isEmpty {
        scope?.insert(version.name)
      }
    }
  }
}

/// What a sync will change, and nothing else: `Plan` does not know how.
public struct Plan: Sendable {
  /// Documents to write.
  public var puts: [EntryPut] = []
  /// Documents to delete.
  public var deletes: [EntryKey] = []
  /// The same for people, sorted by name.
  public var changes: [PlannedChange] = []
  /// Refused utilities of the approved branch, sorted by name.
  public var quarantined: [QuarantinedUtility] = []
  /// Refused utilities of the trial branch, sorted by name.
  public var trialQuarantined: [QuarantinedUtility] = []
  /// The names under which refused utilities of the approved branch keep running.
  public var activePins: [String: String] = [:]
  /// The same of the trial branch.
  public var trialPins: [String: String] = [:]
  /// What was ambiguous, and how it was settled, sorted.
  public var notes: [SyncNote] = []
  /// `PlanInput.identities` of the next plan.
  public var identities: [String: [String: Int32]] = [:]
  /// Drafts of the approved branch for which a draft of the trial branch stands.
  public var superseded: Set<String> = []

  /// Whether the catalog stays as it is.
  public var isEmpty: Bool { puts.isEmpty && deletes.isEmpty }

  /// The active entries of `observed` whose utilities this plan leaves without one, sorted by name:
  /// removed, or a draft from now on. A rename is none.
  func withdrawn(from observed: EntryIndex) -> [CatalogEntry] {
    var keys = Set(deletes.filter { $0.status == .active })
    for put in puts where put.replaces == .active {
      keys.insert(EntryKey(id: put.entry.id, status: .active))
    }
    for put in puts where put.entry.status == .active { keys.remove(put.entry.key) }
    return keys.compactMap { observed[$0] }.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
  }

  /// How many changes of each kind a branch brought.
  public func counts(branch: String) -> [String: Int] {
    var counts: [String: Int] = [:]
    for change in changes where change.branch == branch {
      counts[change.kind.rawValue, default: 0] += 1
    }
    return counts
  }
}

/// How a branch stands to a name.
enum Standing: Sendable {
  case absent
  case accepted(UtilityVersion)
  case refused(RefusedUtility)

  var isPresent: Bool { if case .absent = self { false } else { true } }
  var version: UtilityVersion? { if case .accepted(let version) = self { version } else { nil } }
  var refusal: RefusedUtility? { if case .refused(let refusal) = self { refusal } else { nil } }

  init(of name: String, in branch: BranchState?, missing: [String: PackageRefusal] = [:]) {
    if let version = branch?.utilities[name] {
      if let refusal = PackageEnvironment.refusal(of: version, missing: missing) {
        let finding = refusal.finding(in: version)
        self = .refused(
          RefusedUtility(
            name: name, path: version.path, blob: version.blob,
            findings: (version.findings + [finding]).sorted()))
      } else {
        self = .accepted(version)
      }
    } else if let refusal = branch?.refused[name] {
      self = .refused(refusal)
    } else {
      self = .absent
    }
  }
}
