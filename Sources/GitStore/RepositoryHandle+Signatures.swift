import CLibgit2
import UtilityModel

/// A commit that no allowed signer vouches for.
public struct UnsignedCommit: Hashable, Sendable {
  /// The commit.
  public let commit: Commit
  /// What is wrong with its signature.
  public let fault: SignatureFault
  /// Whose key it is, as far as that can be told, or "".
  public let signer: String
}

extension RepositoryHandle {
  /// The newest commit without a good signature: of the tip alone, or of all that `known` does not
  /// reach; nil if there is none.
  ///
  /// Runs programs, see `SignatureVerifier`. Throws `tooLarge` beyond `limit` new commits.
  public func unsignedCommit(
    tip: ObjectID, known: ObjectID, scope: RevisionPolicy.SignatureScope,
    verifier: SignatureVerifier, limit: Int = 1000
  ) throws(GitError) -> UnsignedCommit? {
    var commits = [tip]
    if scope == .all {
      commits = try self.commits(reachedBy: [tip], without: [known], limit: limit * 20).reversed()
        .map(\.id)
      guard commits.count <= limit else {
        throw error("check the signatures", .tooLarge, "more than \(limit) commits are new")
      }
    }
    for id in commits {
      if case .refused(let fault, let signer) = try verdict(of: id, by: verifier) {
        return UnsignedCommit(commit: try commit(id), fault: fault, signer: signer)
      }
    }
    return nil
  }

  /// What a commit's signature is worth. Throws `GitError`.
  public func verdict(
    of commit: ObjectID, by verifier: SignatureVerifier
  ) throws(GitError) -> SignatureVerdict {
    let object = try object(
      commit, kind: GIT_OBJECT_COMMIT, limit: Self.commitLimit, operation: "read a commit")
    let bytes = withExtendedLifetime(object) { [UInt8](object.bytes) }
    guard let parts = CommitSignature(object: bytes) else {
      return .refused(.malformed, signer: "")
    }
    return try verifier.verify(parts)
  }
}
