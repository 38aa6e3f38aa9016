import UtilityModel

/// What a tree's entry is, besides a folder.
public enum FileMode: Hashable, Sendable {
  /// 100644.
  case regular
  /// 100755.
  case executable
  /// 120000.
  case symlink
  /// 160000: a commit of another repository.
  case submodule
}

/// A file in a revision.
public struct TreeFile: Hashable, Sendable {
  /// The path from the root, with `/` between names; bytes that are not UTF-8 are replaced.
  ///
  /// Swift compares texts by canonical equivalence and git by bytes, so two files may have equal
  /// paths here where a folder's name is written in two Unicode normal forms.
  public let path: String
  /// The blob, or a submodule's commit.
  public let id: ObjectID
  /// What it is.
  public let mode: FileMode
  /// Whether `path` is the exact path, and safe as one: UTF-8, no control characters, and no name
  /// that is empty, `.`, `..` or `.git` in any case.
  public let validPath: Bool

  /// A file by its parts.
  public init(path: String, id: ObjectID, mode: FileMode, validPath: Bool = true) {
    self.path = path
    self.id = id
    self.mode = mode
    self.validPath = validPath
  }
}

/// A path that differs between two revisions.
public struct TreeChange: Hashable, Sendable {
  /// The path from the root.
  public let path: String
  /// The file before, `nil` if there was none.
  public let old: TreeFile?
  /// The file after, `nil` if there is none.
  public let new: TreeFile?

  /// A change by its parts.
  public init(path: String, old: TreeFile?, new: TreeFile?) {
    self.path = path
    self.old = old
    self.new = new
  }
}

/// What is read of one tree at most; more is refused as `tooLarge`.
enum TreeLimit {
  /// Folders within folders.
  static let depth = 64
  /// Files and folders visited, so that nested copies of one folder cannot multiply without end.
  static let entries = 200_000
  /// Bytes of one path.
  static let path = 4096
  /// Bytes of one tree object.
  static let object = 64 << 20

  /// The same for a tree of the history, which may have been refused, and is bounded all the same.
  static func entries(isHistory: Bool) -> Int { isHistory ? 10 * entries : entries }
}
