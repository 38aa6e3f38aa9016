import GitStore
import UtilityModel

/// The history of one utility's file, by the rules that its number follows: whatever renames, swaps
/// or replacements a commit made, what is given is what belonged to this utility.
///
/// A utility that comes back in another folder than it went from is given since then only. All calls
/// block. Source: docs/identity.md, "The rules for one commit".
public struct UtilityLineage {
  private let repository: OpenRepository
  private let likeness: Likeness

  /// The histories in the repository at `path`. Throws `GitError`.
  public init(path: String) throws(GitError) {
    repository = try OpenRepository(path: path)
    likeness = Likeness(repository)
  }

  /// The newest `limit` commits that changed the utility whose `.py` file is at `path` in `tip`.
  public func lineage(
    of path: String, from tip: ObjectID, limit: Int, in handle: borrowing RepositoryHandle
  ) throws(GitError) -> FileLineage {
    try handle.lineage(of: path, from: tip, limit: limit) { (entry, path) throws(GitError) in
      try origin(of: path, at: entry)
    }
  }

  /// The utility's file at `commit`, or nil where it had none there.
  public func blob(
    of path: String, from tip: ObjectID, at commit: ObjectID, in handle: borrowing RepositoryHandle
  ) throws(GitError) -> ObjectID? {
    try handle.blob(of: path, from: tip, at: commit) { (entry, path) throws(GitError) in
      try origin(of: path, at: entry)
    }
  }

  /// Where the utility at `path` was before a commit that changed its files.
  private func origin(of path: String, at entry: HistoryEntry) throws(GitError) -> FileOrigin {
    guard let (stem, _) = NameState.parse(path), let parent = entry.commit.parents.first else {
      return .itself
    }
    let key = NameState.key(ofStem: stem)
    let touched = try repository.read { (git) throws(GitError) -> Set<String>? in
      // What a merge has of another parent goes on there.
      for other in entry.commit.parents.dropFirst() {
        if try git.hasFile(at: path, in: other) { return nil }
      }
      let changes = try git.changes(
        from: parent, to: entry.commit.tree, under: ["utils"], isHistory: true)
      let keys = Set(
        changes.compactMap { NameState.parse($0.path).map { NameState.key(ofStem: $0.stem) } })
      guard keys.isSubset(of: [key]), entry.blob != nil else { return keys }
      return try git.hasFile(at: path, in: parent) ? nil : keys
    }
    guard let touched else { return .itself }
    let old = try units(of: touched, in: parent)
    let before = old[key].flatMap { units in units.first { $0.stem == stem } ?? units.first }
    let new = try units(of: touched, in: entry.commit.tree)
    let match = try RenameMatch(
      old: old.compactMapValues(\.first),
      new: new.reduce(into: [:]) { found, name in
        let (key, units) = (name.key, name.value)
        found[key] =
          units.first { $0.stem == stem } ?? NameState.primary(of: units, former: old[key]?.first)
      }, likeness: likeness)
    guard entry.blob != nil else {
      return match.origins.contains { $0.key != key && $0.value == key } ? .notItsOwn : .itself
    }
    switch match.origins[key] {
    case nil: return before == nil ? .itself : .nowhere
    case key:
      guard let before, before.stem != stem else { return .itself }
      return .renamed(from: before.stem.text + ".py")
    case let from?: return old[from]?.first.map { .renamed(from: $0.stem.text + ".py") } ?? .itself
    }
  }

  /// The files of some names, by lower-case name; those of a name sorted by their folder.
  private func units(
    of names: Set<String>, in tree: ObjectID
  ) throws(GitError) -> [String: [NameState.Unit]] {
    let files = try repository.read { (git) throws(GitError) in
      try git.files(in: tree, below: "utils", stems: names, isHistory: true)
    }
    var units: [PathKey: NameState.Unit] = [:]
    for file in files where file.validPath {
      guard let (stem, kind) = NameState.parse(file.path) else { continue }
      units[stem, default: NameState.Unit(stem: stem)][keyPath: kind] = file.id
    }
    return Dictionary(grouping: units.values) { $0.name.lowercased() }
      .mapValues { $0.sorted { $0.stem < $1.stem } }
  }
}
