import CLibgit2
import Foundation
import Glibc
import UtilityModel

/// A tenant's bare repository that is yet to be made below the root.
///
/// It is made under a name that no tenant has, and renamed when it is whole: whoever watches the root
/// sees all of it or nothing. Every function blocks.
public struct NewRepository: Sendable {
  /// `repositories.root`.
  public var root: String
  /// Whose it will be.
  public var tenant: TenantCode
  /// What `HEAD` names: the approved branch.
  public var branch: String
  /// The user to whom it is given where root makes it; nil leaves it to whoever makes it.
  public var owner: uid_t?

  /// A repository by its parts.
  public init(root: String, tenant: TenantCode, branch: String, owner: uid_t? = nil) {
    self.root = root
    self.tenant = tenant
    self.branch = branch
    self.owner = owner
  }

  private static let operation = "create"
  private var name: String { "\(tenant).git" }
  private var staging: String { "\(root)/.\(name).new" }

  /// Where it will be.
  public var path: String { "\(root)/\(name)" }

  /// Makes it, with what `prepare` puts into the folder that it is given before anybody sees it.
  ///
  /// Group and mode follow the root: its group, readable and writable for whom the root is (a root
  /// that is setgid and writable for its group gives `core.sharedRepository`), but never writable
  /// for everybody. One at a time for a tenant. Throws `GitError` (`exists`, also for a name that
  /// differs in case alone; `io`, `other`), or what `prepare` throws; nothing is left behind then.
  public func make(_ prepare: (_ folder: String) throws -> Void = { _ in }) throws {
    guard Library.isReady else { throw failure(.other, Library.lastError().message) }
    try check()
    var rootStatus = stat()
    guard stat(root, &rootStatus) == 0 else { throw systemFailure("repositories.root") }
    try discard()  // What a crash left.
    do {
      try initialise(rootStatus)
      try prepare(staging)
      try give(rootStatus)
      try sync()
      // Never replaces but an empty folder.
      guard rename(staging, path) == 0 else {
        throw [EEXIST, ENOTEMPTY, ENOTDIR].contains(errno)
          ? failure(.exists, "it is there already") : systemFailure("its place cannot be taken")
      }
      try Self.sync(root, isFolder: true)
    } catch {
      try discard()
      throw error
    }
  }

  /// Refuses a name that is taken, in any case. Throws `GitError`.
  public func check() throws(GitError) {
    let names: [String]
    do throws(SystemError) {
      names = try Folder.names(in: root)
    } catch {
      throw failure(.io, "repositories.root cannot be listed (\(error.reason))")
    }
    let wanted = [name, tenant.rawValue]
    guard let taken = names.first(where: { wanted.contains($0.lowercased()) }) else { return }
    throw failure(
      .exists,
      "`\(taken)` is in repositories.root already; choose another name, or move it away")
  }

  private func initialise(_ root: stat) throws(GitError) {
    var options = git_repository_init_options()
    guard
      git_repository_init_options_init(
        &options, UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION)) == 0
    else { throw failure(.other, Library.lastError().message) }
    options.flags =
      GIT_REPOSITORY_INIT_BARE.rawValue | GIT_REPOSITORY_INIT_NO_REINIT.rawValue
      | GIT_REPOSITORY_INIT_MKDIR.rawValue
    options.mode =
      isShared(root)
      ? GIT_REPOSITORY_INIT_SHARED_GROUP.rawValue : GIT_REPOSITORY_INIT_SHARED_UMASK.rawValue
    var made: OpaquePointer?
    let status = branch.withCString { head in
      options.initial_head = head
      return git_repository_init_ext(&made, staging, &options)
    }
    guard status == 0, let made else {
      let (message, area) = Library.lastError()
      throw failure(area == GIT_ERROR_OS ? .io : .other, message)
    }
    git_repository_free(made)
  }

  /// Whether the root's group is to push: setgid, and writable for it.
  private func isShared(_ root: stat) -> Bool {
    root.st_mode & S_ISGID != 0 && root.st_mode & S_IWGRP != 0
  }

  /// Owner, group and modes. Only the superuser can give it away. Who may enter the root may enter
  /// the repository; nobody else.
  private func give(_ root: stat) throws(GitError) {
    let isShared = isShared(root)
    try each { (path, isFolder) throws(GitError) in
      if geteuid() == 0, let owner {
        guard lchown(path, owner, root.st_gid) == 0 else {
          throw systemFailure("it cannot be given to user \(owner)")
        }
      }
      var status = stat()
      guard isShared else { return }
      // A change of owner takes the setgid bit away.
      guard stat(path, &status) == 0,
        chmod(path, status.st_mode & 0o777 | (isFolder ? 0o2070 : 0o060)) == 0
      else { throw systemFailure("its mode cannot be set") }
    }
    let mode = isShared ? 0o2770 | root.st_mode & 0o005 : 0o700 | root.st_mode & 0o2055
    guard chmod(staging, mode) == 0 else { throw systemFailure("its mode cannot be set") }
  }

  private func sync() throws(GitError) {
    try each { (path, isFolder) throws(GitError) in try Self.sync(path, isFolder: isFolder) }
  }

  private static func sync(_ path: String, isFolder: Bool) throws(GitError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    defer { if descriptor >= 0 { close(descriptor) } }
    guard descriptor >= 0, fsync(descriptor) == 0 else {
      throw GitError(
        operation, .io, subject: "the new repository",
        cause: "it cannot be written to the disk: \(SystemError().reason)")
    }
  }

  /// Every file and folder of it, the folder itself included.
  private func each(_ body: (String, Bool) throws(GitError) -> Void) throws(GitError) {
    var pending = [staging]
    while let folder = pending.popLast() {
      try body(folder, true)
      var files: [String] = []
      do throws(SystemError) {
        try Folder.each(in: folder) { name, isFolder in
          if isFolder { pending.append("\(folder)/\(name)") } else { files.append(name) }
        }
      } catch {
        throw failure(.io, "it cannot be listed: \(error.reason)")
      }
      for name in files { try body("\(folder)/\(name)", false) }
    }
  }

  private func discard() throws(GitError) {
    guard RepositoryLayout.status(staging) != nil else { return }
    do {
      try FileManager.default.removeItem(atPath: staging)
    } catch {
      throw failure(.io, "`.\(name).new` in repositories.root cannot be removed; remove it")
    }
  }

  private func failure(_ code: GitError.Code, _ cause: String) -> GitError {
    GitError(Self.operation, code, subject: name, cause: cause)
  }

  private func systemFailure(_ what: String) -> GitError {
    failure(.io, "\(what): \(SystemError().reason)")
  }
}
