import CLibgit2
import Glibc
import UtilityModel

/// An open repository: reads refs, commits, trees and blobs by object id, never a checkout.
///
/// Thread rule: not `Sendable`. Use one handle from one thread at a time (keep it in a `Mutex` or
/// in an actor with an executor of its own); every call blocks on the disk, so none belongs on the
/// cooperative pool. Only values leave it. Replace refs and grafts are not honoured. Objects that
/// arrive, and packs that are rewritten, after opening are found: a miss looks at the disk again.
public struct RepositoryHandle: ~Copyable {
  let pointer: OpaquePointer
  let layout: RepositoryLayout
  private let additionalObjects: String?

  /// Opens the repository at `path`, bare or with a `.git` folder inside; no parent is searched.
  ///
  /// `additionalObjects` is a further object folder inside the repository: the quarantine of a
  /// push in a pre-receive hook (`GIT_QUARANTINE_PATH`). Throws `notFound`, `notARepository`,
  /// `ownership` (the owner must be the effective user or root), `unsupportedFormat`, `corrupt`,
  /// `io`, or `other` for alternates and objects outside of the repository.
  public init(path: String, additionalObjects: String? = nil) throws(GitError) {
    let layout = try RepositoryLayout(path: path)
    if let additionalObjects {
      guard let inside = RepositoryLayout.resolve(layout.gitFolder),
        let resolved = RepositoryLayout.resolve(additionalObjects),
        resolved.hasPrefix(inside + "/")
      else {
        throw GitError(
          "open", .other, subject: layout.subject,
          cause: "the additional object folder is not inside the repository")
      }
    }
    var opened: OpaquePointer?
    let flags =
      GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue | GIT_REPOSITORY_OPEN_BARE.rawValue
      | GIT_REPOSITORY_OPEN_NO_DOTGIT.rawValue
    let status = git_repository_open_ext(&opened, layout.gitFolder, flags, nil)
    guard status == 0, let opened else {
      let (message, area) = Library.lastError()
      let unsupported = message.contains("extension") || message.contains("version")
      let code: GitError.Code =
        unsupported ? .unsupportedFormat : area == GIT_ERROR_OS ? .io : .notARepository
      throw GitError("open", code, subject: layout.subject, cause: message)
    }
    guard Self.add(additionalObjects, to: opened) else {
      let cause = Library.lastError().message
      git_repository_free(opened)
      throw GitError("open", .other, subject: layout.subject, cause: cause)
    }
    pointer = opened
    self.layout = layout
    self.additionalObjects = additionalObjects
  }

  deinit { git_repository_free(pointer) }

  /// The repository's folder name, as it stands in errors.
  public var subject: String { layout.subject }

  // MARK: - Objects

  /// Runs a libgit2 call that reads objects; on failure opens the object store anew and repeats it
  /// once, which finds new packs and forgets those that a repack removed.
  func reading(_ call: () -> Int32) throws(GitError) -> Int32 {
    let status = call()
    guard status < 0, status != GIT_EAMBIGUOUS.rawValue, status != GIT_EINVALIDSPEC.rawValue else {
      return status
    }
    guard access(layout.objectsFolder, F_OK) == 0 else { return status }
    try layout.checkAlternates()
    var store: OpaquePointer?
    guard git_odb_open(&store, layout.objectsFolder) == 0, let store else {
      throw failure("open the object store")
    }
    defer { git_odb_free(store) }
    guard git_repository_set_odb(pointer, store) == 0, Self.add(additionalObjects, to: pointer)
    else {
      throw failure("open the object store")
    }
    return call()
  }

  /// Lets a repository read a further object folder; whether that worked.
  private static func add(_ objects: String?, to repository: OpaquePointer) -> Bool {
    guard let objects else { return true }
    var store: OpaquePointer?
    guard git_repository_odb(&store, repository) == 0, let store else { return false }
    defer { git_odb_free(store) }
    return git_odb_add_disk_alternate(store, objects) == 0
  }

  /// The size in bytes and the kind of an object, from its header only.
  func header(_ id: ObjectID, operation: String) throws(GitError) -> (size: Int, git_object_t) {
    var oid = id.oid
    var size = 0
    var kind = GIT_OBJECT_INVALID
    let status = try reading {
      var store: OpaquePointer?
      let status = git_repository_odb(&store, pointer)
      guard status == 0 else { return status }
      defer { git_odb_free(store) }
      return git_odb_read_header(&size, &kind, store, &oid)
    }
    guard status == 0 else { throw unreadable(id, status, operation: operation) }
    return (size, kind)
  }

  /// An object's bytes, at most `limit` of them, checked against its id and for its kind.
  func object(
    _ id: ObjectID, kind: git_object_t, limit: Int, operation: String
  ) throws(GitError) -> RawObject {
    let (size, found) = try header(id, operation: operation)
    guard found == kind else {
      throw error(
        operation, .corrupt,
        "object \(id) is a \(Self.name(of: found)), not a \(Self.name(of: kind))")
    }
    guard size <= limit else {
      throw error(
        operation, .tooLarge,
        "\(Self.name(of: kind)) \(id) has \(size) bytes; the limit is \(limit)")
    }
    var oid = id.oid
    var object: OpaquePointer?
    let status = try reading {
      var store: OpaquePointer?
      let status = git_repository_odb(&store, pointer)
      guard status == 0 else { return status }
      defer { git_odb_free(store) }
      return git_odb_read(&object, store, &oid)
    }
    guard status == 0, let object else { throw unreadable(id, status, operation: operation) }
    return RawObject(owning: object, id: id)
  }

  // MARK: - Errors

  /// An error about this repository.
  func error(_ operation: String, _ code: GitError.Code, _ cause: String) -> GitError {
    GitError(operation, code, subject: subject, cause: cause)
  }

  /// The error of a libgit2 call that just failed on this thread.
  func failure(_ operation: String) -> GitError {
    let (message, area) = Library.lastError()
    guard access(layout.objectsFolder, F_OK) == 0 else {
      return error(operation, .notFound, "the repository is gone")
    }
    let code: GitError.Code =
      switch area {
      case GIT_ERROR_OS: .io
      case GIT_ERROR_ODB, GIT_ERROR_OBJECT, GIT_ERROR_ZLIB, GIT_ERROR_TREE, GIT_ERROR_REFERENCE,
        GIT_ERROR_SHA:
        .corrupt
      default: .other
      }
    return error(operation, code, message)
  }

  /// The error of an object that could not be read.
  func unreadable(_ id: ObjectID, _ status: Int32, operation: String) -> GitError {
    let (message, area) = Library.lastError()
    guard access(layout.objectsFolder, F_OK) == 0 else {
      return error(operation, .notFound, "the repository is gone")
    }
    let wayOut = "`git fsck` in the repository tells more; push it again from a complete clone"
    if status == GIT_ENOTFOUND.rawValue {
      return error(operation, .corrupt, "object \(id) is missing; \(wayOut)")
    }
    if area == GIT_ERROR_OS {
      return error(operation, .io, "object \(id) cannot be read: \(message)")
    }
    return error(operation, .corrupt, "object \(id) is corrupt (\(message)); \(wayOut)")
  }

  static func name(of kind: git_object_t) -> String {
    switch kind {
    case GIT_OBJECT_COMMIT: "commit"
    case GIT_OBJECT_TREE: "tree"
    case GIT_OBJECT_BLOB: "blob"
    case GIT_OBJECT_TAG: "tag"
    default: "object of an unknown kind"
    }
  }
}

/// An object's bytes in libgit2's memory, freed with the last reference.
final class RawObject {
  private let pointer: OpaquePointer?
  /// The object's name.
  let id: ObjectID
  /// The bytes; valid as long as this object lives.
  let bytes: UnsafeRawBufferPointer

  init(owning pointer: OpaquePointer, id: ObjectID) {
    self.pointer = pointer
    self.id = id
    bytes = UnsafeRawBufferPointer(
      start: git_odb_object_data(pointer), count: git_odb_object_size(pointer))
  }

  /// An object of no repository, of the length of its bytes and not a byte more.
  init(copying bytes: [UInt8]) {
    pointer = nil
    id = .none
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    copy.copyBytes(from: bytes)
    self.bytes = UnsafeRawBufferPointer(copy)
  }

  deinit {
    if let pointer { git_odb_object_free(pointer) } else { bytes.deallocate() }
  }
}
