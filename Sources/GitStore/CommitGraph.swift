import CLibgit2
import UtilityModel

/// The commits met on a walk, numbered, each read from the repository once.
struct CommitGraph {
  /// What a walk needs of a commit.
  struct Node {
    let id: ObjectID
    let tree: ObjectID
    let parents: [ObjectID]
    /// Seconds since 1970 as the committer claims; a hint for the order, never for correctness.
    let time: Int64
  }

  private var nodes: [Node] = []
  private var numbers: [ObjectID: Int] = [:]

  /// How many commits were read.
  var count: Int { nodes.count }

  /// The commit with a number that `number(of:in:)` gave.
  subscript(_ number: Int) -> Node { nodes[number] }

  /// The number of a commit, which is read if it was not met before.
  mutating func number(
    of id: ObjectID, in repository: borrowing RepositoryHandle
  ) throws(GitError) -> Int {
    if let number = numbers[id] { return number }
    let node = try repository.withCommit(id) { commit in
      Node(
        id: id, tree: ObjectID(git_commit_tree_id(commit).pointee),
        parents: RepositoryHandle.parents(of: commit), time: git_commit_time(commit))
    }
    nodes.append(node)
    numbers[id] = nodes.count - 1
    return nodes.count - 1
  }

  /// The numbers of a commit's parents.
  mutating func parents(
    of number: Int, in repository: borrowing RepositoryHandle
  ) throws(GitError) -> [Int] {
    var result: [Int] = []
    for id in nodes[number].parents { result.append(try self.number(of: id, in: repository)) }
    return result
  }

  /// The commits that `tips` reach and `known` do not, every child before its parents.
  ///
  /// Right whatever the dates say. Throws `tooLarge` when more than `limit` commits have to be
  /// looked at; where dates lie these may be more than those of a short way.
  mutating func region(
    from tips: [Int], without known: [Int], limit: Int, in repository: borrowing RepositoryHandle
  ) throws(GitError) -> [Int] {
    let members = try newCommits(from: tips, without: known, limit: limit, in: repository)
    return try ordered(members, from: tips, in: repository)
  }

  /// The commits that lie between `tips` and the one commit that all their histories go through,
  /// every child before its parents; and that commit, which is not among them.
  ///
  /// Of several such commits it is the newest one where dates do not lie, and nil where there is
  /// none. Every parent of a commit given is given too, or is that commit, whatever the dates say.
  /// Throws `tooLarge` beyond `limit` commits.
  mutating func region(
    backFrom tips: [Int], limit: Int, in repository: borrowing RepositoryHandle
  ) throws(GitError) -> (start: Int?, commits: [Int]) {
    var queue = PriorityQueue<(time: Int64, number: Int)> { $0.time > $1.time }
    var met = Set(tips)
    for number in met { queue.push((nodes[number].time, number)) }
    var members: Set<Int> = []
    var hasRoot = false
    while let (_, number) = queue.pop() {
      // With one commit left, and no root met, every path goes through it.
      if queue.isEmpty, !hasRoot {
        return (number, try ordered(members, from: tips, in: repository))
      }
      guard members.count < limit else {
        throw repository.error(
          "walk the history", .tooLarge, "more than \(limit) commits have to be looked at")
      }
      members.insert(number)
      let parents = try parents(of: number, in: repository)
      if parents.isEmpty { hasRoot = true }
      for parent in parents where met.insert(parent).inserted {
        queue.push((nodes[parent].time, parent))
      }
    }
    return (nil, try ordered(members, from: tips, in: repository))
  }

  /// `members` with every child before its parents; all are reached by `tips`.
  private mutating func ordered(
    _ members: Set<Int>, from tips: [Int], in repository: borrowing RepositoryHandle
  ) throws(GitError) -> [Int] {
    var children: [Int: Int] = [:]
    for member in members {
      for parent in try parents(of: member, in: repository) { children[parent, default: 0] += 1 }
    }
    var order: [Int] = []
    var ready: [Int] = []
    for tip in tips where children[tip] == nil && members.contains(tip) && !ready.contains(tip) {
      ready.append(tip)
    }
    while let next = ready.popLast() {
      order.append(next)
      // The first parent is taken last off the stack, so that a merged branch comes before it.
      for parent in try parents(of: next, in: repository) {
        let open = (children[parent] ?? 0) - 1
        children[parent] = open
        if open == 0, members.contains(parent) { ready.append(parent) }
      }
    }
    return order
  }

  /// In what order commits are painted.
  private enum Order {
    /// The newest first: right and short where a commit is no older than its parents.
    case dates
    /// A commit as if it were no older than its parents: a lie here and there does no harm.
    case datesOfParents
    /// Until nothing waits: right whatever the dates say.
    case exhaustive
  }

  /// The commits that `tips` reach and `known` do not: by their dates, unless these prove wrong.
  private mutating func newCommits(
    from tips: [Int], without known: [Int], limit: Int, in repository: borrowing RepositoryHandle
  ) throws(GitError) -> Set<Int> {
    for order in [Order.dates, .datesOfParents] {
      do throws(GitError) {
        let found = try paint(
          from: tips, without: known, order, limit: limit, in: repository)
        if try !reaches(known, into: found, in: repository) { return found }
      } catch  where error.code == .tooLarge && order == .dates && !known.isEmpty {
        // A date may have led it past what is known.
        continue
      }
    }
    return try paint(from: tips, without: known, .exhaustive, limit: limit, in: repository)
  }

  /// Whether `known` reach some of `members`, past commits that claim to be older than those.
  ///
  /// They reach one if they reach one of those that come from no other; not one of its own parents
  /// can. With dates that do not lie the cost follows what is new on both sides.
  private mutating func reaches(
    _ known: [Int], into members: Set<Int>, in repository: borrowing RepositoryHandle
  ) throws(GitError) -> Bool {
    for member in members {
      let parents = try parents(of: member, in: repository)
      guard parents.allSatisfy({ !members.contains($0) }) else { continue }
      for base in known where !parents.contains(base) {
        if try repository.isAncestor(nodes[member].id, of: nodes[base].id) { return true }
      }
    }
    return false
  }

  /// Git's painting from both ends, until only common commits wait.
  private mutating func paint(
    from tips: [Int], without known: [Int], _ order: Order, limit: Int,
    in repository: borrowing RepositoryHandle
  ) throws(GitError) -> Set<Int> {
    let (new, old): (UInt8, UInt8) = (1, 2)
    var paint: [Int: UInt8] = [:]
    for number in tips { paint[number] = new }
    for number in known { paint[number, default: 0] |= old }
    var queue = PriorityQueue<(time: Int64, number: Int)> { $0.time > $1.time }
    var waiting: [Int: Int] = [:]  // How often a commit painted only `new` stands in the queue.
    for (number, color) in paint {
      queue.push((try time(of: number, order, in: repository), number))
      if color == new { waiting[number] = 1 }
    }
    while !waiting.isEmpty || order == .exhaustive, let (_, number) = queue.pop() {
      if let times = waiting[number] { waiting[number] = times > 1 ? times - 1 : nil }
      guard paint.count <= limit else {
        throw repository.error(
          "walk the history", .tooLarge, "more than \(limit) commits have to be looked at")
      }
      let color = paint[number] ?? 0
      for parent in try parents(of: number, in: repository) {
        let before = paint[parent] ?? 0
        guard before | color != before else { continue }
        paint[parent] = before | color
        if before | color == new {
          waiting[parent, default: 0] += 1
        } else {
          waiting[parent] = nil
        }
        queue.push((try time(of: parent, order, in: repository), parent))
      }
    }
    return Set(paint.lazy.filter { $0.value == new }.map(\.key))
  }

  private mutating func time(
    of number: Int, _ order: Order, in repository: borrowing RepositoryHandle
  ) throws(GitError) -> Int64 {
    guard order == .datesOfParents else { return nodes[number].time }
    let parents = try parents(of: number, in: repository)
    return parents.reduce(nodes[number].time) { max($0, nodes[$1].time) }
  }
}
