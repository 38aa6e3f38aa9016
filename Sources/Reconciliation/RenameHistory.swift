import GitStore
import UtilityModel

/// Follows every utility's name along the commits between what is applied and the branches' heads.
///
/// Each commit is compared with its first parent (`RenameMatch`), so that a history gives the same
/// identities whether it is synchronised commit by commit or all at once. A merge takes the names
/// whose files it has from another parent from there. The cost follows the new commits; a branch
/// that forked before the applied revision adds those since the fork. Blocks.
final class RenameHistory {
  /// Beyond this many commits only the end trees are compared.
  static let limit = 5000

  private let branches: [Branch]
  private let repository: OpenRepository
  private let likeness: Likeness
  private var states: [ObjectID: NameState] = [:]
  private var children: [ObjectID: Int] = [:]
  private var symbols = 0
  /// How many commits were gone through: later ones have the higher place.
  private var place = 0
  private var symbolOfID: [Int32: Int] = [:]
  /// Branch, then symbol, to number.
  private var ids: [String: [Int: Int32]] = [:]
  /// What was removed before each branch's applied commit, as far as this goes back.
  private var removed: [String: [NameState.Death]] = [:]
  private var lineage = Lineage()
  private var joined = JoinedSymbols()

  private init(_ branches: [Branch], in repository: OpenRepository) {
    (self.branches, self.repository) = (branches, repository)
    likeness = Likeness(repository)
  }

  /// The lineage of the names at the heads of the branches that moved; nil where none did.
  ///
  /// Throws `tooLarge` beyond `limit` commits, and what reading git throws.
  static func lineage(
    of branches: [Branch], in repository: OpenRepository
  ) throws(GitError) -> Lineage? {
    guard branches.contains(where: \.isMoved) else { return nil }
    var branches = branches
    for index in branches.indices {
      guard let applied = branches[index].applied else { continue }
      do throws(GitError) {
        _ = try repository.read { (git) throws(GitError) in try git.node(applied) }
      } catch  where error.code == .notFound || error.code == .corrupt {
        branches[index].applied = nil
        branches[index].isLost = true
      }
    }
    // One branch of which nothing is known is compared with nothing.
    guard Set(branches.flatMap { [$0.applied, $0.head] }.compactMap { $0 }).count > 1 else {
      return nil
    }
    let history = RenameHistory(branches, in: repository)
    try history.run()
    return history.lineage
  }

  private func run() throws(GitError) {
    let heads = branches.compactMap { $0.isMoved ? $0.head : nil }
    let known = branches.compactMap(\.applied)
    lineage.rewritten = try rewritten()
    let isRewritten = !lineage.rewritten.isEmpty
    let (starts, commits) = try repository.read { (git) throws(GitError) in
      try HistoryRegion.find(
        heads: heads, known: known, isRewritten: isRewritten, limit: Self.limit, in: git)
    }
    for commit in commits {
      for parent in commit.parents { children[parent, default: 0] += 1 }
    }
    for tip in heads + known { children[tip, default: 0] += 1 }
    for start in starts { states[start] = try listing(start) }
    for commit in commits {
      place += 1
      let state = try commit.parents.isEmpty ? listing(commit.id) : step(to: commit)
      annotate(state, at: commit.id)
      states[commit.id] = state
    }
    annotateRemoved()
    for (symbol, earlier) in lineage.forerunners {
      let new = Set(earlier.map { joined[$0] }).filter { id(of: $0) == nil && $0 != symbol }
      lineage.forerunners[symbol] = new.isEmpty ? nil : new
    }
    for branch in branches {
      guard branch.isMoved, let head = branch.head, var state = states[head] else { continue }
      joined.update(&state)
      resolve(state, on: branch)
    }
  }

  /// The branches that do not go on from what is applied of them.
  private func rewritten() throws(GitError) -> Set<String> {
    var names: Set<String> = []
    for branch in branches where branch.isMoved {
      if branch.isLost { names.insert(branch.name) }
      guard let applied = branch.applied, let head = branch.head else { continue }
      let isOnward = try repository.read { (git) throws(GitError) in
        try git.isAncestor(applied, of: head)
      }
      if !isOnward { names.insert(branch.name) }
    }
    return names
  }

  // MARK: States

  private func symbol(of id: Int32?) -> Int {
    if let id, let known = symbolOfID[id] { return joined[known] }
    symbols += 1
    if let id { symbolOfID[id] = symbols }
    return symbols
  }

  /// All names of a commit, with the numbers that they have where it is an applied one.
  private func listing(_ commit: ObjectID) throws(GitError) -> NameState {
    let files = try repository.read { (git) throws(GitError) in
      try git.files(in: commit, under: ["utils"], isHistory: true)
    }
    var units: [PathKey: NameState.Unit] = [:]
    for file in files where file.validPath {
      guard let (stem, kind) = NameState.parse(file.path) else { continue }
      units[stem, default: NameState.Unit(stem: stem)][keyPath: kind] = file.id
    }
    var state = NameState()
    state.holders.reserveCapacity(units.count)
    let branch = branches.first { $0.applied == commit }
    for unit in units.values.sorted(by: { $0.stem < $1.stem }) {
      let key = unit.name.lowercased()
      if state.holders[key] == nil {
        state.holders[key] = .init(
          units: [unit], stem: unit.stem, symbol: symbol(of: branch?.id(unit.name)))
      } else {
        state.holders[key]?.units.append(unit)
      }
    }
    annotate(state, at: commit)
    return state
  }

  /// Learns the numbers of an applied commit's names.
  private func annotate(_ state: NameState, at commit: ObjectID) {
    for branch in branches where branch.applied == commit {
      var known: [Int: Int32] = [:]
      for holder in state.holders.values {
        if let id = branch.id(holder.unit.name) { known[holder.symbol] = id }
      }
      ids[branch.name] = known
      removed[branch.name] = state.graves.values.compactMap(\.last)
    }
  }

  /// Learns the numbers of what was removed before an applied commit, by its last name; after all
  /// that lives on some branch, which may be the same utility.
  private func annotateRemoved() {
    for branch in branches {
      let live = Set(ids[branch.name]?.values.map { $0 } ?? [])
      for death in (removed[branch.name] ?? []).sorted(by: { $0.symbol < $1.symbol }) {
        let symbol = joined[death.symbol]
        guard id(of: symbol, on: branch.name) == nil,
          let id = branch.removedID(death.name), !live.contains(id)
        else { continue }
        ids[branch.name, default: [:]][symbol] = id
      }
    }
  }

  private func id(of symbol: Int, on branch: String? = nil) -> Int32? {
    if let branch, let id = ids[branch]?[symbol] { return id }
    for other in branches where other.name != branch {
      if let id = ids[other.name]?[symbol] { return id }
    }
    return nil
  }

  private func resolve(_ state: NameState, on branch: Branch) {
    var origins: [String: Lineage.Origin] = [:]
    origins.reserveCapacity(state.holders.count)
    for (key, holder) in state.holders {
      let id = id(of: holder.symbol, on: branch.name)
      origins[key] = id.map { .existing($0) } ?? .new(holder.symbol)
      if let id { lineage.followed.insert(id) }
    }
    lineage.origins[branch.name] = origins
    let live = Set(state.holders.values.map(\.symbol))
    for symbol in state.gone {
      if let id = id(of: symbol, on: branch.name) {
        lineage.followed.insert(id)
      } else if !live.contains(symbol) {
        lineage.removedNew[branch.name, default: []].insert(symbol)
      }
    }
    for death in state.graves.values.flatMap({ $0.reversed() }) {
      guard let id = id(of: death.symbol, on: branch.name) else { continue }
      lineage.followed.insert(id)
      lineage.removed[branch.name, default: []].insert(id)
      lineage.lastNames[id] = death.name
      let key = death.name.lowercased()
      if lineage.lastHolders[key] == nil { lineage.lastHolders[key] = id }
    }
  }

  /// A parent's state; taken over without a copy where no other child needs it.
  private func take(_ commit: ObjectID) -> NameState {
    let open = (children[commit] ?? 1) - 1
    children[commit] = open
    var state = (open > 0 ? states[commit] : states.removeValue(forKey: commit)) ?? NameState()
    joined.update(&state)
    return state
  }

  // MARK: Steps

  private func step(to commit: CommitNode) throws(GitError) -> NameState {
    let first = commit.parents[0]
    let changes = try repository.read { (git) throws(GitError) in
      try git.changes(from: first, to: commit.tree, under: ["utils"], isHistory: true)
    }
    var state = take(first)
    var others = commit.parents.dropFirst().map { take($0) }
    var touched: [String: [NameState.Unit]] = [:]
    for change in changes where (change.new ?? change.old)?.validPath == true {
      NameState.apply(change, to: &touched, from: state)
    }
    try join(&others, with: state, touched)
    let known = state.gone
    for other in others {
      state.births.merge(other.births) { $0.union($1) }
      state.gone.formUnion(other.gone)
    }
    guard !touched.isEmpty else {
      bury(of: others, in: &state)
      return state
    }
    var old: [String: NameState.Unit] = [:]
    var new: [String: NameState.Unit] = [:]
    var former: [String: NameState.Holder] = [:]
    for (key, units) in touched {
      if let holder = state.holders.removeValue(forKey: key) {
        former[key] = holder
        old[key] = holder.unit
        lineage.touched.insert(holder.unit.name)
      }
      if !units.isEmpty {
        let unit = NameState.primary(of: units, former: old[key])
        new[key] = unit
        lineage.touched.insert(unit.name)
      }
    }
    var merged: [String: Int] = [:]
    if !others.isEmpty {
      merged = try merge(new, former: former, others: others, kept: state, known: known)
    }
    let taken = Set(merged.values)
    let match = try RenameMatch(
      old: old.filter { name, _ in former[name].map { !taken.contains($0.symbol) } ?? true },
      new: new.filter { merged[$0.key] == nil }, likeness: likeness)
    if others.isEmpty { lineage.notes += match.notes }

    var alive: Set<Int> = []
    for (key, unit) in new.sorted(by: { $0.key < $1.key }) {
      let symbol: Int
      if let found = merged[key] {
        symbol = found
      } else if let from = match.origins[key], let holder = former[from] {
        symbol = holder.symbol
      } else {
        symbol = try birth(of: key, unit, state: &state, others: others, alive: alive)
      }
      alive.insert(symbol)
      state.holders[key] = .init(units: touched[key] ?? [unit], stem: unit.stem, symbol: symbol)
    }
    for (key, deaths) in state.graves where deaths.contains(where: { alive.contains($0.symbol) }) {
      state.graves[key] = deaths.filter { !alive.contains($0.symbol) }
    }
    for (key, holder) in former where !alive.contains(holder.symbol) {
      state.gone.insert(holder.symbol)
      // Removed on a merged branch: under the name that it had there.
      let isBuried = others.contains { other in
        other.graves.values.joined().contains { $0.symbol == holder.symbol }
      }
      guard !isBuried else { continue }
      state.graves[key, default: []].append(
        .init(
          symbol: holder.symbol, name: holder.unit.name,
          declared: try likeness.declared(holder.unit), place: place))
    }
    bury(of: others, in: &state)
    return state
  }

  /// Makes one of what both sides of a merge added apart under one name.
  private func join(
    _ others: inout [NameState], with first: NameState, _ touched: [String: [NameState.Unit]]
  ) throws(GitError) {
    guard !others.isEmpty else { return }
    // A merge may also keep both, the first parent's under another name.
    let appeared = touched.filter { first.holders[$0.key] == nil }.values.joined()
    var bodies: Set<Digest> = []
    for unit in appeared { if let body = try likeness.body(unit) { bodies.insert(body) } }
    for index in others.indices {
      joined.update(&others[index])
      for (key, symbol, target) in Self.addedApart(first, others[index]) {
        guard touched[key].map({ !$0.isEmpty }) ?? (first.holders[key] != nil) else { continue }
        if let unit = first.holders[key]?.unit, touched[key] != nil,
          let body = try likeness.body(unit), bodies.contains(body)
        {
          continue
        }
        joined.join(symbol, to: target)
        for (branch, known) in ids where known[target] == nil {
          ids[branch]?[target] = known[symbol]
        }
      }
      joined.update(&others[index])
    }
  }

  /// A name that comes from none: a removed one that is back, or a new one.
  private func birth(
    of key: String, _ unit: NameState.Unit, state: inout NameState, others: [NameState],
    alive: Set<Int>
  ) throws(GitError) -> Int {
    let declared = try likeness.declared(unit)
    // What is back as it was declares what it declared before: that is no news.
    let isBack = state.graves[key]?.last.map { $0.declared == declared } ?? false
    for name in [isBack ? nil : declared, key].compactMap({ $0 }) {
      for grave in [state.graves[name]?.last] + others.map({ $0.graves[name]?.last }) {
        guard let grave, !alive.contains(grave.symbol) else { continue }
        if !others.isEmpty, state.holders.values.contains(where: { $0.symbol == grave.symbol }) {
          continue
        }
        state.graves[name]?.removeAll { $0.symbol == grave.symbol }
        return grave.symbol
      }
    }
    for holder in others.compactMap({ $0.holders[key] }) where !alive.contains(holder.symbol) {
      if !state.holders.values.contains(where: { $0.symbol == holder.symbol }) {
        return holder.symbol
      }
    }
    symbols += 1
    lineage.births[symbols] = unit.name
    // Those that were removed under the name before all this are back one after the other.
    lineage.forerunners[symbols] = state.births[key]
    state.births[key, default: []].insert(symbols)
    if let declared { lineage.declared[symbols] = declared }
    return symbols
  }

  /// Takes over the removals that only another parent knows.
  ///
  /// Of two of one utility the later one stands, and of those under one name the later one comes
  /// last: what a side branch has had since before it forked is no news.
  private func bury(of others: [NameState], in state: inout NameState) {
    guard others.contains(where: { !$0.graves.isEmpty }) else { return }
    let alive = Set(state.holders.values.map(\.symbol))
    var latest: [Int: (key: String, death: NameState.Death)] = [:]
    for graves in [state.graves] + others.map(\.graves) {
      for (key, deaths) in graves {
        for death in deaths where !alive.contains(death.symbol) {
          if let known = latest[death.symbol], known.death.place >= death.place { continue }
          latest[death.symbol] = (key, death)
        }
      }
    }
    state.graves = latest.values
      .sorted { ($0.death.place, $0.death.symbol) < ($1.death.place, $1.death.symbol) }
      .reduce(into: [:]) { $0[$1.key, default: []].append($1.death) }
  }

  /// Whose the names of a merge are, as far as its parents say.
  ///
  /// A file that is a parent's is that parent's utility, the first parent before the others. A file
  /// that is none's goes to the likest of those that the parents have under the name. A utility that
  /// came up on another parent's side takes no name from one that lives on there and has no other
  /// name now. What is left is looked for as in any commit.
  ///
  /// `known` are those that went on the first parent's line.
  private func merge(
    _ new: [String: NameState.Unit], former: [String: NameState.Holder], others: [NameState],
    kept: NameState, known: Set<Int>
  ) throws(GitError) -> [String: Int] {
    var result: [String: Int] = [:]
    var used: Set<Int> = []
    let held = Set(kept.holders.values.map(\.symbol))
    let own = Set(former.values.map(\.symbol))
    func isFree(_ symbol: Int) -> Bool { !used.contains(symbol) && !held.contains(symbol) }
    /// The parents' utilities that may have a name, the first parent's first.
    func candidates(_ key: String) -> [NameState.Holder] {
      let first = former[key]
      let second = others.compactMap { other -> NameState.Holder? in
        guard let holder = other.holders[key], let first else { return other.holders[key] }
        let isNew =
          !held.contains(holder.symbol) && !own.contains(holder.symbol)
          && !known.contains(holder.symbol)
        guard isNew, holder.symbol != first.symbol,
          let there = other.holders.first(where: { $0.value.symbol == first.symbol })?.key,
          new[there] == nil, kept.holders[there] == nil
        else { return holder }
        var same = holder
        same.symbol = first.symbol
        return same
      }
      return (first.map { [$0] } ?? []) + second
    }
    var open: [String] = []
    for (key, unit) in new.sorted(by: { $0.key < $1.key }) {
      let same = candidates(key).first { unit.source != nil && $0.unit.source == unit.source }
      if let same, isFree(same.symbol) {
        result[key] = same.symbol
        used.insert(same.symbol)
      } else {
        open.append(key)
      }
    }
    for key in open {
      guard let unit = new[key] else { continue }
      var best: (score: Int, symbol: Int)?
      for holder in candidates(key) {
        let score = try likeness.similarity(holder.unit.source, unit.source)
        if isFree(holder.symbol), score >= 50, score > best?.score ?? 0 {
          best = (score, holder.symbol)
        }
      }
      if let best {
        result[key] = best.symbol
        used.insert(best.symbol)
      }
    }
    return result
  }
}
