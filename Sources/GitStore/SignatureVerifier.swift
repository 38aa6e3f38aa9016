import Concurrency
import Foundation
import UtilityModel

/// Verifies SSH and OpenPGP signatures against the operator's files, with OpenSSH's `ssh-keygen -Y`
/// and GnuPG's `gpgv`, which git itself uses.
///
/// The programs get fixed arguments, files in memory, an empty environment and 10 s; nothing of a
/// commit is ever an argument. Only what they say of success counts, text decides nothing but the
/// reason. Keys are judged at the time of the check, not at the commit's date, which whoever made
/// the commit can write at will. Every call blocks.
public struct SignatureVerifier: Sendable {
  /// The keys as the files have them now.
  let keys: SignerKeys

  /// Reads the files and looks for the programs that they need.
  ///
  /// Throws a `GitError` that names the file or the missing package.
  public init(_ files: SignerFiles) throws(GitError) {
    keys = try SignerKeys(files)
    if !keys.ssh.isEmpty { _ = try Self.program("ssh-keygen", package: "openssh-client") }
    if !keys.openPGP.isEmpty { _ = try Self.program("gpgv", package: "gpgv") }
  }

  /// What a commit's signature is worth. Throws `GitError` when a program cannot be run.
  func verify(_ commit: CommitSignature) throws(GitError) -> SignatureVerdict {
    guard let signature = commit.signature else { return .refused(.missing, signer: "") }
    if signature.starts(with: Array("-----BEGIN SSH SIGNATURE-----".utf8)) {
      guard !keys.ssh.isEmpty else { return .refused(.unknownSigner, signer: "an SSH key") }
      return try verifySSH(commit.payload, signature)
    }
    if signature.starts(with: Array("-----BEGIN PGP SIGNATURE-----".utf8)) {
      guard !keys.openPGP.isEmpty else {
        return .refused(.unknownSigner, signer: "an OpenPGP key")
      }
      return try verifyOpenPGP(commit.payload, signature)
    }
    return .refused(.malformed, signer: "")
  }

  // MARK: SSH

  private func verifySSH(
    _ payload: [UInt8], _ signature: [UInt8]
  ) throws(GitError) -> SignatureVerdict {
    let program = try Self.program("ssh-keygen", package: "openssh-client")
    let files = [signature, keys.ssh, keys.revoked]
    let find = try Self.run(
      program,
      ["-Y", "find-principals", "-s", "/proc/self/fd/3", "-f", "/proc/self/fd/4"],
      input: [], files: files)
    // A line has the principals field of an allowed signer, which may be a list of patterns.
    let principals = find.output.split(whereSeparator: { $0 == "\n" || $0 == "," })
      .map(String.init).filter { !$0.hasPrefix("!") }
    var said = find.errors
    if find.status == 0 {
      for principal in principals.prefix(16) {
        var arguments = [
          "-Y", "verify", "-n", "git", "-I", principal, "-s", "/proc/self/fd/3",
          "-f", "/proc/self/fd/4",
        ]
        if !keys.revoked.isEmpty { arguments += ["-r", "/proc/self/fd/5"] }
        let outcome = try Self.run(program, arguments, input: payload, files: files)
        if outcome.status == 0 { return .good(signer: principal) }
        said += outcome.errors
      }
    }
    // Not good, whatever follows: it only finds out why.
    let check = try Self.run(
      program, ["-Y", "check-novalidate", "-n", "git", "-s", "/proc/self/fd/3"], input: payload,
      files: files)
    said += check.errors
    let signer = principals.first ?? Self.fingerprint(in: check.output)
    let fault: SignatureFault =
      if said.contains("incorrect signature") {
        .altered
      } else if said.contains("Couldn't parse signature") {
        .malformed
      } else if said.contains("namespace") {
        .wrongNamespace
      } else if said.contains("has expired") || said.contains("not yet valid") {
        .expired
      } else if check.status != 0 {
        .malformed
      } else if find.status == 0, !keys.revoked.isEmpty {
        .revoked
      } else {
        .unknownSigner
      }
    return .refused(fault, signer: signer)
  }

  /// `SHA256:...` of `Good "git" signature with ED25519 key SHA256:...`.
  private static func fingerprint(in text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).last { $0.hasPrefix("SHA256:") }
      .map { "the SSH key \($0)" } ?? ""
  }

  // MARK: OpenPGP

  private func verifyOpenPGP(
    _ payload: [UInt8], _ signature: [UInt8]
  ) throws(GitError) -> SignatureVerdict {
    let program = try Self.program("gpgv", package: "gpgv")
    let outcome = try Self.run(
      program,
      [
        "--status-fd", "1", "--homedir", "/nonexistent", "--keyring", "/proc/self/fd/4",
        "/proc/self/fd/3", "-",
      ],
      input: payload, files: [signature, keys.openPGP])
    // Source: GnuPG's doc/DETAILS. gpgv ends with 0 for expired and revoked keys too.
    var words: [String: [String]] = [:]
    var signatures = 0
    for line in outcome.output.split(separator: "\n") where line.hasPrefix("[GNUPG:] ") {
      let parts = line.split(separator: " ").map(String.init)
      guard parts.count > 1 else { continue }
      if parts[1] == "NEWSIG" { signatures += 1 }
      words[parts[1]] = Array(parts.dropFirst(2))
    }
    let judged = ["GOODSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "BADSIG", "ERRSIG"]
      .compactMap { word in words[word].map { (word, $0) } }
    guard signatures == 1, judged.count == 1, let (word, values) = judged.first else {
      return .refused(.malformed, signer: "")
    }
    let signer = values.dropFirst().joined(separator: " ")
    switch word {
    case "GOODSIG" where outcome.status == 0 && words["VALIDSIG"] != nil:
      return .good(signer: signer)
    case "EXPSIG", "EXPKEYSIG": return .refused(.expired, signer: signer)
    case "REVKEYSIG": return .refused(.revoked, signer: signer)
    case "BADSIG": return .refused(.altered, signer: signer)
    case "ERRSIG" where words["NO_PUBKEY"] != nil:
      return .refused(.unknownSigner, signer: "the OpenPGP key \(values.first ?? "")")
    default: return .refused(.malformed, signer: "")
    }
  }

  // MARK: Programs

  private static func program(
    _ name: String, package: String
  ) throws(GitError) -> BoundedProgram {
    guard let program = BoundedProgram(named: name) else {
      throw GitError(
        "verify a signature", .other, subject: "policy.allowed_signers",
        cause: "`\(name)` is not installed; install the package \(package)")
    }
    return program
  }

  private static func run(
    _ program: BoundedProgram, _ arguments: [String], input: [UInt8], files: [[UInt8]]
  ) throws(GitError) -> BoundedProgram.Outcome {
    do throws(BoundedProgram.Failure) {
      return try program.run(arguments, input: input, files: files)
    } catch {
      throw GitError(
        "verify a signature", .io, subject: "policy.allowed_signers", cause: error.description)
    }
  }
}
