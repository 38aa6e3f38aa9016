import JWTKit

/// A signature algorithm of JSON Web Tokens (RFC 7518, section 3.1; RFC 8037). `none` is not one.
public enum TokenAlgorithm: String, Sendable, CaseIterable {
  case hs256 = "HS256"
  case hs384 = "HS384"
  case hs512 = "HS512"
  case rs256 = "RS256"
  case rs384 = "RS384"
  case rs512 = "RS512"
  case ps256 = "PS256"
  case ps384 = "PS384"
  case ps512 = "PS512"
  case es256 = "ES256"
  case es384 = "ES384"
  case es512 = "ES512"
  case eddsa = "EdDSA"

  /// Accepted by default with a key set.
  public static let keySetDefaults: Set<TokenAlgorithm> = [.rs256, .es256, .eddsa]
  /// Accepted by default with a secret.
  public static let secretDefaults: Set<TokenAlgorithm> = [.hs256]

  /// Whether it takes the shared secret; every other takes a public key. The two never mix, so that
  /// no public key can serve as a secret (RFC 8725, section 3.1).
  public var isSymmetric: Bool { self == .hs256 || self == .hs384 || self == .hs512 }

  /// Bytes that a secret must have (RFC 7518, section 3.2); 0 for public keys.
  var secretLength: Int {
    switch self {
    case .hs256: 32
    case .hs384: 48
    case .hs512: 64
    default: 0
    }
  }

  /// The `kty` and, where it matters, the `crv` of a key that fits.
  var keyType: (kty: String, curve: String?) {
    switch self {
    case .hs256, .hs384, .hs512: ("oct", nil)
    case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: ("RSA", nil)
    case .es256: ("EC", "P-256")
    case .es384: ("EC", "P-384")
    case .es512: ("EC", "P-521")
    case .eddsa: ("OKP", "Ed25519")
    }
  }

  var digest: DigestAlgorithm? {
    switch self {
    case .hs256: .sha256
    case .hs384: .sha384
    case .hs512: .sha512
    default: nil
    }
  }
}
