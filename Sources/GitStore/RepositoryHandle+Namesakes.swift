import UtilityModel

extension RepositoryHandle {
  /// The files below a top-level folder of a tree (or commit) whose name without its extension is
  /// one of `stems`, in ASCII lower case; whatever the folder and the case.
  ///
  /// Reads every folder there, but makes texts of what it gives only: listing a tree of 10,000
  /// files costs a few milliseconds. Throws as `files(in:under:)`.
  public func files(
    in tree: ObjectID, below top: String, stems: Set<String>, isHistory: Bool = false
  ) throws(GitError) -> [TreeFile] {
    guard !stems.isEmpty, let folder = try entry(at: top, in: treeID(of: tree)),
      folder.mode & 0o170000 == 0o040000
    else { return [] }
    let wanted = Set(stems.map { Array($0.utf8) })
    let longest = wanted.map(\.count).max() ?? 0
    var result: [TreeFile] = []
    let limit = TreeLimit.entries(isHistory: isHistory)
    var visited = 0
    var pending = [
      (id: folder.id, path: try FolderPath().appending(Array(top.utf8), subject: subject))
    ]
    while let (id, path) = pending.popLast() {
      guard path.depth <= TreeLimit.depth else {
        if isHistory { continue }
        throw error(
          "read a tree", .tooLarge, "folders are nested deeper than \(TreeLimit.depth) levels")
      }
      var cursor = try self.tree(id)
      while let entry = cursor.entry {
        visited += 1
        guard visited <= limit else {
          throw error(
            "read a tree", .tooLarge,
            "more than \(limit) files and folders; split the repository")
        }
        if isHistory, !path.hasRoom(for: entry.name.count) {
          // Nothing that is served was ever there.
        } else if entry.isTree {
          pending.append((entry.id, try path.appending(Array(entry.name), subject: subject)))
        } else if let stem = Self.stem(of: entry.name, atMost: longest), wanted.contains(stem) {
          let file = try path.appending(Array(entry.name), subject: subject, isFolder: false)
          result.append(
            TreeFile(path: file.text, id: entry.id, mode: entry.fileMode, validPath: file.isValid))
        }
        try cursor.advance()
      }
    }
    return result
  }

  /// A file's name up to its last dot, in ASCII lower case; nil where it is longer than `limit`.
  private static func stem(of name: UnsafeRawBufferPointer, atMost limit: Int) -> [UInt8]? {
    let dot = name.lastIndex(of: UInt8(ascii: ".")) ?? name.count
    guard dot > 0, dot <= limit else { return nil }
    return name[..<dot].map { $0 >= 0x41 && $0 <= 0x5a ? $0 | 0x20 : $0 }
  }
}
