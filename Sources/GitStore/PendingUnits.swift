/// Units (numbered from 0) whose last change is looked for at a commit.
///
/// Almost all units travel together down a history; they are kept as "all but", so that passing a
/// commit costs what the commit changed and not what it left alone.
enum PendingUnits {
  case these(Set<Int>)
  case allBut(Set<Int>)

  /// Whether no unit of `total` is pending.
  func isEmpty(of total: Int) -> Bool {
    switch self {
    case .these(let units): units.isEmpty
    case .allBut(let units): units.count == total
    }
  }

  /// Takes those of `changed` that are pending out, and gives them.
  mutating func take(_ changed: Set<Int>) -> Set<Int> {
    switch self {
    case .these(var units):
      self = .these([])  // Keeps `units` the only reference, so that it is changed in place.
      let taken = units.intersection(changed)
      units.subtract(taken)
      self = .these(units)
      return taken
    case .allBut(var units):
      self = .these([])
      let taken = changed.subtracting(units)
      units.formUnion(taken)
      self = .allBut(units)
      return taken
    }
  }

  /// Adds units, none of which is pending here yet: a unit is at one commit at a time.
  mutating func add(_ other: PendingUnits) {
    switch (self, other) {
    case (.these(var units), .these(let more)):
      self = .these([])
      units.formUnion(more)
      self = .these(units)
    case (.allBut(var units), .these(let more)), (.these(let more), .allBut(var units)):
      self = .these([])
      units.subtract(more)
      self = .allBut(units)
    case (.allBut(let units), .allBut(let others)):
      self = .allBut(units.intersection(others))
    }
  }
}
