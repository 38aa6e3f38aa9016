/// A seeded history of everything that people do to utilities with git, and who is who in it.
///
/// Knows nothing of the product: a utility is its `uid`, and each operation says what becomes of it.
/// A push that no one could decide from git is taken back and counted (`excluded`).
struct IdentityHistory {
  /// One push: where the branches stand after it.
  struct Step {
    var main: Int
    var trial: Int?
    var what: String
  }

  private(set) var record = ModelRecord()
  private(set) var steps: [Step] = []
  /// How many pushes were taken back, by what was ambiguous about them.
  private(set) var excluded: [Ambiguity: Int] = [:]
  private var generator: SeededGenerator
  private var uids = 0
  private var main = 0
  private var trial: Int?
  /// A branch that was squashed onto the approved one, and goes on.
  private var feature: Int?

  init(seed: UInt64, steps count: Int, usesTrial: Bool) {
    generator = SeededGenerator(seed: seed)
    var tree: ModelTree = [:]
    for _ in 0..<12 { _ = create(in: &tree) }
    main = record.commit(tree, [])
    steps.append(Step(main: main, trial: nil, what: "start"))
    while steps.count < count {
      let before = ModelPush(main: main, trial: trial, commits: commits.count)
      let squashed = feature
      let what = push(usesTrial)
      let after = ModelPush(main: main, trial: trial, commits: commits.count)
      let ambiguity = what == nil ? nil : record.ambiguity(from: before, to: after)
      guard let what, ambiguity == nil else {
        if let ambiguity { excluded[ambiguity, default: 0] += 1 }
        record.forget(from: before.commits)
        (main, trial, feature) = (before.main, before.trial, squashed)
        continue
      }
      record.abandon(from: before, to: after)
      steps.append(Step(main: main, trial: trial, what: what))
    }
  }

  var commits: [ModelCommit] { record.commits }
  private var mainTree: ModelTree { commits[main].tree }
  private var trialTree: ModelTree? { trial.map { commits[$0].tree } }

  private mutating func chance(_ one: Int, in all: Int) -> Bool {
    Int.random(in: 0..<all, using: &generator) < one
  }
  private mutating func pick<T>(_ values: [T]) -> T? { values.randomElement(using: &generator) }

  // MARK: Utilities

  private mutating func line() -> String {
    "v = \(UInt64.random(in: 0..<(1 << 60), using: &generator))"
  }

  /// A name that nobody has in a tree.
  private mutating func name(in tree: ModelTree) -> String? {
    for _ in 0..<20 {
      let name = "n\(Int.random(in: 0..<90, using: &generator))"
      if !tree.values.contains(where: { $0.key == name }) { return name }
    }
    return nil
  }

  private mutating func create(in tree: inout ModelTree, named fixed: String? = nil) -> Int? {
    let uid = uids + 1
    let free = commits.isEmpty ? "n\(uid)" : name(in: tree)
    guard let name = fixed ?? free else { return nil }
    var lines: [String] = []
    for _ in 0..<24 { lines.append(line()) }
    uids = uid
    tree[uid] = ModelItem(
      uid: uid, name: name, folder: pick(["utils", "utils/a", "utils/b/c"]) ?? "utils",
      lines: lines)
    return uid
  }

  private mutating func edit(_ item: inout ModelItem, lines count: Int) {
    for _ in 0..<count {
      let index = Int.random(in: item.lines.indices, using: &generator)
      item.lines[index] = line()
    }
    if chance(1, in: 3) { item.note += 1 }
  }

  /// One change of one tree, as a commit would bring it; nil where it does not fit.
  private mutating func change(_ tree: inout ModelTree) -> String? {
    guard let uid = pick(tree.map(\.key).sorted()), var item = tree[uid] else {
      return create(in: &tree).map { _ in "create" }
    }
    switch Int.random(in: 0..<20, using: &generator) {
    case 0, 1, 2:
      edit(&item, lines: .random(in: 1...3, using: &generator))
      tree[uid] = item
      return "edit"
    case 3:
      item.folder = pick(["utils", "utils/a", "utils/b/c", "utils/d"]) ?? "utils"
      if chance(1, in: 2) { edit(&item, lines: 2) }
      tree[uid] = item
      return "move"
    case 4, 5, 6:
      guard let target = name(in: tree) else { return nil }
      (item.name, item.renamedFrom) = (target, nil)
      let changed = pick([0, 0, 2, 5]) ?? 0
      edit(&item, lines: changed)
      tree[uid] = item
      return "rename with \(changed) lines"
    case 7:
      guard let target = name(in: tree) else { return nil }
      (item.renamedFrom, item.name) = (item.name, target)
      item.lines = item.lines.indices.map { _ in line() }
      tree[uid] = item
      return "renamed_from"
    case 8, 9, 10, 11:
      return permute(&tree)
    case 12:
      let first = item.name.prefix(1)
      item.name =
        (first == first.lowercased() ? first.uppercased() : first.lowercased())
        + item.name.dropFirst()
      item.renamedFrom = nil
      if chance(1, in: 2) { edit(&item, lines: 2) }
      tree[uid] = item
      return "case"
    case 13:
      item.draft.toggle()
      tree[uid] = item
      return item.draft ? "draft" : "active"
    case 14:
      guard tree.count > 6 else { return nil }
      tree[uid] = nil
      return "remove"
    case 15, 16:
      return revive(&tree)
    case 17:
      return create(in: &tree).map { _ in "create" }
    case 18:
      // A new utility under the name that another leaves.
      guard let target = name(in: tree) else { return nil }
      let former = item.name
      (item.name, item.renamedFrom) = (target, nil)
      tree[uid] = item
      _ = create(in: &tree, named: former.lowercased())
      return "rename, and a new one in its place"
    default:
      // One takes the name of another, which goes.
      guard tree.count > 6, let other = pick(tree.map(\.key).filter { $0 != uid }.sorted()),
        let gone = tree.removeValue(forKey: other)
      else { return nil }
      (item.name, item.renamedFrom) = (gone.name, nil)
      tree[uid] = item
      return "replace"
    }
  }

  /// Two names swapped, three in a circle, or a chain into a free name; also with edits.
  private mutating func permute(_ tree: inout ModelTree) -> String? {
    let count = Int.random(in: 2...3, using: &generator)
    let chosen = Array(tree.map(\.key).sorted().shuffled(using: &generator).prefix(count))
    guard chosen.count == count else { return nil }
    var names = chosen.compactMap { tree[$0]?.name }
    let isChain = chance(1, in: 3)
    if isChain {
      guard let end = name(in: tree) else { return nil }
      names = Array(names.dropFirst()) + [end]
    } else {
      names = Array(names.dropFirst()) + [names[0]]
    }
    let edits = pick([0, 1, 3]) ?? 0
    for (uid, name) in zip(chosen, names) {
      guard var item = tree[uid] else { continue }
      (item.name, item.renamedFrom) = (name, nil)
      edit(&item, lines: edits)
      tree[uid] = item
    }
    return (isChain ? "chain of" : "circle of") + " \(count) with \(edits) lines"
  }

  /// A removed one comes back, or one of the other branch comes over, under the name it had there.
  private mutating func revive(_ tree: inout ModelTree) -> String? {
    var choices: [ModelItem] = []
    for tip in [main, trial].compactMap({ $0 }) {
      choices += commits[tip].tree.values
      for deaths in record.facts[tip].deaths.values { choices += deaths.map(\.item) }
    }
    choices = choices.filter { item in
      tree[item.uid] == nil && !tree.values.contains { $0.key == item.key }
    }
    guard
      var item = pick(choices.sorted { ($0.uid, $0.name, $0.note) < ($1.uid, $1.name, $1.note) })
    else { return nil }
    if chance(1, in: 3) { item.folder = "utils/back" }
    if chance(1, in: 3) { item.lines = item.lines.indices.map { _ in line() } }
    if chance(2, in: 3) { item.renamedFrom = nil }
    tree[item.uid] = item
    return "revive"
  }

  // MARK: Pushes

  private mutating func push(_ usesTrial: Bool) -> String? {
    if usesTrial, chance(2, in: 5) { return pushTrial() }
    switch Int.random(in: 0..<20, using: &generator) {
    case 0, 1, 2: return mergeSides()
    case 3: return revert()
    case 4: return reset()
    case 5: return amend()
    case 6: return addApart()
    case 7: return squash()
    default:
      var tree = mainTree
      guard let what = change(&tree) else { return nil }
      main = record.commit(tree, [main])
      return what
    }
  }

  private func ancestor(of commit: Int, back: Int) -> Int {
    var result = commit
    for _ in 0..<back { result = commits[result].parents.first ?? result }
    return result
  }

  /// One or two side branches from some way back, merged.
  private mutating func mergeSides() -> String? {
    var parents = [main]
    var tree = mainTree
    var whats: [String] = []
    for _ in 0..<(chance(1, in: 4) ? 2 : 1) {
      let base = ancestor(of: main, back: .random(in: 0...5, using: &generator))
      var side = base
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        var next = commits[side].tree
        guard let what = change(&next) else { continue }
        side = record.commit(next, [side])
        whats.append(what)
      }
      guard side != base,
        let merged = ModelTree.merge(
          base: commits[base].tree, ours: tree, theirs: commits[side].tree)
      else { return nil }
      tree = merged
      parents.append(side)
    }
    main = record.commit(tree, parents)
    return "merge of \(whats)"
  }

  /// A side branch adds what the approved branch has added since it forked, and is merged.
  private mutating func addApart() -> String? {
    let base = ancestor(of: main, back: .random(in: 0...4, using: &generator))
    if chance(1, in: 2) {
      var tree = mainTree
      guard create(in: &tree) != nil else { return nil }
      main = record.commit(tree, [main])
    }
    let old = Set(record.reach[base].flatMap { commits[$0].tree.keys })
    guard let uid = pick(mainTree.keys.filter { !old.contains($0) }.sorted()),
      var copy = mainTree[uid], !commits[base].tree.values.contains(where: { $0.key == copy.key })
    else { return nil }
    if chance(1, in: 2) {
      copy.lines = copy.lines.indices.map { _ in line() }
    } else {
      edit(&copy, lines: 3)
    }
    if chance(1, in: 3) { copy.folder = "utils/apart" }
    var tree = commits[base].tree
    tree[uid] = copy
    var side = record.commit(tree, [base])
    if chance(1, in: 2), change(&tree) != nil { side = record.commit(tree, [side]) }
    return merge(side, "merge of one that was added apart")
  }

  /// A side branch with something new is squashed; or one that was is merged after all.
  private mutating func squash() -> String? {
    if let known = feature {
      var side = known
      var tree = commits[side].tree
      for _ in 0..<Int.random(in: 1...2, using: &generator) where change(&tree) != nil {
        side = record.commit(tree, [side])
      }
      feature = chance(1, in: 2) ? side : nil
      return merge(side, "merge of a squashed branch")
    }
    let base = ancestor(of: main, back: .random(in: 0...2, using: &generator))
    var tree = commits[base].tree
    guard create(in: &tree) != nil else { return nil }
    let side = record.commit(tree, [base])
    guard
      let merged = ModelTree.merge(base: commits[base].tree, ours: mainTree, theirs: tree)
    else { return nil }
    main = record.commit(merged, [main])
    feature = side
    return "squash"
  }

  /// Merges a side branch into the approved one, maybe after another commit there.
  private mutating func merge(_ side: Int, _ what: String) -> String? {
    if chance(1, in: 2) {
      var tree = mainTree
      guard change(&tree) != nil else { return nil }
      main = record.commit(tree, [main])
    }
    guard !record.reach[main].contains(side),
      let base = record.reach[main].intersection(record.reach[side]).max(),
      let tree = ModelTree.merge(
        base: commits[base].tree, ours: mainTree, theirs: commits[side].tree,
        prefersTheirs: chance(1, in: 2))
    else { return nil }
    main = record.commit(tree, [main, side])
    return what
  }

  private mutating func revert() -> String? {
    guard let parent = commits[main].parents.first else { return nil }
    main = record.commit(commits[parent].tree, [main])
    return "revert"
  }

  private mutating func reset() -> String? {
    let target = ancestor(of: main, back: .random(in: 1...3, using: &generator))
    guard target != main else { return nil }
    (main, feature) = (target, nil)
    return "force-push back"
  }

  private mutating func amend() -> String? {
    guard let parent = commits[main].parents.first, commits[main].parents.count == 1 else {
      return nil
    }
    var tree = mainTree
    guard let uid = pick(tree.map(\.key).sorted()), var item = tree[uid] else { return nil }
    edit(&item, lines: 2)
    tree[uid] = item
    main = record.commit(tree, [parent])
    return "amend"
  }

  private mutating func pushTrial() -> String? {
    guard let tip = trial else {
      trial = ancestor(of: main, back: pick([0, 0, 2]) ?? 0)
      return "trial"
    }
    let base = record.reach[main].intersection(record.reach[tip]).max() ?? 0
    switch Int.random(in: 0..<12, using: &generator) {
    case 0:
      trial = nil
      return "trial deleted"
    case 1, 2:
      guard !record.reach[main].contains(tip),
        let tree = ModelTree.merge(
          base: commits[base].tree, ours: mainTree, theirs: commits[tip].tree)
      else { return nil }
      let isForward = record.reach[tip].contains(main) && chance(1, in: 2)
      main = isForward ? tip : record.commit(tree, [main, tip])
      return "trial merged"
    case 3:
      guard !record.reach[tip].contains(main),
        let tree = ModelTree.merge(
          base: commits[base].tree, ours: commits[tip].tree, theirs: mainTree)
      else { return nil }
      trial = record.commit(tree, [tip, main])
      return "main merged into trial"
    default:
      var tree = commits[tip].tree
      guard let what = change(&tree) else { return nil }
      trial = record.commit(tree, [tip])
      return "trial: \(what)"
    }
  }
}
