import Foundation
import UtilityModel

/// The keys of the operator's files, sorted by kind.
struct SignerKeys: Sendable {
  /// Lines of OpenSSH's ALLOWED SIGNERS format. Source: ssh-keygen(1).
  private(set) var ssh: [UInt8] = []
  /// OpenPGP public keys, binary. Source: RFC 4880.
  private(set) var openPGP: [UInt8] = []
  /// Revoked SSH keys: public keys or a KRL. Source: ssh-keygen(1).
  private(set) var revoked: [UInt8] = []

  private static let limit = 1 << 20
  private static let begin = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
  private static let end = "-----END PGP PUBLIC KEY BLOCK-----"

  /// Reads the files. Throws a `GitError` that names the file. Blocks.
  init(_ files: SignerFiles) throws(GitError) {
    for path in files.allowed {
      let bytes = try Self.read(path)
      if bytes.first.map({ $0 & 0x80 != 0 }) == true {
        openPGP += bytes
      } else if let keys = try Self.armoured(bytes, path) {
        openPGP += keys
      } else {
        ssh += bytes + [UInt8(ascii: "\n")]
      }
    }
    if let path = files.revoked { revoked = try Self.read(path) }
  }

  private static func read(_ path: String) throws(GitError) -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw error(path, .io, "the file cannot be read; give a readable file of public keys")
    }
    guard data.count <= limit else { throw error(path, .tooLarge, "it has more than 1 MiB") }
    guard !data.isEmpty else { throw error(path, .other, "the file is empty; add a public key") }
    return [UInt8](data)
  }

  /// The keys of ASCII-armoured blocks; nil where the file has none.
  private static func armoured(_ bytes: [UInt8], _ path: String) throws(GitError) -> [UInt8]? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.contains(begin) else { return nil }
    var keys: [UInt8] = []
    for block in text.components(separatedBy: begin).dropFirst() {
      guard let stop = block.range(of: end) else {
        throw error(path, .other, "a block of OpenPGP keys has no end")
      }
      let lines = block[..<stop.lowerBound].split(whereSeparator: \.isNewline)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      // Headers have a colon; the checksum begins with `=`.
      let body = lines.filter { !$0.contains(":") && !$0.hasPrefix("=") }.joined()
      guard let data = Data(base64Encoded: body), !data.isEmpty else {
        throw error(path, .other, "a block of OpenPGP keys is damaged; export it again")
      }
      keys += data
    }
    return keys
  }

  private static func error(_ path: String, _ code: GitError.Code, _ cause: String) -> GitError {
    GitError(
      "read the allowed signers", code,
      subject: path.split(separator: "/").last.map(String.init) ?? path, cause: cause)
  }
}
