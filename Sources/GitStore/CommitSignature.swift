/// A commit object taken apart: what was signed, and the signature.
///
/// The bytes are read as git reads them, and more strictly: a signature header may stand there once
/// and in the header only, and a commit with a NUL byte counts as unreadable, so that nobody can
/// show one commit to the verifier and another one to readers.
/// Source: gitformat-signature(5); git's `parse_buffer_signed_by_header`.
struct CommitSignature: Equatable {
  /// Everything but the signature headers.
  var payload: [UInt8]
  /// The signature without the header's indentation, nil where there is none.
  var signature: [UInt8]?

  /// Takes a raw commit object apart; nil for one that is not as git writes it.
  init?(object: [UInt8]) {
    guard !object.contains(0) else { return nil }
    payload = []
    payload.reserveCapacity(object.count)
    var rest = object[...]
    /// The header that continuation lines belong to: ours, another signature's, or any other.
    var header = Header.other
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      let line = rest[...end]
      rest = rest[(end + 1)...]
      if line.count == 1 {
        payload += line
        break
      }
      if line.first == UInt8(ascii: " ") {
        switch header {
        case .signature: signature?.append(contentsOf: line.dropFirst())
        case .foreign: break
        case .other: payload += line
        }
        continue
      }
      if line.starts(with: Self.name + [UInt8(ascii: " ")]) {
        guard signature == nil else { return nil }
        header = .signature
        signature = Array(line.dropFirst(Self.name.count + 1))
      } else if line.starts(with: Self.name) {
        header = .foreign
      } else {
        header = .other
        payload += line
      }
    }
    payload += rest
  }

  private enum Header { case signature, foreign, other }
  private static let name = Array("gpgsig".utf8)
}

/// What a signature is worth.
public enum SignatureVerdict: Hashable, Sendable {
  /// An allowed signer made it over exactly this content.
  case good(signer: String)
  /// It counts for nothing.
  case refused(SignatureFault, signer: String)
}

/// Why a signature counts for nothing.
public enum SignatureFault: Hashable, Sendable, CaseIterable {
  /// There is none.
  case missing
  /// Its key is not among the allowed ones.
  case unknownSigner
  /// Its key, or the signature itself, has expired, or is not valid yet.
  case expired
  /// Its key was revoked.
  case revoked
  /// It was made, or its key is allowed, for another purpose than git.
  case wrongNamespace
  /// It does not fit the content.
  case altered
  /// It is no signature that can be read.
  case malformed
}
