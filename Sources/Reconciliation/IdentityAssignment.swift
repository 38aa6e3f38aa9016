import Catalog
import UtilityModel

/// Which number a name has on each branch: the identity of a utility through its life.
///
/// Pure. The rules and their order are in `docs/identity.md`. Where the history was followed
/// (`PlanInput.lineage`) it decides; else a name keeps the number that it had. A name that has none
/// takes that of its namesake on the other branch, of the name in its `renamed_from`, of another
/// spelling, of the likest file (only where no history tells), of its removed namesake, and only
/// then a fresh one. Ties go to the name that sorts first.
struct IdentityAssignment {
  /// The utility of each name of the approved branch.
  private(set) var approved: [String: EntryIdentity] = [:]
  /// The same of the trial branch.
  private(set) var trial: [String: EntryIdentity] = [:]

  private let input: PlanInput
  private let names: [String]
  /// The names by their key, the lower-case name.
  private let spellings: [String: [String]]
  private let applied: AppliedNames
  private let sides: [Side]
  private var claimed: [[Int32: String]] = [[:], [:]]
  /// New utilities by branch and name, until they get an index.
  private var symbols: [[String: Int]] = [[:], [:]]

  /// A branch as this looks at it: 0 is the approved one, 1 the trial one.
  private struct Side {
    var branch: String
    var standing: (String) -> Standing
    var id: (String, Bool) -> Int32?
  }

  init(
    names: [String], input: PlanInput, approved: @escaping (String) -> Standing,
    trial: @escaping (String) -> Standing
  ) {
    let applied = AppliedNames(input)
    (self.input, self.names, self.applied) = (input, names, applied)
    spellings = Dictionary(grouping: names) { $0.lowercased() }
    sides = [
      Side(
        branch: input.approved.revision.branch, standing: approved,
        id: { applied.approvedID($0, anyCase: $1) }),
      Side(
        branch: input.trialBranch, standing: trial, id: { applied.trialID($0, anyCase: $1) }),
    ]
    for side in [0, 1] { keep(side) }
    for side in [0, 1] { find(side) }
    joinNamesakes(0)
    for side in [0, 1] { revive(side) }
    joinNamesakes(0)
    joinNamesakes(1)
    number()
  }

  private func identity(_ name: String, _ side: Int) -> EntryIdentity? {
    side == 0 ? approved[name] : trial[name]
  }

  /// Gives a number to a name, unless another name of the branch has it.
  @discardableResult
  private mutating func claim(_ name: String, _ id: Int32, _ side: Int) -> Bool {
    guard isFree(id, for: name, side) else { return false }
    claimed[side][id] = name
    if side == 0 { approved[name] = .existing(id) } else { trial[name] = .existing(id) }
    return true
  }

  /// Whether no other name of a branch has a number.
  private func isFree(_ id: Int32, for name: String, _ side: Int) -> Bool {
    if let holder = claimed[side][id] { return holder == name }
    // Names out of the plan's scope stay what they are.
    return !EntryStatus.allCases.contains { status in
      guard status != .inactive, let other = input.observed[id, status]?.name, other != name else {
        return false
      }
      return !isPlanned(other) && sides[side].standing(other).isPresent
        && sides[side].id(other, false) == id
    }
  }

  private func isPlanned(_ name: String) -> Bool {
    var (low, high) = (0, names.count)
    while low < high {
      let middle = (low + high) / 2
      if names[middle] < name { low = middle + 1 } else { high = middle }
    }
    return low < names.count && names[low] == name
  }

  /// What the history or the catalog says of the names as they are.
  private mutating func keep(_ side: Int) {
    // Of two spellings, the one that has an entry goes first.
    let present = names.filter { sides[side].standing($0).isPresent }
    let ordered =
      present.filter { input.observed.liveID($0) != nil }
      + present.filter { input.observed.liveID($0) == nil }
    for name in ordered {
      switch input.lineage?.origin(of: name, on: sides[side].branch) {
      case .existing(let id): claim(name, id, side)
      case .new(let symbol): symbols[side][name] = symbol
      case nil:
        if let id = sides[side].id(name, false) { claim(name, id, side) }
      }
    }
    // A name of a branch that did not move, whose entry is spelled as the other branch has it.
    if let lineage = input.lineage, lineage.origins[sides[side].branch] == nil {
      for name in ordered where identity(name, side) == nil {
        if let id = sides[side].id(name, true) { claim(name, id, side) }
      }
    }
    // A rewritten history may have made the same file anew.
    guard input.lineage?.rewritten.contains(sides[side].branch) == true else { return }
    for name in ordered where identity(name, side) == nil {
      if let id = unfollowed(name, side, anyCase: false) { claim(name, id, side) }
    }
  }

  /// The number that a name had, unless the history says what became of it.
  private func unfollowed(_ name: String, _ side: Int, anyCase: Bool) -> Int32? {
    guard let id = sides[side].id(name, anyCase), input.lineage?.followed.contains(id) != true
    else {
      return nil
    }
    return id
  }

  /// What is left: names that the branch did not have.
  private mutating func find(_ side: Int) {
    let fresh = names.filter { sides[side].standing($0).isPresent && identity($0, side) == nil }
    guard !fresh.isEmpty else { return }
    let isKnown = input.lineage?.origins[sides[side].branch] != nil
    let isRewritten = input.lineage?.rewritten.contains(sides[side].branch) == true
    joinNamesakes(side)
    for name in inOrder(fresh, side) where identity(name, side) == nil {
      // What is back as it was declares what it declared before: that is no news.
      if let id = back(name, side), claim(name, id, side) { continue }
      if let from = declared(name, side), let id = left(from, side) { claim(name, id, side) }
    }
    for name in fresh where identity(name, side) == nil && (!isKnown || isRewritten) {
      if let id = unfollowed(name, side, anyCase: true) { claim(name, id, side) }
    }
    if !isKnown || isRewritten { findAlike(Set(fresh), side) }
  }

  /// The removed namesake's number: of one that goes in this very sync, or went before.
  private mutating func revive(_ side: Int) {
    for name in inOrder(names, side)
    where sides[side].standing(name).isPresent && identity(name, side) == nil {
      // Where the history was followed it says who went last under the name.
      let last = input.lineage?.lastHolders[born(name, side).lowercased()]
      func isLast(_ id: Int32) -> Bool {
        guard let lineage = input.lineage else { return true }
        // Had it gone before the new one came up on this branch, the new one would be it.
        let isOwn = lineage.removed[sides[side].branch]?.contains(id) == true
        if isOwn, symbols[side][name] != nil { return false }
        return last == nil ? !lineage.followed.contains(id) : id == last
      }
      let namesakes = input.observed.entries(like: born(name, side)).filter {
        isLast($0.id) && $0.status != .inactive && forerunners(name, side).isEmpty
          && claimed[0][$0.id] == nil && claimed[1][$0.id] == nil
          && isFree($0.id, for: name, 0) && isFree($0.id, for: name, 1)
      }
      if let going = namesakes.map(\.id).min(), claim(name, going, side) { continue }
      if let id = removed(name, side) { claim(name, id, side) }
    }
  }

  /// Takes the number of the same utility on the other branch, as the history or the name says.
  private mutating func joinNamesakes(_ side: Int) {
    var numbers: [Int: Int32] = [:]
    for (name, symbol) in symbols[1 - side] {
      if case .existing(let id)? = identity(name, 1 - side) { numbers[symbol] = id }
    }
    for name in names where sides[side].standing(name).isPresent && identity(name, side) == nil {
      if let id = symbols[side][name].flatMap({ numbers[$0] }) { claim(name, id, side) }
    }
    for name in names where sides[side].standing(name).isPresent && identity(name, side) == nil {
      guard case .existing(let id)? = namesake(of: born(name, side), 1 - side) else { continue }
      // One that went from this branch on the way has nothing to do with the new one.
      if input.lineage?.removed[sides[side].branch]?.contains(id) != true { claim(name, id, side) }
    }
  }

  /// The utility of a name on the other branch, in whatever spelling.
  private func namesake(of name: String, _ other: Int) -> EntryIdentity? {
    if let identity = identity(name, other) { return identity }
    return spellings[name.lowercased()]?.lazy.compactMap { identity($0, other) }.first
  }

  /// The name under which a name's utility came up: it may have been renamed since.
  private func born(_ name: String, _ side: Int) -> String {
    symbols[side][name].flatMap { input.lineage?.births[$0] } ?? name
  }

  /// The new utilities that came up under a name's first one before its own.
  private func forerunners(_ name: String, _ side: Int) -> Set<Int> {
    symbols[side][name].flatMap { input.lineage?.forerunners[$0] } ?? []
  }

  /// The names, those with forerunners after them.
  private func inOrder(_ names: [String], _ side: Int) -> [String] {
    guard input.lineage?.forerunners.isEmpty == false else { return names }
    let places = names.enumerated().map {
      (earlier: forerunners($0.element, side).count, place: $0.offset)
    }
    return places.sorted(by: <).map { names[$0.place] }
  }

  /// The number of the utility that was removed under a name before the history that was followed.
  ///
  /// Where several came up under the name since, each takes one, the first of them the last removed.
  private func removed(_ name: String, _ side: Int) -> Int32? {
    var ids = applied.removedIDs(born(name, side))
    let earlier = forerunners(name, side)
    guard !earlier.isEmpty else { return ids.first }
    // Of those that went again, or have no number yet, each counts as one that took its turn.
    var turns = earlier.count
    for symbol in earlier {
      for (other, known) in symbols.enumerated() {
        guard let holder = known.first(where: { $0.value == symbol })?.key,
          case .existing(let id)? = identity(holder, other)
        else { continue }
        ids.removeAll { $0 == id }
        turns -= 1
        break
      }
    }
    return ids.filter { claimed[side][$0] == nil }.dropFirst(turns).first
  }

  /// The former name that a new name declares: where its history was followed, when it came up.
  private func declared(_ name: String, _ side: Int) -> String? {
    let from =
      if let symbol = symbols[side][name] {
        input.lineage?.declared[symbol]
      } else {
        sides[side].standing(name).version?.metadata.renamedFrom
      }
    return from?.lowercased() == name.lowercased() ? nil : from
  }

  /// The number of a removed utility that is back with the sidecar that it had.
  private func back(_ name: String, _ side: Int) -> Int32? {
    guard let version = sides[side].standing(name).version, let id = removed(name, side),
      input.observed[id, .inactive]?.metahash == version.metahash.hex
    else { return nil }
    return id
  }

  /// The number of a former name that the branch does not have any more.
  private func left(_ name: String, _ side: Int) -> Int32? {
    guard !sides[side].standing(name).isPresent else { return nil }
    if let id = unfollowed(name, side, anyCase: true) ?? unfollowed(name, 1 - side, anyCase: true) {
      return id
    }
    return applied.removedID(name)
  }

  /// The likest of the files that went, where no history tells.
  private mutating func findAlike(_ fresh: Set<String>, _ side: Int) {
    let candidates = input.renames.sorted {
      ($1.score, $0.to, $0.from) < ($0.score, $1.to, $1.from)
    }
    for candidate in candidates where fresh.contains(candidate.to) {
      guard identity(candidate.to, side) == nil, !sides[side].standing(candidate.from).isPresent,
        input.observed.liveID(candidate.from) != nil,
        let id = unfollowed(candidate.from, side, anyCase: true)
      else { continue }
      claim(candidate.to, id, side)
    }
  }

  /// Fresh numbers, in the order of the names; a utility of both branches gets one.
  private mutating func number() {
    func isNew(_ name: String, _ side: Int) -> Bool {
      identity(name, side) == nil && sides[side].standing(name).version != nil
    }
    var bySymbol: [Int: String] = [:]
    var byKey: [String: String] = [:]
    for name in names where isNew(name, 0) {
      if let symbol = symbols[0][name] { bySymbol[symbol] = name }
      byKey[name.lowercased()] = name
    }
    let tried = Set(symbols[1].values)
    func went(_ symbol: Int?, _ side: Int) -> Bool {
      guard let symbol else { return false }
      return input.lineage?.removedNew[sides[side].branch]?.contains(symbol) == true
    }
    /// The name on the approved branch of what is new on the trial branch.
    func partner(_ name: String) -> String? {
      if let symbol = symbols[1][name], let same = bySymbol[symbol] { return same }
      guard let namesake = byKey[name.lowercased()] else { return nil }
      // The history knows it under another name on the trial branch.
      if let symbol = symbols[0][namesake], tried.contains(symbol) { return nil }
      // One of them went from the other's branch on the way.
      if went(symbols[1][name], 0) || went(symbols[0][namesake], 1) { return nil }
      // Both came to the name as others: only what comes up under a name is taken for its holder.
      let (one, two) = (born(name, 1).lowercased(), born(namesake, 0).lowercased())
      guard one == two || one == name.lowercased() || two == name.lowercased() else { return nil }
      return namesake
    }
    var partners: [String: String] = [:]
    for name in names where isNew(name, 1) { partners[name] = partner(name) }
    var indexes: [String: Int] = [:]
    var next = 0
    for name in names {
      if isNew(name, 0) {
        let index = indexes[name] ?? next
        if index == next { next += 1 }
        indexes[name] = index
        approved[name] = .new(index)
      }
      guard isNew(name, 1) else { continue }
      let known = partners[name].flatMap { indexes[$0] }
      let index = known ?? next
      if known == nil { next += 1 }
      if let partner = partners[name] { indexes[partner] = index }
      trial[name] = .new(index)
    }
  }
}
