import CLibgit2
import Glibc
import UtilityModel

/// Who made a commit.
public struct CommitIdentity: Hashable, Sendable {
  /// The name.
  public var name: String
  /// The e-mail address.
  public var email: String

  /// An identity by its parts.
  public init(name: String, email: String) {
    self.name = name
    self.email = email
  }

  /// Reads `Name <mail>`; nil for other text.
  public init?(_ text: String) {
    guard let open = text.lastIndex(of: "<"), text.hasSuffix(">") else { return nil }
    let name = text[..<open].drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
    let email = text[text.index(after: open)...].dropLast()
    let isClean = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
    guard isClean, !name.isEmpty, !email.isEmpty, !email.contains(where: "<> ".contains),
      !name.contains(where: "<>".contains)
    else { return nil }
    self.name = String(name)
    self.email = String(email)
  }
}

/// The utilities and shared modules of a revision, put into another repository as one commit.
///
/// Objects are copied by id and nothing is checked out. Blocks; one thread for both handles.
public struct UtilityCopy: Sendable {
  /// The branch that gets the commit; it is made where it is missing.
  public var branch: String
  /// Author and committer.
  public var author: CommitIdentity
  /// Who commits.
  public var committer: CommitIdentity

  /// A copy by its parts.
  public init(branch: String, author: CommitIdentity, committer: CommitIdentity) {
    self.branch = branch
    self.author = author
    self.committer = committer
  }

  /// What was copied.
  public struct Outcome: Hashable, Sendable {
    /// The commit, or nil where all of it was there already.
    public var commit: ObjectID?
    /// How many utilities came (`.py` files below `utils/`).
    public var utilities = 0
    /// How many shared modules came.
    public var modules = 0
  }

  private static let operation = "copy utilities"
  /// Above this many bytes a file is no utility's: it would be refused anyway.
  private static let fileLimit = 64 << 20

  /// Copies what `source` has at `revision` to the tip of `target`'s branch; `message` gets the
  /// numbers of utilities and modules.
  ///
  /// Files that are there with the same content are passed over. Throws `GitError`: `exists` where
  /// another file has the place or a utility the name, in any case, and where the branch moved
  /// meanwhile; then the branch is as it was.
  public func run(
    from source: borrowing RepositoryHandle, at revision: ObjectID,
    to target: borrowing RepositoryHandle, message: (_ utilities: Int, _ modules: Int) -> String
  ) throws(GitError) -> Outcome {
    let head = try target.commit(ofBranch: branch)
    let present = if let head { try Self.files(of: target, at: head) } else { [TreeFile]() }
    let missing = try Self.missing(
      Self.files(of: source, at: revision), besides: present, subject: target.subject)
    var outcome = Outcome()
    guard !missing.isEmpty else { return outcome }
    for file in missing where file.path.hasSuffix(".py") {
      if file.path.hasPrefix("utils/") { outcome.utilities += 1 } else { outcome.modules += 1 }
    }
    for file in missing { try Self.copy(file, from: source, to: target) }
    let tree = try Self.tree(with: missing, over: head, in: target)
    let commit = try self.commit(
      tree, over: head, message: message(outcome.utilities, outcome.modules), in: target)
    // The branch must not reach the disk before what it leads to.
    sync()
    try move(to: commit, from: head, in: target)
    outcome.commit = commit
    return outcome
  }

  /// The files that make utilities and shared modules.
  private static func files(
    of repository: borrowing RepositoryHandle, at revision: ObjectID
  ) throws(GitError) -> [TreeFile] {
    try repository.files(in: revision, under: ["utils", "lib"]).filter { file in
      let endings = file.path.hasPrefix("utils/") ? [".py", ".yaml", ".yml"] : [".py"]
      return file.validPath && [.regular, .executable].contains(file.mode)
        && endings.contains(where: file.path.hasSuffix)
    }
  }

  private static func missing(
    _ files: [TreeFile], besides present: [TreeFile], subject: String
  ) throws(GitError) -> [TreeFile] {
    func key(_ file: TreeFile) -> String {
      let isUtility = file.path.hasPrefix("utils/")
      let path = isUtility ? file.path.split(separator: "/").last.map(String.init) ?? "" : file.path
      return (isUtility ? "utils/" : "") + path.lowercased()
    }
    let known = Dictionary(present.map { (key($0), $0) }) { one, _ in one }
    var missing: [TreeFile] = []
    var taken: [String] = []
    for file in files {
      guard let found = known[key(file)] else {
        missing.append(file)
        continue
      }
      if found.path != file.path || found.id != file.id { taken.append(found.path) }
    }
    guard taken.isEmpty else {
      throw GitError(
        operation, .exists, subject: subject,
        cause:
          "it has other files of the same names (\(taken.sorted().prefix(5).joined(separator: ", "))"
          + (taken.count > 5 ? " and \(taken.count - 5) more" : "")
          + "); rename or remove them there, then copy again")
    }
    return missing
  }

  private static func copy(
    _ file: TreeFile, from source: borrowing RepositoryHandle, to target: borrowing RepositoryHandle
  ) throws(GitError) {
    let object = try source.object(
      file.id, kind: GIT_OBJECT_BLOB, limit: fileLimit, operation: operation)
    defer { withExtendedLifetime(object) {} }
    var (written, store) = (git_oid(), OpaquePointer?.none)
    guard git_repository_odb(&store, target.pointer) == 0, let store else {
      throw target.failure(operation)
    }
    defer { git_odb_free(store) }
    let status = git_odb_write(
      &written, store, object.bytes.baseAddress, object.bytes.count, GIT_OBJECT_BLOB)
    guard status == 0 else { throw target.failure(operation) }
    guard ObjectID(written) == file.id else {
      throw source.error(operation, .corrupt, "\(file.path) is damaged; `git fsck` tells more")
    }
  }

  /// The tree of `head` (none: an empty one) with some files.
  private static func tree(
    with files: [TreeFile], over head: ObjectID?, in repository: borrowing RepositoryHandle
  ) throws(GitError) -> ObjectID {
    var base =
      if let head { try repository.treeID(of: head).oid } else { try emptyTree(repository) }
    var tree: OpaquePointer?
    guard git_tree_lookup(&tree, repository.pointer, &base) == 0 else {
      throw repository.failure(operation)
    }
    defer { git_tree_free(tree) }
    let paths = files.map { strdup($0.path) }
    defer { for path in paths { free(path) } }
    let updates = zip(files, paths).map { file, path in
      git_tree_update(
        action: GIT_TREE_UPDATE_UPSERT, id: file.id.oid,
        filemode: file.mode == .executable ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB,
        path: UnsafePointer(path))
    }
    var made = git_oid()
    guard git_tree_create_updated(&made, repository.pointer, tree, updates.count, updates) == 0
    else { throw repository.failure(operation) }
    return ObjectID(made)
  }

  private static func emptyTree(
    _ repository: borrowing RepositoryHandle
  ) throws(GitError) -> git_oid {
    var builder: OpaquePointer?
    guard git_treebuilder_new(&builder, repository.pointer, nil) == 0 else {
      throw repository.failure(operation)
    }
    defer { git_treebuilder_free(builder) }
    var tree = git_oid()
    guard git_treebuilder_write(&tree, builder) == 0 else { throw repository.failure(operation) }
    return tree
  }

  private func commit(
    _ tree: ObjectID, over head: ObjectID?, message: String,
    in repository: borrowing RepositoryHandle
  ) throws(GitError) -> ObjectID {
    var (made, root, content) = (git_oid(), tree.oid, OpaquePointer?.none)
    var signatures: [UnsafeMutablePointer<git_signature>?] = []
    defer { for signature in signatures { git_signature_free(signature) } }
    for person in [author, committer] {
      var signature: UnsafeMutablePointer<git_signature>?
      guard git_signature_now(&signature, person.name, person.email) == 0 else {
        throw repository.failure(Self.operation)
      }
      signatures.append(signature)
    }
    guard git_tree_lookup(&content, repository.pointer, &root) == 0 else {
      throw repository.failure(Self.operation)
    }
    defer { git_tree_free(content) }
    var parent: OpaquePointer?
    defer { git_commit_free(parent) }
    if let head {
      var oid = head.oid
      guard git_commit_lookup(&parent, repository.pointer, &oid) == 0 else {
        throw repository.failure(Self.operation)
      }
    }
    var parents: [OpaquePointer?] = parent.map { [$0] } ?? []
    let status = git_commit_create(
      &made, repository.pointer, nil, signatures[0], signatures[1], "UTF-8", message, content,
      parents.count, &parents)
    guard status == 0 else { throw repository.failure(Self.operation) }
    return ObjectID(made)
  }

  /// Moves the branch, unless somebody else did meanwhile.
  private func move(
    to commit: ObjectID, from head: ObjectID?, in repository: borrowing RepositoryHandle
  ) throws(GitError) {
    var (reference, target) = (OpaquePointer?.none, commit.oid)
    let name = "refs/heads/\(branch)"
    let status: Int32
    if let head {
      var former = head.oid
      status = git_reference_create_matching(
        &reference, repository.pointer, name, &target, 1, &former, "sync-agent: copy utilities")
    } else {
      status = git_reference_create(
        &reference, repository.pointer, name, &target, 0, "sync-agent: copy utilities")
    }
    git_reference_free(reference)
    guard status == GIT_EMODIFIED.rawValue || status == GIT_EEXISTS.rawValue else {
      guard status == 0 else { throw repository.failure(Self.operation) }
      return
    }
    throw repository.error(
      Self.operation, .exists, "somebody pushed to `\(branch)` meanwhile; copy again")
  }
}
