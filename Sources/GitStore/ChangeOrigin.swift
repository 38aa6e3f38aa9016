import UtilityModel

/// The walk behind `lastChanges`: for every unit the commit that `git log -1 -- <paths>` names.
///
/// Each unit follows one path: at a commit it goes on to the first parent whose files of the unit
/// are the same, and ends where there is none. Units at the same commit travel together. Children
/// come before their parents where the order is known; where it is not (below `known`, with lying
/// dates) a commit may be visited again with further units, which costs time and changes nothing.
/// Source: git-log(1), "History Simplification", default mode.
struct ChangeOrigin {
  private(set) var graph = CommitGraph()
  /// The commits that `known` does not reach, children first.
  private(set) var region: [Int] = []
  /// The commit that last changed each resolved unit, by the unit's number.
  private(set) var answers: [Int: Int] = [:]
  private var pending: [Int: PendingUnits] = [:]
  /// Each path's unit, by the path's bytes.
  private var unitOfPath: [[UInt8]: Int] = [:]
  /// Further units of a path that several name.
  private var sharingUnits: [[UInt8]: [Int]] = [:]
  private let folders: [String]
  private let total: Int

  /// Looks for the given units' paths.
  init(units: [[String]]) {
    var folders: Set<String> = []
    unitOfPath.reserveCapacity(units.count * 2)
    for (number, paths) in units.enumerated() {
      for path in paths {
        let bytes = Array(path.utf8)
        if let other = unitOfPath.updateValue(number, forKey: bytes), other != number {
          sharingUnits[bytes, default: []].append(other)
        }
        let end = path.utf8.firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex
        folders.insert(String(path[..<end]))
      }
    }
    self.folders = Array(folders)
    total = units.count
  }

  /// Walks from `tip` until every unit is answered, gone, or has arrived at `known`.
  mutating func run(
    tip: ObjectID, known: ObjectID?, limit: Int, in repository: borrowing RepositoryHandle
  ) throws(GitError) {
    let start = try graph.number(of: tip, in: repository)
    let end: Int? = if let known { try graph.number(of: known, in: repository) } else { nil }
    guard start != end, total > 0 else { return }
    region = try graph.region(
      from: [start], without: end.map { [$0] } ?? [], limit: limit, in: repository)
    var ranks: [Int: Int] = [:]
    for (rank, number) in region.enumerated() { ranks[number] = rank }
    var queue = PriorityQueue<(rank: Int, time: Int64, number: Int)> {
      ($0.rank, $1.time) < ($1.rank, $0.time)
    }
    pending[start] = .allBut([])
    queue.push((ranks[start] ?? .max, 0, start))
    while let (_, _, number) = queue.pop() {
      guard let units = pending.removeValue(forKey: number), number != end else { continue }
      guard graph.count <= limit else {
        throw repository.error(
          "walk the history", .tooLarge, "more than \(limit) commits have to be looked at")
      }
      for (parent, group) in try pass(units, at: number, in: repository) {
        if pending[parent] == nil {
          pending[parent] = group
          queue.push((ranks[parent] ?? .max, graph[parent].time, parent))
        } else {
          pending[parent]?.add(group)
        }
      }
    }
  }

  /// Answers the units that a commit changed, and hands the others to its parents.
  private mutating func pass(
    _ units: consuming PendingUnits, at number: Int, in repository: borrowing RepositoryHandle
  ) throws(GitError) -> [(Int, PendingUnits)] {
    var groups: [(Int, PendingUnits)] = []
    let tree = graph[number].tree
    let parents = try graph.parents(of: number, in: repository)
    for parent in parents {
      let changed = try changedUnits(from: graph[parent].tree, to: tree, in: repository)
      let rest = PendingUnits.these(units.take(changed))
      if !units.isEmpty(of: total) { groups.append((parent, units)) }
      units = rest
      if units.isEmpty(of: total) { return groups }
    }
    let answered =
      parents.isEmpty
      ? units.take(try changedUnits(from: nil, to: tree, in: repository))
      : units.take(Set(0..<total))
    for unit in answered { answers[unit] = number }
    return groups
  }

  private func changedUnits(
    from old: ObjectID?, to new: ObjectID, in repository: borrowing RepositoryHandle
  ) throws(GitError) -> Set<Int> {
    var units: Set<Int> = []
    var comparison = TreeComparison(under: folders, isHistory: true)
    try comparison.run(from: old, to: new, in: repository) { change in
      guard (change.new ?? change.old)?.validPath ?? false else { return }
      let path = Array(change.path.utf8)
      guard let unit = unitOfPath[path] else { return }
      units.insert(unit)
      units.formUnion(sharingUnits[path] ?? [])
    }
    return units
  }
}
