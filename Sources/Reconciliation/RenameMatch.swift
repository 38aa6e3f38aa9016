import GitStore
import UtilityModel

/// Which former name each name of one commit comes from, by what the commit did to the files.
///
/// In order: what a sidecar newly declares; the name itself, while its file is at least half of
/// what it was; the likest file that left its name, equal ones first, where names that are still
/// there take part only when they were rewritten or when the whole exchange is accounted for (two
/// names swapped, three in a circle); and the name itself again. Ties go to what sorts first.
struct RenameMatch {
  /// Beyond this many pairs only files that are the same code are compared.
  static let pairs = 250_000

  /// New name to former name, both lower case; a name that is left out is new.
  private(set) var origins: [String: String] = [:]
  /// What was ambiguous.
  private(set) var notes: [SyncNote] = []

  private let old: [String: NameState.Unit]
  private let new: [String: NameState.Unit]
  private let likeness: Likeness
  private var claimed: Set<String> = []
  private var own: [String: Int] = [:]

  /// A possible origin: the code of `from` stands at `to`.
  private struct Edge {
    var from: String
    var to: String
    /// 101 for the same code, else the similarity.
    var score: Int
    /// How many of the two names are still there, so that others must make room.
    var displaced: Int
    var hasSameSidecar: Bool

    func precedes(_ other: Edge) -> Bool {
      if score != other.score { return score > other.score }
      if displaced != other.displaced { return displaced < other.displaced }
      if hasSameSidecar != other.hasSameSidecar { return hasSameSidecar }
      return (to, from) < (other.to, other.from)
    }
    func ties(_ other: Edge) -> Bool {
      (score, displaced) == (other.score, other.displaced)
        && hasSameSidecar == other.hasSameSidecar
    }
  }

  /// Matches the names that a commit touched: their files before and after.
  init(
    old: [String: NameState.Unit], new: [String: NameState.Unit], likeness: Likeness
  ) throws(GitError) {
    (self.old, self.new, self.likeness) = (old, new, likeness)
    try run()
  }

  private mutating func run() throws(GitError) {
    for (name, unit) in new where old[name] != nil && old[name]?.source == unit.source {
      claim(name, from: name)
    }
    let appears = new.keys.contains { old[$0] == nil }
    let open = new.keys.filter { origins[$0] == nil }
    guard !open.isEmpty else { return }
    // One name whose file changed in place, and nothing to mistake it for.
    if !appears, open.count == 1, old.count == new.count {
      claim(open[0], from: open[0])
      return
    }
    for name in open {
      guard let before = old[name], let after = new[name] else { continue }
      own[name] = try likeness.similarity(before.source, after.source)
    }
    try matchDeclared(open.sorted())
    for name in open where origins[name] == nil {
      guard let before = old[name], let after = new[name], !claimed.contains(name) else { continue }
      if let body = try likeness.body(after), body == (try likeness.body(before)) {
        claim(name, from: name)
      }
    }
    try matchFiles()
    for name in open.sorted() where origins[name] == nil && old[name] != nil {
      if !claimed.contains(name) { claim(name, from: name) }
    }
    for (name, from) in origins.sorted(by: { $0.key < $1.key }) where from != name {
      if old[name] != nil, !claimed.contains(name), let unit = new[name] {
        notes.append(
          SyncNote(
            name: unit.name,
            message: "`\(unit.name)` was replaced by what was `\(spelled(from))`: it keeps the id "
              + "of `\(spelled(from))`, and the former `\(unit.name)` is removed"))
      }
    }
  }

  private func spelled(_ key: String) -> String { old[key]?.name ?? key }
  private func isWeak(_ name: String) -> Bool { (own[name] ?? 0) < 50 }
  private func stays(_ name: String) -> Bool { old[name] != nil && new[name] != nil }

  private mutating func claim(_ name: String, from: String) {
    origins[name] = from
    claimed.insert(from)
  }

  /// `renamed_from`, where the sidecar says it for the first time.
  private mutating func matchDeclared(_ open: [String]) throws(GitError) {
    var wishes: [(name: String, from: String)] = []
    for name in open {
      guard let unit = new[name], old[name]?.sidecar != unit.sidecar,
        let from = try likeness.declared(unit), from != name, old[from] != nil
      else { continue }
      if let before = old[name], try likeness.declared(before) == from { continue }
      wishes.append((name, from))
    }
    // A name that is still there is no former name, unless it makes room itself.
    var changed = true
    while changed {
      changed = false
      for (index, wish) in wishes.enumerated().reversed() where stays(wish.from) {
        let makesRoom = wishes.contains { $0.name == wish.from } || isWeak(wish.from)
        if origins[wish.from] == wish.from || !makesRoom {
          wishes.remove(at: index)
          changed = true
        }
      }
    }
    for wish in wishes where !claimed.contains(wish.from) { claim(wish.name, from: wish.from) }
    // And back: a name returns while the one that declared it goes, as a revert does.
    let returning = open.filter { origins[$0] == nil && old[$0] == nil }
    guard !returning.isEmpty else { return }
    for from in old.keys.sorted() where new[from] == nil && !claimed.contains(from) {
      guard let unit = old[from], let name = try likeness.declared(unit), returning.contains(name),
        origins[name] == nil
      else { continue }
      claim(name, from: from)
    }
  }

  /// The likest files, the best pair first.
  private mutating func matchFiles() throws(GitError) {
    var edges = try edges()
    while true {
      let chosen = choose(edges)
      // A name that is still there gives up its file only to somebody else's that moved in, and
      // takes another only when its own has gone somewhere: otherwise it was copied or edited.
      let sources = Set(chosen.map(\.from))
      let targets = Set(chosen.map(\.to))
      let loose = chosen.filter { edge in
        stays(edge.to) && !isWeak(edge.to) && !sources.contains(edge.to)
          || stays(edge.from) && !isWeak(edge.from) && !targets.contains(edge.from)
      }
      if loose.isEmpty {
        for edge in chosen {
          claim(edge.to, from: edge.from)
          noteTie(of: edge, among: edges)
        }
        return
      }
      edges.removeAll { edge in loose.contains { $0.from == edge.from && $0.to == edge.to } }
    }
  }

  private func choose(_ edges: [Edge]) -> [Edge] {
    var from: Set<String> = []
    var to: Set<String> = []
    return edges.filter { edge in
      guard !from.contains(edge.from), !to.contains(edge.to) else { return false }
      from.insert(edge.from)
      to.insert(edge.to)
      return true
    }
  }

  private mutating func noteTie(of edge: Edge, among edges: [Edge]) {
    let rivals = edges.filter { $0.to == edge.to && $0.from != edge.from && $0.ties(edge) }
    guard let rival = rivals.first, let unit = new[edge.to] else { return }
    notes.append(
      SyncNote(
        name: unit.name,
        message: "`\(unit.name)` is as much like the former `\(spelled(edge.from))` as like "
          + "`\(spelled(rival.from))`: it keeps the id of `\(spelled(edge.from))`; "
          + "`renamed_from` would settle it"))
  }

  private func edges() throws(GitError) -> [Edge] {
    let sources = old.keys.filter { !claimed.contains($0) && old[$0]?.source != nil }.sorted()
    let targets = new.keys.filter { origins[$0] == nil && new[$0]?.source != nil }.sorted()
    var edges: [Edge] = []
    func edge(_ from: String, _ to: String, _ score: Int) -> Edge {
      Edge(
        from: from, to: to, score: score, displaced: (stays(from) ? 1 : 0) + (stays(to) ? 1 : 0),
        hasSameSidecar: old[from]?.sidecar == new[to]?.sidecar)
    }
    var byBody: [Digest: [String]] = [:]
    for from in sources {
      if let unit = old[from], let body = try likeness.body(unit) {
        byBody[body, default: []].append(from)
      }
    }
    var exact: Set<String> = []
    for to in targets {
      guard let unit = new[to], let body = try likeness.body(unit) else { continue }
      for from in (byBody[body] ?? []).prefix(100) where from != to {
        edges.append(edge(from, to, 101))
        exact.insert(from + "/" + to)
      }
    }
    let movable = sources.filter { !stays($0) || isWeak($0) }
    let free = targets.filter { !stays($0) || isWeak($0) }
    if movable.count * free.count <= Self.pairs {
      for to in free {
        for from in movable where from != to && !exact.contains(from + "/" + to) {
          let score = try likeness.similarity(old[from]?.source, new[to]?.source)
          if score >= 50 { edges.append(edge(from, to, score)) }
        }
      }
    }
    return edges.sorted { $0.precedes($1) }
  }
}
