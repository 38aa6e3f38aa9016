/// Utilities that came up on two lines of a history apart and that a merge made one.
///
/// A state follows once it is brought up to date: those of commits that were gone through before the
/// merge still tell them apart.
struct JoinedSymbols {
  private var targets: [Int: Int] = [:]

  /// The symbol under which a utility goes on.
  subscript(_ symbol: Int) -> Int {
    var last = symbol
    while let next = targets[last] { last = next }
    return last
  }

  /// Makes one utility of two: `symbol` goes on as `target`.
  mutating func join(_ symbol: Int, to target: Int) {
    let (from, into) = (self[symbol], self[target])
    if from != into { targets[from] = into }
  }

  /// Renames a state's utilities, but for one whose new symbol lives there under another name.
  func update(_ state: inout NameState) {
    guard state.joins != targets.count else { return }
    state.joins = targets.count
    let live = Set(state.holders.values.map(\.symbol))
    func isRenamed(_ symbol: Int) -> Bool {
      targets[symbol] != nil && !live.contains(self[symbol])
    }
    for (key, holder) in state.holders where isRenamed(holder.symbol) {
      state.holders[key]?.symbol = self[holder.symbol]
    }
    for (key, deaths) in state.graves where deaths.contains(where: { isRenamed($0.symbol) }) {
      state.graves[key] = deaths.map { death in
        var death = death
        if isRenamed(death.symbol) { death.symbol = self[death.symbol] }
        return death
      }
    }
    state.gone.formUnion(state.gone.filter(isRenamed).map { self[$0] })
  }
}

extension RenameHistory {
  /// What a merge makes one where it keeps the name: a utility that came up on another parent's line,
  /// and the one that the first parent's line has under that name or removed last, if neither has had
  /// the other's.
  static func addedApart(
    _ first: NameState, _ other: NameState
  ) -> [(key: String, symbol: Int, target: Int)] {
    let pairs = Set(first.births.keys).union(other.births.keys).sorted().compactMap {
      key -> (key: String, symbol: Int, target: Int)? in
      let last = first.holders[key]?.symbol ?? first.graves[key]?.last?.symbol
      guard let one = last, let two = other.holders[key]?.symbol, one != two
      else { return nil }
      return (key: key, symbol: two, target: one)
    }
    guard !pairs.isEmpty else { return [] }
    let (mine, theirs) = (first.met, other.met)
    return pairs.filter { !mine.contains($0.symbol) && !theirs.contains($0.target) }
  }
}
