import CLibgit2
import Foundation
import Glibc

/// Where a repository's parts lie, and the checks that come before libgit2 opens it.
///
/// Everything that would make a read leave the repository (a `.git` file, `commondir`, alternates)
/// is refused here.
struct RepositoryLayout {
  /// The folder's name, for messages.
  let subject: String
  /// The folder with `HEAD`, `objects` and `refs`.
  let gitFolder: String

  /// The folder with the objects.
  var objectsFolder: String { gitFolder + "/objects" }

  private static let operation = "open"

  /// Finds and checks the repository at `path`, bare or with a `.git` folder inside; initialises libgit2,
  /// which reads its config.
  init(path: String) throws(GitError) {
    guard Library.isReady else {
      throw GitError(
        Self.operation, .other, subject: "libgit2",
        cause: "the library could not be initialised: \(Library.lastError().message)")
    }
    let name = path.split(separator: "/").last.map(String.init) ?? "repository"
    subject = name
    func refuse(_ code: GitError.Code, _ cause: String) -> GitError {
      GitError(Self.operation, code, subject: name, cause: cause)
    }
    guard let outer = Self.status(path) else {
      throw refuse(.notFound, "the folder does not exist; create it with `git init --bare`")
    }
    guard Self.isFolder(outer) else {
      throw refuse(.notARepository, "it is not a folder")
    }
    try Self.checkOwner(outer, subject: subject)
    if let inner = Self.status(path + "/.git") {
      guard Self.isFolder(inner) else {
        throw refuse(
          .notARepository,
          "its .git is not a folder; linked worktrees and submodules are not served, push to a "
            + "bare repository instead")
      }
      try Self.checkOwner(inner, subject: subject)
      gitFolder = path + "/.git"
    } else {
      gitFolder = path
    }
    for part in ["HEAD", "objects", "refs"] where Self.status(gitFolder + "/" + part) == nil {
      throw refuse(
        .notARepository, "it has no \(part); create the repository with `git init --bare`")
    }
    if Self.status(gitFolder + "/commondir") != nil {
      throw refuse(
        .notARepository, "it is a linked worktree; serve the repository that it belongs to")
    }
    try checkFormat()
    try checkAlternates()
  }

  /// Refuses formats that libgit2 1.5 cannot read, with the name of the format.
  private func checkFormat() throws(GitError) {
    var config: OpaquePointer?
    guard git_config_open_ondisk(&config, gitFolder + "/config") == 0, let config else {
      let cause = Library.lastError().message
      throw GitError(
        Self.operation, .corrupt, subject: subject, cause: "its config cannot be read: \(cause)")
    }
    defer { git_config_free(config) }
    for (key, usual) in [("extensions.objectformat", "sha1"), ("extensions.refstorage", "files")] {
      var value = git_buf()
      defer { git_buf_dispose(&value) }
      guard git_config_get_string_buf(&value, config, key) == 0, let text = value.ptr else {
        continue
      }
      let name = ForeignText.decode(text, limit: 32)
      guard name.lowercased() != usual else { continue }
      throw GitError(
        Self.operation, .unsupportedFormat, subject: subject,
        cause: "it is in the \(name) format, which is not supported; create it again with "
          + "`git init --bare --object-format=sha1` and push")
    }
  }

  /// Refuses alternates that lead out of the repository, also through other alternates.
  func checkAlternates() throws(GitError) {
    guard let inside = Self.resolve(gitFolder) else {
      throw GitError(Self.operation, .notFound, subject: subject, cause: "its folder is gone")
    }
    var folders = [objectsFolder]
    var seen: Set<String> = []
    while let folder = folders.popLast() {
      guard seen.insert(folder).inserted else { continue }
      let file = folder + "/info/alternates"
      guard Self.status(file) != nil else { continue }
      guard let text = FileManager.default.contents(atPath: file) else {
        throw GitError(
          Self.operation, .io, subject: subject, cause: "its alternates file cannot be read")
      }
      for line in String(decoding: text, as: UTF8.self).split(separator: "\n")
      where !line.hasPrefix("#") {
        let target = line.hasPrefix("/") ? String(line) : folder + "/" + line
        guard let resolved = Self.resolve(target), resolved.hasPrefix(inside + "/") else {
          throw GitError(
            Self.operation, .other, subject: subject,
            cause: "objects/info/alternates leads out of the repository; run `git repack -a -d` "
              + "in it and remove that file")
        }
        folders.append(resolved)
      }
    }
  }

  /// Git's rule: a repository is trusted if it belongs to whoever reads it, or to root.
  private static func checkOwner(_ status: stat, subject: String) throws(GitError) {
    let user = geteuid()
    guard status.st_uid != user, status.st_uid != 0 else { return }
    throw GitError(
      operation, .ownership, subject: subject,
      cause: "it belongs to user \(status.st_uid) and the agent runs as user \(user); run the "
        + "agent as that user, or `chown -R \(user)` the repository")
  }

  static func status(_ path: String) -> stat? {
    var result = stat()
    return stat(path, &result) == 0 ? result : nil
  }

  static func isFolder(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFDIR }

  static func resolve(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
