import UtilityModel

extension RepositoryHandle {
  /// Who last changed each unit's files, and who let that in.
  ///
  /// - `branchTip`: the commit to look from.
  /// - `units`: a unit's name and the paths of its files.
  /// - `known`: a commit whose provenance the caller already has. A unit that was not changed since
  ///   is left out of the answer; so is one whose files never existed.
  /// - `limit`: commits looked at before `tooLarge` is thrown.
  ///
  /// The commit is the one that `git log -1 <branchTip> -- <paths>` names. `approvedBy` is the
  /// committer of the first-parent merge that brought it in: the oldest commit on the first-parent
  /// chain that reaches it; "" for a commit on the chain itself, its own committer if that is a
  /// merge. Exact whatever the dates say; the cost follows the commits that `known` lacks.
  public func lastChanges(
    branchTip: ObjectID, units: [String: [String]], known: ObjectID? = nil, limit: Int = 2_000_000
  ) throws(GitError) -> [String: Provenance] {
    let names = Array(units.keys)
    var origin = ChangeOrigin(units: names.map { units[$0] ?? [] })
    try origin.run(tip: branchTip, known: known, limit: limit, in: self)
    var approvers = try Approvers(tip: branchTip, known: known, region: origin.region, origin.graph)
    var provenances: [Int: Provenance] = [:]
    var result: [String: Provenance] = [:]
    for (unit, number) in origin.answers {
      if let known = provenances[number] {
        result[names[unit]] = known
        continue
      }
      let commit = try commit(origin.graph[number].id)
      let provenance = Provenance(
        commit: commit.id, author: commit.author.name, authorEmail: commit.author.email,
        authoredAt: commit.author.milliseconds, committer: commit.committer.name,
        approvedBy: try approvers.approver(of: commit, in: self))
      provenances[number] = provenance
      result[names[unit]] = provenance
    }
    return result
  }

  /// What `lastChanges` says of the units that changed after the `limit`-th first parent of
  /// `branchTip`; of the others nothing.
  ///
  /// Looks back in growing strides, so that the cost follows how long ago the changes are.
  public func recentChanges(
    branchTip: ObjectID, units: [String: [String]], limit: Int
  ) throws(GitError) -> [String: Provenance] {
    var result: [String: Provenance] = [:]
    var floor: ObjectID? = branchTip
    var (depth, stride) = (0, 64)
    while let last = floor, depth < limit, result.count < units.count {
      stride = min(stride, limit - depth)
      var next: ObjectID? = last
      for _ in 0..<stride {
        guard let id = next else { break }
        next = try withCommit(id, RepositoryHandle.parents).first
      }
      depth += stride
      stride *= 8
      floor = next
      do throws(GitError) {
        let found = try lastChanges(
          branchTip: branchTip, units: units.filter { result[$0.key] == nil }, known: next,
          limit: limit * 10)
        result.merge(found) { known, _ in known }
      } catch  where error.code == .tooLarge {
        return result
      }
    }
    return result
  }
}

/// Finds the first-parent merge that brought a commit in.
struct Approvers {
  /// For new commits, the oldest commit on the first-parent chain that reaches them.
  private var carriers: [ObjectID: ObjectID] = [:]
  private let tip: ObjectID
  private let known: ObjectID?
  private var names: [ObjectID: String] = [:]
  private var chain: [ObjectID]?

  /// Floods the region from the chain's commits, the oldest one first.
  init(
    tip: ObjectID, known: ObjectID?, region: [Int], _ graph: CommitGraph
  ) throws(GitError) {
    self.tip = tip
    self.known = known
    var members: [ObjectID: [ObjectID]] = [:]
    for number in region { members[graph[number].id] = graph[number].parents }
    var chain: [ObjectID] = []
    var next: ObjectID? = tip
    while let id = next, let parents = members[id] {
      chain.append(id)
      next = parents.first
    }
    for carrier in chain.reversed() {
      var stack = [carrier]
      while let id = stack.popLast() {
        guard let parents = members[id], carriers[id] == nil else { continue }
        carriers[id] = carrier
        stack += parents
      }
    }
  }

  /// The committer of the merge that brought `commit` in, or "".
  mutating func approver(
    of commit: Commit, in repository: borrowing RepositoryHandle
  ) throws(GitError) -> String {
    let carrier: ObjectID
    let isOld: Bool =
      if let known { try repository.isAncestor(commit.id, of: known) } else { false }
    if !isOld, let found = carriers[commit.id] {
      carrier = found
    } else {
      carrier = try search(commit.id, in: repository)
    }
    if carrier == commit.id { return commit.parents.count > 1 ? commit.committer.name : "" }
    if let name = names[carrier] { return name }
    let name = try repository.commit(carrier).committer.name
    names[carrier] = name
    return name
  }

  /// The rare case of a commit older than `known`: whether a commit of the chain reaches it changes
  /// once along the chain, so the place is found by halving.
  private mutating func search(
    _ id: ObjectID, in repository: borrowing RepositoryHandle
  ) throws(GitError) -> ObjectID {
    let chain = try firstParents(in: repository)
    var (reaching, beyond) = (0, chain.count)
    while beyond - reaching > 1 {
      let middle = (reaching + beyond) / 2
      if try repository.isAncestor(id, of: chain[middle]) {
        reaching = middle
      } else {
        beyond = middle
      }
    }
    return chain[reaching]
  }

  private mutating func firstParents(
    in repository: borrowing RepositoryHandle
  ) throws(GitError) -> [ObjectID] {
    if let chain { return chain }
    var result = [tip]
    while let last = result.last,
      let parent = try repository.withCommit(last, RepositoryHandle.parents).first
    {
      result.append(parent)
    }
    chain = result
    return result
  }
}
