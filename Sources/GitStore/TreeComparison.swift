import CLibgit2
import UtilityModel

/// Walks two trees side by side and gives what differs; equal subtrees are not entered.
///
/// Depth first with a stack of its own, so that no tree can exhaust the thread's; the files come in
/// git's order. One side may be absent, which lists the other.
struct TreeComparison: ~Copyable {
  private struct Frame {
    var old: TreeCursor?
    var new: TreeCursor?
    let folder: FolderPath
  }

  private var frames: [Frame] = []
  private var visited = 0
  private let under: Set<[UInt8]>
  private let isHistory: Bool
  private static let operation = "compare trees"

  /// Compares below the given names of the top level.
  ///
  /// A tree of the history (`isHistory`) may be one that was refused: what lies too deep in it, or has
  /// too long a path, is passed over, since nothing that is served was ever there; and it may have
  /// ten times as many files.
  init(under: [String], isHistory: Bool = false) {
    self.under = Set(under.map { Array($0.utf8) })
    self.isHistory = isHistory
  }

  /// Calls `emit` for every file that differs between `old` and `new`, two trees' ids.
  mutating func run(
    from old: ObjectID?, to new: ObjectID?, in repository: borrowing RepositoryHandle,
    emit: (TreeChange) -> Void
  ) throws(GitError) {
    guard old != new else { return }
    visited = 0
    try push(old: old, new: new, folder: FolderPath(), in: repository)
    while var frame = frames.popLast() {
      let (old, new) = (frame.old?.entry, frame.new?.entry)
      guard old != nil || new != nil else { continue }
      let order: Int =
        if let old, let new { old.compare(new) } else { old == nil ? 1 : -1 }
      let left = order <= 0 ? old : nil
      let right = order >= 0 ? new : nil
      let step = try step(left, right, in: frame.folder, subject: repository.subject)
      // The entries' memory belongs to the cursors, which stay alive in `frame` until here.
      if left != nil { try frame.old?.advance() }
      if right != nil { try frame.new?.advance() }
      let folder = frame.folder
      frames.append(frame)
      switch step {
      case .nothing: break
      case .file(let change): emit(change)
      case .folder(let old, let new, let name):
        if isHistory, folder.depth >= TreeLimit.depth || !folder.hasRoom(for: name.count) { break }
        let inner = try folder.appending(name, subject: repository.subject)
        try push(old: old, new: new, folder: inner, in: repository)
      }
    }
  }

  private enum Step {
    case nothing
    case file(TreeChange)
    case folder(old: ObjectID?, new: ObjectID?, name: [UInt8])
  }

  private mutating func step(
    _ old: TreeEntry?, _ new: TreeEntry?, in folder: FolderPath, subject: String
  ) throws(GitError) -> Step {
    if let old, let new, old.isSame(as: new) { return .nothing }
    guard let entry = new ?? old else { return .nothing }
    if folder.depth == 0, !under.contains(Array(entry.name)) { return .nothing }
    visited += 1
    let limit = TreeLimit.entries(isHistory: isHistory)
    guard visited <= limit else {
      throw GitError(
        Self.operation, .tooLarge, subject: subject,
        cause: "more than \(limit) files and folders; split the repository")
    }
    if entry.isTree { return .folder(old: old?.id, new: new?.id, name: Array(entry.name)) }
    if isHistory, !folder.hasRoom(for: entry.name.count) { return .nothing }
    let path = try folder.appending(Array(entry.name), subject: subject, isFolder: false)
    func file(_ entry: TreeEntry) -> TreeFile {
      TreeFile(path: path.text, id: entry.id, mode: entry.fileMode, validPath: path.isValid)
    }
    return .file(TreeChange(path: path.text, old: old.map(file), new: new.map(file)))
  }

  private mutating func push(
    old: ObjectID?, new: ObjectID?, folder: FolderPath, in repository: borrowing RepositoryHandle
  ) throws(GitError) {
    guard folder.depth <= TreeLimit.depth else {
      throw GitError(
        Self.operation, .tooLarge, subject: repository.subject,
        cause: "folders are nested deeper than \(TreeLimit.depth) levels")
    }
    guard old != new else { return }
    let before: TreeCursor? = if let old { try repository.tree(old) } else { nil }
    let after: TreeCursor? = if let new { try repository.tree(new) } else { nil }
    frames.append(Frame(old: before, new: after, folder: folder))
  }
}

/// The path of a folder in a tree, ending with `/`, or of a file.
struct FolderPath {
  private(set) var text = ""
  private(set) var isValid = true
  private(set) var depth = 0

  /// Whether a name of so many bytes makes no path that is too long.
  func hasRoom(for bytes: Int) -> Bool { text.utf8.count + bytes < TreeLimit.path }

  /// The path of `name` in this folder; throws `tooLarge` when it is too long.
  func appending(
    _ name: [UInt8], subject: String, isFolder: Bool = true
  ) throws(GitError) -> FolderPath {
    guard hasRoom(for: name.count) else {
      throw GitError(
        "read a tree", .tooLarge, subject: subject,
        cause: "a path is longer than \(TreeLimit.path) bytes")
    }
    var path = self
    if let exact = String(validating: name, as: UTF8.self) {
      path.text += exact
      path.isValid = isValid && Self.isSafe(name)
    } else {
      path.text += String(decoding: name, as: UTF8.self)
      path.isValid = false
    }
    if isFolder {
      path.text += "/"
      path.depth += 1
    }
    return path
  }

  private static func isSafe(_ name: [UInt8]) -> Bool {
    for byte in name where byte < 0x20 || byte == 0x7f || byte == UInt8(ascii: "/") { return false }
    guard name.first == UInt8(ascii: ".") else { return !name.isEmpty }
    let text = String(decoding: name, as: UTF8.self).lowercased()
    return text != "." && text != ".." && text != ".git"
  }
}
