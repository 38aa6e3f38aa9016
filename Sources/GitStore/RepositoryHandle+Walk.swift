import UtilityModel

/// A commit as walks see it.
public struct CommitNode: Hashable, Sendable {
  /// The commit.
  public let id: ObjectID
  /// Its root tree.
  public let tree: ObjectID
  /// Its parents, the first one first.
  public let parents: [ObjectID]

  /// A commit by its parts.
  public init(id: ObjectID, tree: ObjectID, parents: [ObjectID]) {
    self.id = id
    self.tree = tree
    self.parents = parents
  }
}

extension RepositoryHandle {
  /// The commits that some of `tips` reach and none of `bases` does, parents before their children.
  ///
  /// Right whatever the dates say. Throws `tooLarge` when more than `limit` commits have to be
  /// looked at.
  public func commits(
    reachedBy tips: [ObjectID], without bases: [ObjectID], limit: Int
  ) throws(GitError) -> [CommitNode] {
    var graph = CommitGraph()
    var from: [Int] = []
    for tip in tips { from.append(try graph.number(of: tip, in: self)) }
    var without: [Int] = []
    for base in bases { without.append(try graph.number(of: base, in: self)) }
    let region = try graph.region(from: from, without: without, limit: limit, in: self)
    return region.reversed().map { number in
      CommitNode(id: graph[number].id, tree: graph[number].tree, parents: graph[number].parents)
    }
  }

  /// The commits that lie between `tips` and the newest commit that all their histories go through,
  /// parents before their children; and that commit, which is not among them.
  ///
  /// `start` is nil where there is no such commit: all their histories are given then. Every parent
  /// of a commit given is given too or is `start`. Throws `tooLarge` beyond `limit` commits.
  public func commits(
    backFrom tips: [ObjectID], limit: Int
  ) throws(GitError) -> (start: ObjectID?, commits: [CommitNode]) {
    var graph = CommitGraph()
    var from: [Int] = []
    for tip in tips { from.append(try graph.number(of: tip, in: self)) }
    let (start, region) = try graph.region(backFrom: from, limit: limit, in: self)
    let commits = region.reversed().map { number in
      CommitNode(id: graph[number].id, tree: graph[number].tree, parents: graph[number].parents)
    }
    return (start.map { graph[$0].id }, commits)
  }

  /// A commit as walks see it; throws `corrupt` if it is missing, damaged or no commit.
  public func node(_ id: ObjectID) throws(GitError) -> CommitNode {
    let commit = try commit(id)
    return CommitNode(id: id, tree: commit.tree, parents: commit.parents)
  }
}
