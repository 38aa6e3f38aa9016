import COpenSSL
import UtilityModel

/// The names that git gives to files, without a repository.
public enum BlobID {
  /// The id of a blob with these bytes: SHA-1 of `blob <count>\0` and the bytes.
  ///
  /// Source: gitformat-pack(5), "Object types"; FIPS 180-4.
  public static func of(_ bytes: UnsafeRawBufferPointer) -> ObjectID {
    guard let context = EVP_MD_CTX_new() else { fatalError("libcrypto is out of memory") }
    defer { EVP_MD_CTX_free(context) }
    let header = Array("blob \(bytes.count)\0".utf8)
    var digest = [UInt8](repeating: 0, count: 20)
    var count: UInt32 = 0
    guard EVP_DigestInit_ex(context, EVP_sha1(), nil) == 1,
      EVP_DigestUpdate(context, header, header.count) == 1,
      EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1,
      EVP_DigestFinal_ex(context, &digest, &count) == 1, let id = ObjectID(bytes: digest)
    else { fatalError("libcrypto offers no SHA-1: its installation is broken") }
    return id
  }

  /// The id of a blob with these bytes.
  public static func of(_ bytes: [UInt8]) -> ObjectID { bytes.withUnsafeBytes { of($0) } }
}
