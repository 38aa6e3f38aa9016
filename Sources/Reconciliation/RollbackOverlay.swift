import GitStore
import UtilityModel
import Validation

/// Puts the files of rolled-back utilities in the place of those that a tree has. Every function blocks.
///
/// Whatever is judged, planned and released afterwards sees the earlier files only, as if the tree
/// had them.
enum RollbackOverlay {
  private static let extensions = [".py", ".yaml", ".yml"]

  /// The files of each of `names` below `utils/` of a commit, sorted by path: other spellings of
  /// case included, since a name is taken in any.
  static func files(
    of names: Set<String>, at commit: ObjectID, in handle: borrowing RepositoryHandle
  ) throws(GitError) -> [String: [TreeFile]] {
    let tree = try handle.commit(commit).tree
    var byStem: [String: [TreeFile]] = [:]
    let stems = Set(names.map { $0.lowercased() })
    for file in try handle.files(in: tree, below: "utils", stems: stems)
    where extensions.contains(where: file.path.lowercased().hasSuffix) {
      byStem[stem(of: file.path), default: []].append(file)
    }
    var result: [String: [TreeFile]] = [:]
    for name in names {
      result[name] = (byStem[name.lowercased()] ?? []).sorted {
        PathKey($0.path) < PathKey($1.path)
      }
    }
    return result
  }

  private static func stem(of path: String) -> String {
    let name = path.utf8.split(separator: UInt8(ascii: "/")).last.map(Substring.init) ?? ""
    let end = name.utf8.lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex
    return UtilityName.of(stem: name[..<end]).lowercased()
  }

  /// What a rollback remembers of files.
  static func recorded(_ files: [TreeFile]) -> [UtilityRollback.File] {
    files.map { UtilityRollback.File(path: $0.path, blob: $0.id) }
  }

  /// `changes` towards the tree of `head`, with the files of `new` instead of the tree's own; `old`
  /// is what was in their place before.
  static func applied(
    to changes: [SourceChange], head: ObjectID, from old: [String: UtilityRollback],
    to new: [String: UtilityRollback], in handle: borrowing RepositoryHandle
  ) throws(GitError) -> [SourceChange] {
    guard !old.isEmpty || !new.isEmpty else { return changes }
    var final: [PathKey: SourceEntry?] = [:]
    for file in old.values.flatMap(\.files) { final.updateValue(nil, forKey: PathKey(file.path)) }
    let present = try files(of: Set(old.keys).union(new.keys), at: head, in: handle)
    for (name, files) in present {
      for file in files {
        final.updateValue(
          new[name] == nil ? GitObserver.entry(file) : nil, forKey: PathKey(file.path))
      }
    }
    for file in new.values.flatMap(\.files) {
      final[PathKey(file.path)] = SourceEntry(path: file.path, id: file.blob, kind: .file)
    }
    return changes.filter { final[PathKey($0.path)] == nil }
      + final.sorted { $0.key < $1.key }.map { SourceChange(path: $0.key.text, entry: $0.value) }
  }

  /// The rollbacks that `head` leaves in force: those whose utility no newer commit touched.
  ///
  /// `applied` is the commit up to which that is known already; nil where the repository lost it.
  static func inForce(
    _ rollbacks: [String: UtilityRollback], head: ObjectID, applied: ObjectID?,
    in handle: borrowing RepositoryHandle
  ) throws(GitError) -> [String: UtilityRollback] {
    let wanted = rollbacks.filter { $0.value.state != .ending }
    guard !wanted.isEmpty, head != applied else { return wanted }
    let present = try files(of: Set(wanted.keys), at: head, in: handle)
    var kept = wanted.filter { recorded(present[$0.key] ?? []) == $0.value.replaced }
    if let applied, !kept.isEmpty {
      // A commit may have changed a file and another one changed it back.
      let touched = try handle.lastChanges(
        branchTip: head, units: kept.mapValues { $0.replaced.map(\.path) }, known: applied)
      for name in touched.keys { kept[name] = nil }
    }
    return kept
  }
}
