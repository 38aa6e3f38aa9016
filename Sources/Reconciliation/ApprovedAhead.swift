import Glibc
import GitStore
import Logging
import UtilityModel

/// The commit that an operator has let through before it was pushed, where a `pre-receive` hook finds
/// it whoever pushes: a file of the repository's folder, which no push can write.
///
/// It tells the hook; what the agent goes by is the branch's status.
public enum ApprovedAhead {
  private static let name = "sync-agent.approved"

  /// The commit, or nil where there is none. Blocks.
  public static func commit(in folder: String) -> ObjectID? {
    let descriptor = open("\(folder)/\(name)", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 40)
    guard Glibc.read(descriptor, &bytes, bytes.count) == bytes.count else { return nil }
    return ObjectID(hex: String(decoding: bytes, as: UTF8.self))
  }

  /// Writes the commit, or takes the file away, where it is not so already; gives why that fails, or
  /// nil. Blocks.
  static func set(_ commit: ObjectID?, in folder: String) -> String? {
    guard Self.commit(in: folder) != commit else { return nil }
    let file = "\(folder)/\(name)"
    func problem() -> String { "\(file) cannot be written: \(String(cString: strerror(errno)))" }
    guard let commit else { return unlink(file) == 0 || errno == ENOENT ? nil : problem() }
    let draft = "\(file).\(getpid())"
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return problem() }
    let line = Array("\(commit.hex)\n".utf8)
    let isWritten =
      write(descriptor, line, line.count) == line.count && fchmod(descriptor, 0o644) == 0
      && fsync(descriptor) == 0
    let cause = isWritten ? nil : problem()
    close(descriptor)
    guard cause == nil, rename(draft, file) == 0 else {
      let cause = cause ?? problem()
      unlink(draft)
      return cause
    }
    return nil
  }
}

extension TenantReconciler {
  /// Has the repository's hook know what an operator let through ahead; writes nothing where it does.
  /// Gives why it cannot be told, or nil.
  func publishApproval(_ repository: OpenRepository) async -> String? {
    let commit = statuses[approvedName]?.approval.flatMap { ObjectID(hex: $0.subject) }
    do {
      return try await context.pool.run {
        try repository.read { (handle) throws(GitError) in
          ApprovedAhead.set(commit, in: handle.gitFolder)
        }
      }
    } catch {
      return "\(error)"
    }
  }
}
