/// What no one can decide from git, so that the model has no answer: such a push is left out of the
/// histories and counted. `docs/identity.md` lists the kinds.
enum Ambiguity: String, CaseIterable {
  /// A name changed together with more than half of the file, and no sidecar says so.
  case undeclaredRewrite
  /// A `renamed_from` from before (a revert, a merge) names somebody else now.
  case staleDeclaration
  /// A new utility under the name of a removed one, which by the rules is the removed one.
  case newUnderRemovedName
  /// A new utility on one branch under a name that the other branch has for another one.
  case newUnderNameOfOtherBranch
  /// A removed utility comes back, and went under another name, under two, or together with others.
  case unclearReturn
  /// A utility that only abandoned commits had, or its name.
  case abandoned
  /// A utility that was added to both branches apart, and is renamed on one of them.
  case copiesWithTwoNames
}

/// Where the branches stand, and how many commits there are.
struct ModelPush {
  var main: Int
  var trial: Int?
  var commits: Int
}

/// All commits of a history, with what follows from them for each utility.
struct ModelRecord {
  /// The last commit that had a removed utility, and the utility as it was there.
  struct Death: Hashable {
    var commit: Int
    var item: ModelItem
  }

  /// What a commit's history says of utilities.
  struct Facts {
    /// The commits from which a utility has been there without a gap.
    var origins: [Int: Set<Int>] = [:]
    /// The ends of removed utilities, on each line of the history.
    var deaths: [Int: [Death]] = [:]
  }

  private(set) var commits: [ModelCommit] = []
  private(set) var facts: [Facts] = []
  /// What each commit reaches, itself included.
  private(set) var reach: [Set<Int>] = []
  /// Utilities of abandoned commits that are nowhere else, and all names that they had.
  private var abandoned: Set<Int> = []
  private var abandonedNames: Set<String> = []
  /// The last push that had a utility on some branch.
  private var lastSeen: [Int: Int] = [:]
  private var pushes = 0
  /// Utilities that were last seen while there was a trial branch.
  private var lastSeenBesideTrial: Set<Int> = []

  mutating func commit(_ tree: ModelTree, _ parents: [Int]) -> Int {
    let number = commits.count
    commits.append(ModelCommit(parents: parents, tree: tree))
    reach.append(parents.reduce(into: [number]) { $0.formUnion(reach[$1]) })
    var new = Facts()
    for uid in tree.keys {
      let origins = parents.compactMap { facts[$0].origins[uid] }
      new.origins[uid] = origins.isEmpty ? [number] : origins.reduce(into: []) { $0.formUnion($1) }
    }
    for parent in parents {
      for (uid, item) in commits[parent].tree where tree[uid] == nil {
        new.deaths[uid, default: []].append(Death(commit: parent, item: item))
      }
    }
    // What a merge drops went on the side that dropped it; the names on all sides count.
    for parent in parents {
      for (uid, deaths) in facts[parent].deaths where tree[uid] == nil {
        for death in deaths where new.deaths[uid]?.contains(death) != true {
          new.deaths[uid, default: []].append(death)
        }
      }
    }
    facts.append(new)
    return number
  }

  mutating func forget(from number: Int) {
    commits.removeSubrange(number...)
    facts.removeSubrange(number...)
    reach.removeSubrange(number...)
  }

  /// Remembers what only abandoned commits have.
  mutating func abandon(from before: ModelPush, to after: ModelPush) {
    let kept = reach[after.main].union(after.trial.map { reach[$0] } ?? [])
    let left = reach[before.main].union(before.trial.map { reach[$0] } ?? []).subtracting(kept)
    let live = Set(commits[after.main].tree.keys)
      .union(after.trial.map { Set(commits[$0].tree.keys) } ?? [])
    pushes += 1
    for uid in live {
      lastSeen[uid] = pushes
      if after.trial == nil {
        lastSeenBesideTrial.remove(uid)
      } else {
        lastSeenBesideTrial.insert(uid)
      }
    }
    let lost = left.reduce(into: Set<Int>()) { $0.formUnion(commits[$1].tree.keys) }
      .subtracting(live)
    guard !lost.isEmpty else { return }
    abandoned.formUnion(lost)
    for commit in commits {
      for uid in lost { if let item = commit.tree[uid] { abandonedNames.insert(item.key) } }
    }
  }

  // MARK: What is ambiguous

  /// What is ambiguous about a push, if anything.
  func ambiguity(from before: ModelPush, to after: ModelPush) -> Ambiguity? {
    let isMain = before.main != after.main
    let (tip, former) = isMain ? (after.main, before.main) : (after.trial, before.trial)
    let other = isMain ? before.trial : before.main
    let scene = Scene(former: former, other: other, known: before.commits)
    for number in before.commits..<commits.count {
      if let found = ambiguity(of: number, scene) { return found }
    }
    guard let tip else { return nil }
    // Those that are back on the branch, by whatever way.
    let there = former.map { commits[$0].tree } ?? [:]
    for (uid, item) in commits[tip].tree where there[uid] == nil && isKnown(uid, scene) {
      if let other, let twin = commits[other].tree[uid] {
        if twin.key != item.key, !isLinked(uid, tip, other) { return .unclearReturn }
      } else {
        // An own copy of it, which a merge brings under a name that it had before its last.
        let ends = ends(uid, scene, [])
        let origins = facts[tip].origins[uid] ?? []
        let isApart = ends.contains {
          $0.item.key != item.key
            && facts[$0.commit].origins[uid]?.isDisjoint(with: origins) == true
        }
        if isApart { return .unclearReturn }
        if let found = unclear(uid, ends, scene, in: tip) { return found }
      }
    }
    if let other {
      for (uid, item) in commits[tip].tree {
        if let twin = commits[other].tree[uid], twin.key != item.key, !isLinked(uid, tip, other) {
          return .copiesWithTwoNames
        }
      }
    }
    return nil
  }

  /// The branch that is pushed to, as it was, and the other one.
  private struct Scene {
    var former: Int?
    var other: Int?
    /// How many commits there were before.
    var known: Int
  }

  private func isKnown(_ uid: Int, _ scene: Scene) -> Bool {
    commits[..<scene.known].contains { $0.tree[uid] != nil }
  }

  private func isLinked(_ uid: Int, _ one: Int, _ two: Int) -> Bool {
    guard let first = facts[one].origins[uid], let second = facts[two].origins[uid] else {
      return false
    }
    return !first.isDisjoint(with: second)
  }

  /// A utility's ends, as some commits and both branches know them.
  private func ends(_ uid: Int, _ scene: Scene, _ parents: [Int]) -> [Death] {
    (parents + [scene.former, scene.other].compactMap { $0 }).flatMap {
      facts[$0].deaths[uid] ?? []
    }
  }

  /// Why a removed utility cannot be told by its name: it had two, or another went under it that did
  /// not go before.
  private func unclear(
    _ uid: Int, _ ends: [Death], _ scene: Scene, in commit: Int
  ) -> Ambiguity? {
    guard !abandoned.contains(uid), let name = ends.first?.item.key,
      !abandonedNames.contains(name)
    else { return .abandoned }
    guard ends.allSatisfy({ $0.item.key == name }) else { return .unclearReturn }
    for place in [commit, scene.former, scene.other].compactMap({ $0 }) {
      for (rival, deaths) in facts[place].deaths where rival != uid {
        for death in deaths where death.item.key == name {
          // Together they may have gone from two branches, in no order that a history tells.
          let (theirs, own) = (lastSeen[rival] ?? 0, lastSeen[uid] ?? 0)
          if theirs > own || theirs == own && lastSeenBesideTrial.contains(uid) {
            return .unclearReturn
          }
          guard
            ends.allSatisfy({ $0.commit != death.commit && reach[$0.commit].contains(death.commit) }
            )
          else { return .unclearReturn }
        }
      }
    }
    return nil
  }

  private func ambiguity(of number: Int, _ scene: Scene) -> Ambiguity? {
    let commit = commits[number]
    guard let first = commit.parents.first else { return nil }
    let parents = commit.parents.map { commits[$0].tree }
    let before = parents[0].byName
    let after = commit.tree.byName
    if isStale(commit.tree, before, after) { return .staleDeclaration }
    for (uid, item) in commit.tree {
      let was = parents.compactMap { $0[uid] }
      if was.isEmpty {
        if let found = ambiguity(ofNew: item, in: number, scene) { return found }
      } else if parents.count > 1 {
        guard was.contains(where: { $0.key == item.key && $0.isLike(item) }) else {
          return .undeclaredRewrite
        }
        continue
      } else if was[0].key != item.key {
        guard was[0].isLike(item) || declares(item, was[0], before, after) else {
          return .undeclaredRewrite
        }
      } else {
        continue
      }
      // It came to the name, which a utility new on the other branch came up under.
      guard let other = scene.other, commits[other].tree[uid] == nil else { continue }
      for place in reach[other].subtracting(reach[first]) {
        for (rival, twin) in commits[place].tree
        where rival != uid && twin.key == item.key && facts[place].origins[rival] == [place] {
          return .newUnderNameOfOtherBranch
        }
      }
    }
    return nil
  }

  /// One that no parent has.
  private func ambiguity(ofNew item: ModelItem, in number: Int, _ scene: Scene) -> Ambiguity? {
    let commit = commits[number]
    if abandonedNames.contains(item.key) || abandoned.contains(item.uid) { return .abandoned }
    let here = Set(commit.tree.keys).union(scene.former.map { Set(commits[$0].tree.keys) } ?? [])
    if let other = scene.other {
      let mine = scene.former.map { reach[$0] } ?? []
      for place in reach[other].subtracting(mine) {
        for (rival, twin) in commits[place].tree
        where rival != item.uid && twin.key == item.key && !here.contains(rival) {
          return .newUnderNameOfOtherBranch
        }
      }
    }
    guard commits[..<number].contains(where: { $0.tree[item.uid] != nil }) else {
      for place in commit.parents + [scene.former, scene.other].compactMap({ $0 }) {
        for (rival, deaths) in facts[place].deaths
        where deaths.contains(where: { $0.item.key == item.key }) {
          let living = commit.parents.contains(place) ? number : scene.former
          if living.map({ commits[$0].tree[rival] == nil }) ?? true { return .newUnderRemovedName }
        }
      }
      return nil
    }
    if isAddedApart(item, in: number, scene) { return nil }
    if let former = scene.former, commits[former].tree[item.uid] != nil { return .unclearReturn }
    if let declared = item.renamedFrom?.lowercased() {
      let isTaken = (commit.parents + [scene.former, scene.other].compactMap { $0 }).contains {
        facts[$0].deaths.contains { uid, deaths in
          uid != item.uid && deaths.contains { $0.item.key == declared }
        }
      }
      if isTaken || abandonedNames.contains(declared) { return .staleDeclaration }
    }
    let ends = ends(item.uid, scene, commit.parents)
    guard ends.allSatisfy({ $0.item.key == item.key }) else { return .unclearReturn }
    if let twin = scene.other.flatMap({ commits[$0].tree[item.uid] }) {
      guard twin.key == item.key else { return .unclearReturn }
      let rivals = (commit.parents + [scene.former].compactMap { $0 }).contains {
        facts[$0].deaths.contains { uid, deaths in
          uid != item.uid && deaths.contains { $0.item.key == item.key }
        }
      }
      return rivals ? .unclearReturn : nil
    }
    return unclear(item.uid, ends, scene, in: commit.parents[0])
  }

  /// Whether it is the same that the branch has added on another line, always under this name, and
  /// no removed one had that.
  private func isAddedApart(_ item: ModelItem, in number: Int, _ scene: Scene) -> Bool {
    let parents = commits[number].parents
    let places = parents + [scene.former, scene.other].compactMap { $0 }
    return commits[..<number].allSatisfy { $0.tree[item.uid].map { $0.key == item.key } ?? true }
      && !parents.contains { reach[$0].contains { commits[$0].tree[item.uid] != nil } }
      && !places.contains { place in
        facts[place].deaths.contains { uid, deaths in
          uid == item.uid || deaths.contains { $0.item.key == item.key }
        }
      }
  }

  /// Whether a sidecar says of a rename what it is.
  private func declares(
    _ item: ModelItem, _ was: ModelItem, _ before: [String: ModelItem],
    _ after: [String: ModelItem]
  ) -> Bool {
    if item.renamedFrom?.lowercased() == was.key {
      return before[item.key]?.renamedFrom?.lowercased() != was.key
    }
    return was.renamedFrom?.lowercased() == item.key && before[item.key] == nil
      && after[was.key] == nil
  }

  /// Whether a commit brings a `renamed_from` into force that is about somebody else.
  private func isStale(
    _ tree: ModelTree, _ before: [String: ModelItem], _ after: [String: ModelItem]
  ) -> Bool {
    for item in tree.values {
      guard let declared = item.renamedFrom?.lowercased(), let from = before[declared] else {
        continue
      }
      if from.uid != item.uid, before[item.key]?.sidecar != item.sidecar { return true }
    }
    for was in before.values where after[was.key] == nil {
      guard let name = was.renamedFrom?.lowercased(), before[name] == nil, let back = after[name]
      else { continue }
      if back.uid != was.uid { return true }
    }
    return false
  }
}
