import Catalog
import Hashing
import UtilityModel

@testable import Reconciliation

/// A generator whose numbers are the same in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}

/// What stands at a name on a branch, before it is a version.
struct Spec: Hashable, CustomStringConvertible {
  var blob: UInt8 = 1
  var sidecar: UInt8 = 1
  var draft = false
  var renamedFrom: String?
  var packages: [String] = []
  var userid: Int64?
  var isRefused = false

  static let refused = Spec(isRefused: true)
  static func refused(blob: UInt8) -> Spec { Spec(blob: blob, isRefused: true) }
  var description: String {
    isRefused ? "refused" : "\(blob)/\(sidecar)\(draft ? "d" : "")<\(renamedFrom ?? "")"
  }
}

/// Branches and a catalog in memory, planned and applied without any store.
struct World {
  static let tenant = TenantCode("acme")!
  var approved: [String: Spec] = [:]
  var trial: [String: Spec]?
  var settings = TenantSettings()
  var provenance: [String: [String: Provenance]] = [:]
  var renames: [RenameCandidate] = []
  var findsRenames = false
  /// The names among which renames are looked for; nil: all, or those of the plan's scope.
  var renameScope: Set<String>?
  var missingPackages: [String: PackageRefusal] = [:]
  var commit: UInt8 = 1
  var now: Int64 = 1000
  private(set) var entries: [EntryKey: CatalogEntry] = [:]
  private(set) var identities: [String: [String: Int32]] = [:]
  private var hadTrial = false
  private var lastID: Int32 = 1000

  static func id(_ byte: UInt8) -> ObjectID {
    ObjectID(bytes: [UInt8](repeating: byte, count: 20))!
  }

  static func version(_ name: String, _ spec: Spec) -> UtilityVersion {
    var metadata = Metadata(
      title: name, displayname: name, description: "s\(spec.sidecar)", category: "c",
      inputLabel: "i", filterLabel: "f")
    metadata.draft = spec.draft
    metadata.renamedFrom = spec.renamedFrom
    metadata.packages = spec.packages
    metadata.userid = spec.userid
    return UtilityVersion(
      name: name, path: "utils/\(name).py", blob: id(spec.blob),
      sidecarPath: "utils/\(name).yaml", sidecarBlob: id(spec.sidecar),
      filehash: SHA256.digest(of: "blob \(spec.blob)"),
      metahash: SHA256.digest(of: "sidecar \(spec)"), metadata: metadata, findings: [], modules: [])
  }

  static let refusal = Finding(path: "p", line: 1, column: 1, rule: .noExec, message: "m")

  private func state(_ branch: String, _ specs: [String: Spec]) -> BranchState {
    var state = BranchState(
      revision: Revision(branch: branch, commit: Self.id(commit)), settings: settings)
    for (name, spec) in specs {
      if spec.isRefused {
        state.refused[name] = RefusedUtility(
          name: name, path: "utils/\(name).py", blob: Self.id(spec.blob), findings: [Self.refusal])
      } else {
        state.utilities[name] = Self.version(name, spec)
      }
    }
    return state
  }

  func input(scope: Set<String>? = nil, findsRenames: Bool = true) -> PlanInput {
    var input = PlanInput(
      tenant: Self.tenant, approved: state("main", approved),
      trial: trial.map { state("trial", $0) }, observed: EntryIndex(Array(entries.values)),
      scope: scope,
      activeAddress: ServiceAddress(
        template: "http://{service}:{port}/{name}", service: "live", port: 80),
      trialAddress: ServiceAddress(
        template: "http://{service}:{port}/{name}", service: "try", port: 81),
      missingPackages: missingPackages, now: now)
    input.identities = identities
    input.hadTrial = hadTrial
    input.renames = renames + (findsRenames ? likelyRenames(input) : [])
    input.provenance = provenance
    return input
  }

  /// What a repository would say, with likeness as a function of both blobs.
  private func likelyRenames(_ input: PlanInput) -> [RenameCandidate] {
    guard findsRenames else { return [] }
    let trial = trial ?? [:]
    var narrow = input
    if let renameScope { narrow = self.input(scope: renameScope, findsRenames: false) }
    let names = narrow.scope ?? Set(input.observed.names).union(approved.keys).union(trial.keys)
    var candidates: [RenameCandidate] = []
    for from in names.sorted() {
      guard let id = input.observed.liveID(from), trial[from] == nil,
        approved[from] == nil || self.trial != nil,
        let entry = input.observed[id, .active] ?? input.observed[id, .draft]
      else { continue }
      for to in names.sorted() where input.observed.liveID(to) == nil {
        guard let spec = approved[to] ?? trial[to] else { continue }
        let old = Int(entry.sync.blob.prefix(2), radix: 16) ?? 0
        let score = old == Int(spec.blob) ? 100 : (old * 31 + Int(spec.blob) * 17) % 100
        if score >= 50 { candidates.append(RenameCandidate(to: to, from: from, score: score)) }
      }
    }
    return candidates
  }

  func plan(scope: Set<String>? = nil) -> Plan { Planner.plan(input(scope: scope)) }

  /// Plans, writes what a store would write, and moves on to the next commit.
  @discardableResult
  mutating func sync() -> Plan {
    let plan = plan()
    apply(plan)
    identities = plan.identities
    hadTrial = trial != nil
    renames = []
    provenance = [:]
    commit += 1
    now += 1000
    return plan
  }

  private mutating func apply(_ plan: Plan) {
    for key in plan.deletes { entries[key] = nil }
    for put in plan.puts {
      if case .existing(let id) = put.identity, let status = put.replaces {
        entries[EntryKey(id: id, status: status)] = nil
      }
    }
    let base = lastID
    for put in plan.puts {
      var entry = put.entry
      switch put.identity {
      case .existing(let id): entry.id = id
      case .new(let index):
        entry.id = base + Int32(index) + 1
        lastID = max(lastID, entry.id)
      }
      entries[entry.key] = entry
    }
  }

  /// The catalog in short: "name id status", sorted.
  var catalog: [String] {
    entries.values.map { "\($0.name) \($0.id) \($0.status.rawValue)" }.sorted()
  }

  func entry(_ name: String, _ status: EntryStatus = .active) -> CatalogEntry? {
    entries.values.first { $0.name == name && $0.status == status }
  }
}

extension Plan {
  /// The changes in short: "kind name", or "kind from>name".
  var short: [String] {
    changes.map { "\($0.kind.rawValue) \($0.from.map { "\($0)>" } ?? "")\($0.name)" }
  }

  /// Everything that is written, in words that can be compared.
  var writes: [String] {
    puts.map { put in
      "\(put.identity) \(put.entry) \(put.replaces?.rawValue ?? "-") \(put.contents)"
    }.sorted() + deletes.map { "delete \($0)" }.sorted() + short
      + (Array(activePins) + Array(trialPins)).map { "pin \($0)" }.sorted()
  }
}
