import CLibgit2
import UtilityModel

extension RepositoryHandle {
  /// The commit of that id, or the only one whose id begins so; nil where there is none.
  ///
  /// `digits` are 4 to 40 hexadecimal ones, of either case. No branch and no tag is looked for,
  /// whatever its name; the id of an annotated tag leads to its commit. Objects of other kinds
  /// that begin alike do not count, as for git. Throws `ambiguous` for several commits, and what
  /// reading throws.
  public func commit(named digits: String) throws(GitError) -> ObjectID? {
    let operation = "look a commit up"
    var (short, found) = (git_oid(), git_oid())
    let length = digits.utf8.count
    guard (4...40).contains(length), git_oid_fromstrn(&short, digits, length) == 0 else {
      return nil
    }
    let status = try reading {
      withObjects { git_odb_exists_prefix(&found, $0, &short, length) }
    }
    switch status {
    case 0: return try commit(leadingFrom: ObjectID(found))
    case GIT_ENOTFOUND.rawValue:
      guard RepositoryLayout.status(layout.objectsFolder) != nil else {
        throw error(operation, .notFound, "the repository is gone")
      }
      return nil
    case GIT_EAMBIGUOUS.rawValue: break
    default: throw failure(operation)
    }
    var commits: Set<ObjectID> = []
    for id in try objects(beginning: short, length: length, operation: operation) {
      if let commit = try commit(leadingFrom: id) { commits.insert(commit) }
    }
    guard commits.count <= 1 else { throw ambiguous(operation) }
    return commits.first
  }

  /// The commit that an object is or, as a tag, leads to; nil for files, folders and their tags.
  private func commit(leadingFrom id: ObjectID) throws(GitError) -> ObjectID? {
    let operation = "look a commit up"
    switch try header(id, operation: operation).1 {
    case GIT_OBJECT_COMMIT: return id
    case GIT_OBJECT_TAG:
      do throws(GitError) {
        return try peel(id, operation: operation)
      } catch {
        // A tag of something else.
        guard error.code == .corrupt else { throw error }
        return nil
      }
    default: return nil
    }
  }

  /// Every object whose id begins so. Walks over all ids, without their contents.
  private func objects(
    beginning short: git_oid, length: Int, operation: String
  ) throws(GitError) -> Set<ObjectID> {
    let search = NameSearch(short, length)
    let status = withExtendedLifetime(search) {
      withObjects { store in
        git_odb_foreach(
          store,
          { id, payload in
            guard let id, let payload else { return 0 }
            return Unmanaged<NameSearch>.fromOpaque(payload).takeUnretainedValue().look(at: id)
          }, Unmanaged.passUnretained(search).toOpaque())
      }
    }
    if status == GIT_EUSER.rawValue { throw ambiguous(operation) }
    guard status == 0 else { throw failure(operation) }
    return search.found
  }

  private func ambiguous(_ operation: String) -> GitError {
    error(operation, .ambiguous, "several commits begin so; give more digits")
  }

  private func withObjects(_ body: (OpaquePointer?) -> Int32) -> Int32 {
    var store: OpaquePointer?
    let status = git_repository_odb(&store, pointer)
    guard status == 0 else { return status }
    defer { git_odb_free(store) }
    return body(store)
  }
}

/// Collects the ids that begin alike, for a callback of libgit2. On one thread.
private final class NameSearch {
  /// How many may begin alike before no more are looked at.
  private static let limit = 1024

  private var short: git_oid
  private let length: Int
  private(set) var found: Set<ObjectID> = []

  init(_ short: git_oid, _ length: Int) {
    self.short = short
    self.length = length
  }

  /// Takes an id where it fits; not 0 ends the walk.
  func look(at id: UnsafePointer<git_oid>) -> Int32 {
    guard git_oid_ncmp(id, &short, length) == 0 else { return 0 }
    found.insert(ObjectID(id.pointee))
    return found.count > Self.limit ? GIT_EUSER.rawValue : 0
  }
}
