import Catalog
import UtilityModel

/// Which number each name had when the branches were last applied.
///
/// The catalog says it, but for the names in `identities`: those whose utility has its entry under
/// another name, or none.
struct AppliedNames: Sendable {
  private let index: EntryIndex
  private let trialBranch: String
  private let approved: [String: Int32]
  private let trial: [String: Int32]
  private let heldOnApproved: Set<Int32>
  private let heldOnTrial: Set<Int32>

  init(_ input: PlanInput) {
    index = input.observed
    trialBranch = input.trialBranch
    approved = input.identities[input.approved.revision.branch] ?? [:]
    trial = input.identities[input.trialBranch] ?? [:]
    heldOnApproved = Set(approved.values)
    heldOnTrial = Set(trial.values)
  }

  /// The number of a name on the approved branch; `anyCase` also takes another spelling.
  func approvedID(_ name: String, anyCase: Bool = true) -> Int32? {
    if let id = approved[name] { return id }
    return live(name, anyCase).first { entry in
      if heldOnApproved.contains(entry.id) { return false }
      guard entry.status == .draft, let active = index[entry.id, .active] else { return true }
      return Self.isSame(active.name, name)
    }?.id
  }

  /// The number of a name on the trial branch; `anyCase` also takes another spelling.
  func trialID(_ name: String, anyCase: Bool = true) -> Int32? {
    if let id = trial[name] { return id }
    let entries = live(name, anyCase).filter { !heldOnTrial.contains($0.id) }
    if let own = entries.first(where: { $0.status == .draft && $0.sync.branch == trialBranch }) {
      return own.id
    }
    return entries.first { entry in
      guard let draft = index[entry.id, .draft], draft.sync.branch == trialBranch else {
        return true
      }
      return Self.isSame(draft.name, name)
    }?.id
  }

  /// The number of the utility that was removed last under a name.
  func removedID(_ name: String) -> Int32? { removedIDs(name).first }

  /// The numbers of the utilities that were removed under a name, the last one first.
  func removedIDs(_ name: String) -> [Int32] {
    index.entries(like: name)
      .filter {
        $0.status == .inactive && !heldOnApproved.contains($0.id) && !heldOnTrial.contains($0.id)
      }
      .sorted { ($0.updateddate, $0.id) > ($1.updateddate, $1.id) }
      .map(\.id)
  }

  /// The live entries of a name: its own spelling first, the active one first.
  private func live(_ name: String, _ anyCase: Bool) -> [CatalogEntry] {
    (anyCase ? index.entries(like: name) : index.entries(named: name))
      .filter { $0.status != .inactive }
      .sorted { rank($0, name) < rank($1, name) }
  }

  private func rank(_ entry: CatalogEntry, _ name: String) -> (Int, Int, Int32) {
    (entry.name == name ? 0 : 1, entry.status == .active ? 0 : 1, entry.id)
  }

  private static func isSame(_ one: String, _ other: String) -> Bool {
    one.lowercased() == other.lowercased()
  }
}
