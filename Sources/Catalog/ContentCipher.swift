import COpenSSL
import Foundation
import Glibc
import Hashing

/// Seals files of utilities with AES-256-GCM in the LLD's layout: nonce (12 bytes), ciphertext, tag
/// (16 bytes), all of it as base64 text.
///
/// The first key seals; the others open what was sealed before a rotation. No description shows a
/// key. Source: LLD, "Encryption Implementation"; NIST SP 800-38D.
public struct ContentCipher: Sendable, Hashable, CustomStringConvertible {
  private let keys: [[UInt8]]

  private static let nonceSize = 12
  private static let tagSize = 16
  private static let keySize = 32

  /// Reads a key file: 32 bytes as base64 on each line, the newest key first.
  ///
  /// Throws `CatalogError` (`configuration`), which repeats nothing of the file. Blocks.
  public init(keyFile path: String) throws(CatalogError) {
    func refused(_ cause: String) -> CatalogError {
      CatalogError(
        .configuration, operation: "use", subject: "catalog.encryption_key_file \(path)",
        cause: cause,
        remedy: "write 32 random bytes as base64 on its first line (openssl rand -base64 32)")
    }
    var status = stat()
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw refused("it cannot be read as text")
    }
    guard stat(path, &status) == 0, status.st_mode & 0o007 == 0 else {
      throw CatalogError(
        .configuration, operation: "use", subject: "catalog.encryption_key_file \(path)",
        cause: "everybody may read or change it", remedy: "chmod 600 it")
    }
    var keys: [[UInt8]] = []
    for (number, line) in text.split(whereSeparator: \.isNewline).enumerated() {
      guard let key = Data(base64Encoded: line.trimmingCharacters(in: .whitespaces)) else {
        throw refused("line \(number + 1) is no base64")
      }
      guard key.count == Self.keySize else {
        throw refused("the key on line \(number + 1) has \(key.count) bytes instead of 32")
      }
      keys.append(Array(key))
    }
    guard !keys.isEmpty else { throw refused("it is empty") }
    self.keys = keys
  }

  /// How many keys there are, and no key.
  public var description: String { "AES-256-GCM, \(keys.count) keys" }

  /// Seals a file under the newest key and a nonce of its own.
  public func seal(_ bytes: [UInt8]) -> [UInt8] {
    var sealed = [UInt8](repeating: 0, count: Self.nonceSize + bytes.count + Self.tagSize)
    var random = SystemRandomNumberGenerator()
    for index in 0..<Self.nonceSize { sealed[index] = UInt8.random(in: 0...255, using: &random) }
    let done = Self.withContext { context in
      var count: Int32 = 0
      return sealed.withUnsafeMutableBytes { room in
        let start = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
        guard let start, EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, keys[0], start) == 1
        else { return false }
        let text = start + Self.nonceSize
        if !bytes.isEmpty {
          guard EVP_EncryptUpdate(context, text, &count, bytes, Int32(bytes.count)) == 1 else {
            return false
          }
        }
        let tag = text + bytes.count
        return EVP_EncryptFinal_ex(context, tag, &count) == 1
          && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagSize), tag) == 1
      }
    }
    guard done else { fatalError("libcrypto offers no AES-256-GCM: its installation is broken") }
    return Array(Data(sealed).base64EncodedData())
  }

  /// Whether the newest key opens what is stored.
  func isCurrent(_ stored: [UInt8]) -> Bool {
    Self.sealed(stored).map { Self.open($0, keys[0]) != nil } ?? false
  }

  /// Opens what some key of this cipher sealed; nil where none did.
  public func open(_ stored: [UInt8]) -> [UInt8]? {
    guard let sealed = Self.sealed(stored) else { return nil }
    return keys.lazy.compactMap { Self.open(sealed, $0) }.first
  }

  /// The file behind stored bytes of an entry whose SHA-256 is `filehash`, whether it was stored
  /// sealed or in the clear.
  ///
  /// Throws `CatalogError` (`wrongKey`) where it is sealed and no key of `cipher` opens it.
  static func file(
    _ stored: [UInt8], filehash: @autoclosure () -> String, cipher: ContentCipher?,
    subject: @autoclosure () -> String
  ) throws(CatalogError) -> [UInt8] {
    guard sealed(stored) != nil, SHA256.digest(of: stored).hex != filehash() else { return stored }
    if let file = cipher?.open(stored) { return file }
    throw CatalogError(
      .wrongKey, operation: "open the file of", subject: subject(),
      cause: cipher == nil
        ? "it is encrypted and there is no key" : "no key of catalog.encryption_key_file opens it",
      remedy: "let catalog.encryption_key_file hold the key that it was written with, too")
  }

  /// Whether stored bytes are a sealed file, as far as that can be told without a key.
  static func isSealed(_ stored: [UInt8], filehash: String) -> Bool {
    sealed(stored) != nil && SHA256.digest(of: stored).hex != filehash
  }

  /// Nonce, ciphertext and tag, where the text is base64 of as much; a source hardly ever is.
  private static func sealed(_ stored: [UInt8]) -> Data? {
    guard stored.count % 4 == 0, stored.count >= 40,
      stored.prefix(64).allSatisfy({ $0 > 0x20 && $0 != UInt8(ascii: "(") })
    else { return nil }
    guard let data = Data(base64Encoded: Data(stored)), data.count >= nonceSize + tagSize else {
      return nil
    }
    return data
  }

  private static func open(_ sealed: Data, _ key: [UInt8]) -> [UInt8]? {
    let nonce = Array(sealed.prefix(nonceSize))
    let text = Array(sealed.dropFirst(nonceSize).dropLast(tagSize))
    var tag = Array(sealed.suffix(tagSize))
    // libcrypto writes whole blocks nowhere in GCM, but wants an address for none too.
    var bytes = [UInt8](repeating: 0, count: text.count + 1)
    let opened = withContext { context in
      var count: Int32 = 0
      guard EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1 else {
        return false
      }
      if !text.isEmpty {
        guard EVP_DecryptUpdate(context, &bytes, &count, text, Int32(text.count)) == 1 else {
          return false
        }
      }
      var rest = [UInt8](repeating: 0, count: 16)
      return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagSize), &tag) == 1
        && EVP_DecryptFinal_ex(context, &rest, &count) == 1
    }
    guard opened else { return nil }
    bytes.removeLast()
    return bytes
  }

  private static func withContext(_ body: (OpaquePointer) -> Bool) -> Bool {
    guard let context = EVP_CIPHER_CTX_new() else { return false }
    defer { EVP_CIPHER_CTX_free(context) }
    return body(context)
  }
}

extension CatalogError {
  /// There is nothing to seal with.
  static var noKey: CatalogError {
    CatalogError(
      .configuration, operation: "seal", subject: "the files of the catalog",
      cause: "there is no key", remedy: "set catalog.encryption_key_file")
  }
}
