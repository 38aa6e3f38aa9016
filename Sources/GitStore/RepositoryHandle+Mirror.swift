import CLibgit2
import Foundation
import Glibc
import UtilityModel

extension RepositoryHandle {
  /// Makes the branches what `tips` says, whose objects are there: moved with force, made, removed.
  /// `head` is what `HEAD` is to name, or nil to leave it. Gives how many branches changed.
  ///
  /// Branches that went make room first: `a` for `a/b`. Throws `GitError`; what was done by then stays.
  func mirror(_ tips: [String: ObjectID], head: String?) throws(GitError) -> Int {
    for (name, id) in tips {
      guard try self.header(id, operation: "fetch").1 == GIT_OBJECT_COMMIT else {
        throw error("fetch", .corrupt, "`\(name.prefix(80))` of the upstream is no commit")
      }
    }
    let here = try branchTips()
    var changed = 0
    for short in here.keys.sorted() where tips["refs/heads/" + short] == nil {
      guard git_reference_remove(pointer, "refs/heads/" + short) == 0 else {
        throw failure("remove a branch")
      }
      changed += 1
    }
    for (name, id) in tips.sorted(by: { $0.key < $1.key }) {
      if case .success(id)? = here[String(name.dropFirst("refs/heads/".count))] { continue }
      var reference: OpaquePointer?
      var oid = id.oid
      guard git_reference_create(&reference, pointer, name, &oid, 1, "mirror") == 0 else {
        throw failure("move a branch")
      }
      git_reference_free(reference)
      changed += 1
    }
    if let head {
      var current: OpaquePointer?
      var isThere = false
      if git_reference_lookup(&current, pointer, "HEAD") == 0, let current {
        isThere =
          git_reference_symbolic_target(current).map { String(cString: $0) == head } ?? false
        git_reference_free(current)
      }
      if !isThere, git_repository_set_head(pointer, head) != 0 { throw failure("set HEAD") }
    }
    return changed
  }

  /// Removes what a fetch that was cut left behind: packs of libgit2 that are not complete, and
  /// locks of refs that nobody has held for a minute. Blocks. Nobody may fetch meanwhile.
  public static func removeFetchLeftovers(in repository: String) throws(GitError) {
    let layout = try RepositoryLayout(path: repository)
    let packs = layout.objectsFolder + "/pack"
    for name in (try? FileManager.default.contentsOfDirectory(atPath: packs)) ?? []
    where name.hasPrefix("pack_git2_")
      || name.hasPrefix("tmp_pack_") && isOld("\(packs)/\(name)", 3600)
    {
      unlink("\(packs)/\(name)")
    }
    var locks = ["packed-refs.lock", "HEAD.lock"].map { "\(layout.gitFolder)/\($0)" }
    let refs = layout.gitFolder + "/refs/heads"
    for name in FileManager.default.enumerator(atPath: refs)?.compactMap({ $0 as? String }) ?? []
    where name.hasSuffix(".lock") {
      locks.append("\(refs)/\(name)")
    }
    for lock in locks where isOld(lock, 60) { unlink(lock) }
  }

  private static func isOld(_ path: String, _ seconds: Int) -> Bool {
    guard let status = RepositoryLayout.status(path) else { return false }
    return time(nil) - status.st_mtim.tv_sec > seconds
  }
}
