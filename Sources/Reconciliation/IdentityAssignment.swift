import Catalog
import UtilityModel

/// Which number a name has: the identity of a utility through its life.
///
/// Pure. A name that is live keeps its number; a name that is new takes the number of the one it
/// came from (`renamed_from`, then the same letters in another case, then the likest file), then
/// that of its removed namesake, and only then a fresh one. Ties go to the name that sorts first.
struct IdentityAssignment {
  private(set) var identities: [String: EntryIdentity] = [:]
  private var claimed: Set<Int32> = []
  private var claimedOnTrial: Set<Int32> = []

  init(
    names: [String], input: PlanInput, approved: (String) -> Standing, trial: (String) -> Standing
  ) {
    let observed = input.observed
    var fresh: [String] = []
    /// An active entry and its draft may have two names (a rename on the trial branch). Where both
    /// stand on one branch they are two utilities: the active one's name keeps the number.
    func isTaken(_ id: Int32, by name: String) -> Bool {
      guard let other = observed[id, .active]?.name, other != name else { return false }
      return approved(other).isPresent && approved(name).isPresent
        || trial(other).isPresent && trial(name).isPresent
    }
    for name in names {
      guard approved(name).isPresent || trial(name).isPresent else { continue }
      if let id = observed.liveID(name), !isTaken(id, by: name) {
        claim(name, id)
        if trial(name).isPresent { claimedOnTrial.insert(id) }
      } else {
        fresh.append(name)
      }
    }
    // A number is free when its live name stands on no branch.
    func freed(_ name: String) -> Int32? {
      guard !approved(name).isPresent, !trial(name).isPresent,
        let id = observed.liveID(name) ?? observed.inactiveID(name), !claimed.contains(id)
      else { return nil }
      return id
    }
    func declared(_ name: String) -> String? {
      (approved(name).version ?? trial(name).version)?.metadata.renamedFrom
    }
    for name in fresh {
      if let from = declared(name), let id = freed(from) { claim(name, id) }
    }
    let gone = names.filter { freed($0) != nil && observed.liveID($0) != nil }
    for name in fresh where identities[name] == nil {
      if let from = gone.first(where: { $0.lowercased() == name.lowercased() }),
        let id = freed(from)
      {
        claim(name, id)
      }
    }
    let candidates = input.renames.sorted {
      ($1.score, $0.to, $0.from) < ($0.score, $1.to, $1.from)
    }
    for candidate in candidates where identities[candidate.to] == nil {
      guard fresh.contains(candidate.to) else { continue }
      if let id = freed(candidate.from), observed.liveID(candidate.from) != nil {
        claim(candidate.to, id)
      } else if !approved(candidate.to).isPresent, trial(candidate.to).isPresent,
        approved(candidate.from).isPresent, !trial(candidate.from).isPresent,
        // A draft of the approved branch has no second document to stand beside.
        approved(candidate.from).version?.metadata.draft != true,
        let id = observed.liveID(candidate.from), observed[id, .active] != nil,
        claimedOnTrial.insert(id).inserted
      {
        // Renamed on the trial branch only: a draft beside the active entry.
        identities[candidate.to] = .existing(id)
      }
    }
    for name in fresh where identities[name] == nil {
      if let id = observed.inactiveID(name), !claimed.contains(id) { claim(name, id) }
    }
    var index = 0
    for name in fresh where identities[name] == nil {
      guard approved(name).version != nil || trial(name).version != nil else { continue }
      identities[name] = .new(index)
      index += 1
    }
  }

  private mutating func claim(_ name: String, _ id: Int32) {
    identities[name] = .existing(id)
    claimed.insert(id)
  }
}
