import GitStore
import UtilityModel

extension RevisionGate {
  /// What is wrong with the signatures of a revision, and who has to do what; nil if nothing is.
  ///
  /// Blocks, runs programs. Throws `GitError`.
  static func signatureFault(
    of head: ObjectID, over applied: ObjectID, policy: RevisionPolicy,
    in handle: borrowing RepositoryHandle
  ) throws(GitError) -> (why: String, remedy: String)? {
    guard !policy.signers.allowed.isEmpty else {
      return (
        "`tenant.yaml` asks for signed revisions, and nobody may sign",
        "have an operator set policy.allowed_signers"
      )
    }
    guard
      let found = try handle.unsignedCommit(
        tip: head, known: applied, scope: policy.signatures,
        verifier: try SignatureVerifier(policy.signers))
    else { return nil }
    let kind = found.commit.parents.count > 1 ? "merge" : "commit"
    let who = found.commit.committer.name
    let commit = "\(kind) \(found.commit.id.hex.prefix(12)) by \(who)"
    let signer = found.signer.isEmpty ? "an unknown key" : found.signer
    let again = "have an allowed signer sign it (`git \(kind) -S`) and push again"
    switch found.fault {
    case .missing: return ("\(commit) is not signed", again)
    case .unknownSigner:
      return (
        "\(commit) is signed with \(signer), which is not among the allowed signers",
        "have an operator add the key to policy.allowed_signers, or \(again)"
      )
    case .expired:
      return (
        "\(commit) is signed by \(signer), whose key or signature is not valid at this time",
        "have an operator renew the key in policy.allowed_signers, or \(again)"
      )
    case .revoked: return ("\(commit) is signed by \(signer), whose key was revoked", again)
    case .wrongNamespace:
      return (
        "\(commit) is signed by \(signer) for another purpose than git",
        "have an operator allow the namespace `git` for the key, or \(again)"
      )
    case .altered:
      return (
        "\(commit) is not what \(signer) signed: it was altered after it was signed",
        "take the commit from \(who) again, or \(again)"
      )
    case .malformed:
      return ("\(commit) has a signature that cannot be read", again)
    }
  }
}
