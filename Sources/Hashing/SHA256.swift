import COpenSSL
import UtilityModel

/// SHA-256 by OpenSSL's libcrypto (`EVP_Digest*`, FIPS 180-4).
///
/// Not shared between threads; make one where it is needed.
public struct SHA256: ~Copyable {
  private let context: OpaquePointer

  /// An empty message.
  public init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      fatalError("libcrypto offers no SHA-256: its installation is broken")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Adds bytes to the message.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
      fatalError("libcrypto failed to hash \(bytes.count) bytes")
    }
  }

  /// Adds bytes to the message.
  public mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// Adds a text's UTF-8 to the message.
  public mutating func update(_ text: String) {
    var text = text
    text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
  }

  /// The digest of everything added; ends this message.
  public consuming func finish() -> Digest {
    var bytes = [UInt8](repeating: 0, count: 32)
    var count: UInt32 = 0
    guard EVP_DigestFinal_ex(context, &bytes, &count) == 1, let digest = Digest(bytes: bytes) else {
      fatalError("libcrypto failed to finish a SHA-256")
    }
    return digest
  }

  /// The digest of some bytes.
  public static func digest(of bytes: [UInt8]) -> Digest {
    bytes.withUnsafeBytes { digest(of: $0) }
  }

  /// The digest of some bytes.
  public static func digest(of bytes: UnsafeRawBufferPointer) -> Digest {
    var hasher = SHA256()
    hasher.update(bytes)
    return hasher.finish()
  }

  /// The digest of a text's UTF-8.
  public static func digest(of text: String) -> Digest {
    var hasher = SHA256()
    hasher.update(text)
    return hasher.finish()
  }
}
