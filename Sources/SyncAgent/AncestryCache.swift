import GitStore
import Synchronization
import UtilityModel

/// Remembers which commit leads to which: that never changes, and each answer is a walk over the
/// history between the two. Safe from any thread.
final class AncestryCache: Sendable {
  private struct Question: Hashable {
    var older: ObjectID
    var newer: ObjectID
  }
  /// Beyond this many answers, all are forgotten.
  private static let limit = 16384

  private let answers = Mutex<[Question: Bool]>([:])

  /// As `RepositoryHandle.isAncestor`, which is asked once. Blocks. Throws `GitError`.
  func isAncestor(
    _ older: ObjectID, of newer: ObjectID, in handle: borrowing RepositoryHandle
  ) throws(GitError) -> Bool {
    let question = Question(older: older, newer: newer)
    if let answer = answers.withLock({ $0[question] }) { return answer }
    let answer = try handle.isAncestor(older, of: newer)
    answers.withLock { answers in
      if answers.count >= Self.limit { answers = [:] }
      answers[question] = answer
    }
    return answer
  }
}
