import CLibgit2
import UtilityModel

extension RepositoryHandle {
  /// Every file below the given top-level names of a tree, in git's order.
  ///
  /// A name may be a folder or a file (`utils`, `lib`, `tenant.yaml`). `tree` may also be a commit.
  /// Throws `tooLarge` beyond 64 levels, 200,000 files and folders, or a path of 4,096 bytes, and
  /// `corrupt` for a damaged tree. In a tree of the history (`isHistory`), which may have been refused
  /// for that, what is too deep or too long is passed over.
  public func files(
    in tree: ObjectID, under: [String], isHistory: Bool = false
  ) throws(GitError) -> [TreeFile] {
    var result: [TreeFile] = []
    var comparison = TreeComparison(under: under, isHistory: isHistory)
    try comparison.run(from: nil, to: treeID(of: tree), in: self) { change in
      if let file = change.new { result.append(file) }
    }
    return result
  }

  /// What differs between two trees (or commits) below the given top-level names, in git's order.
  ///
  /// Compares object ids and does not enter equal folders, so the cost follows the change. `nil` is
  /// the empty tree. A file that becomes a folder, or the reverse, is a removal and additions.
  /// Throws as `files(in:under:)`.
  public func changes(
    from old: ObjectID?, to new: ObjectID, under: [String], isHistory: Bool = false
  ) throws(GitError) -> [TreeChange] {
    var result: [TreeChange] = []
    var comparison = TreeComparison(under: under, isHistory: isHistory)
    let before: ObjectID? = if let old { try treeID(of: old) } else { nil }
    try comparison.run(from: before, to: treeID(of: new), in: self) { result.append($0) }
    return result
  }

  /// The tree of a commit or annotated tag; a tree stays itself.
  func treeID(of id: ObjectID) throws(GitError) -> ObjectID {
    let (_, kind) = try header(id, operation: "read a tree")
    if kind == GIT_OBJECT_TREE { return id }
    let commit = try peel(id, operation: "read a tree")
    return try withCommit(commit) { ObjectID(git_commit_tree_id($0).pointee) }
  }

  /// A cursor on a tree's first entry.
  func tree(_ id: ObjectID) throws(GitError) -> TreeCursor {
    let object = try object(
      id, kind: GIT_OBJECT_TREE, limit: TreeLimit.object, operation: "read a tree")
    return try TreeCursor(object, subject: subject)
  }

  /// Whether a regular file stands at a path of a commit (or tree). Throws `GitError`.
  public func hasFile(at path: String, in tree: ObjectID) throws(GitError) -> Bool {
    try entry(at: path, in: treeID(of: tree)).map { $0.mode & 0o170000 == 0o100000 } ?? false
  }

  /// What stands at a path of a tree, which may be a folder: its mode and id, or `nil`.
  func entry(at path: String, in tree: ObjectID) throws(GitError) -> PathState? {
    var state: PathState? = PathState(id: tree, mode: 0o040000)
    for name in path.utf8.split(separator: UInt8(ascii: "/")) {
      guard let folder = state, folder.mode & 0o170000 == 0o040000 else { return nil }
      var cursor = try self.tree(folder.id)
      state = nil
      while let entry = cursor.entry {
        if entry.name.elementsEqual(name) {
          state = PathState(id: entry.id, mode: entry.mode)
          break
        }
        try cursor.advance()
      }
    }
    return state
  }
}

/// What stands at a path: equal states need no look inside.
struct PathState: Hashable {
  let id: ObjectID
  let mode: UInt32
}
