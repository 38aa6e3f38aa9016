import Foundation
import JWTKit

/// A JWK set as it is published (RFC 7517, section 5); only what is needed to verify.
struct KeySetDocument: Decodable {
  /// Why one key is left out.
  struct Unusable: Error {
    var reason: String
  }

  /// One key. Members of another type than the standard's make it unusable, not the set.
  struct Member: Decodable {
    var kid: String?
    private var kty: String?
    private var use: String?
    private var operations: [String]?
    private var alg: String?
    private var crv: String?
    private var n: String?
    private var e: String?
    private var x: String?
    private var y: String?
    private var isPrivate = false
    private var failure: String?

    private enum CodingKeys: String, CodingKey {
      case kid, kty, use, alg, crv, n, e, x, y, d, k
      case operations = "key_ops"
    }

    init(from decoder: any Decoder) {
      do {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        kid = try values.decodeIfPresent(String.self, forKey: .kid)
        kty = try values.decodeIfPresent(String.self, forKey: .kty)
        use = try values.decodeIfPresent(String.self, forKey: .use)
        operations = try values.decodeIfPresent([String].self, forKey: .operations)
        alg = try values.decodeIfPresent(String.self, forKey: .alg)
        crv = try values.decodeIfPresent(String.self, forKey: .crv)
        n = try values.decodeIfPresent(String.self, forKey: .n)
        e = try values.decodeIfPresent(String.self, forKey: .e)
        x = try values.decodeIfPresent(String.self, forKey: .x)
        y = try values.decodeIfPresent(String.self, forKey: .y)
        isPrivate = values.contains(.d) || values.contains(.k)
      } catch {
        failure = "a member has another type than RFC 7517 says"
      }
    }

    /// What verifies with this key, by algorithm. Throws `Unusable`.
    func verifiers(
      _ algorithms: Set<TokenAlgorithm>
    ) async throws -> [TokenAlgorithm: any JWTAlgorithm] {
      if let failure { throw Unusable(reason: failure) }
      guard !isPrivate else {
        throw Unusable(reason: "it holds a secret; publish the public part alone")
      }
      guard use == nil || use == "sig", operations?.contains("verify") != false else {
        throw Unusable(reason: "it is not for signatures")
      }
      let fitting = algorithms.filter { algorithm in
        let type = algorithm.keyType
        return !algorithm.isSymmetric && type.kty == kty
          && (type.curve == nil || type.curve == crv)
          && (alg == nil || alg == algorithm.rawValue)
      }
      guard !fitting.isEmpty else { throw Unusable(reason: "no accepted algorithm fits it") }
      if kty == "RSA" { try checkStrength() }
      var verifiers: [TokenAlgorithm: any JWTAlgorithm] = [:]
      for algorithm in fitting { verifiers[algorithm] = try await verifier(algorithm) }
      return verifiers
    }

    /// At least 2048 bits (RFC 7518, section 3.3), and no more than is cheap to verify with.
    private func checkStrength() throws(Unusable) {
      guard let modulus = n.flatMap({ TokenParts.decoded(Array($0.utf8)[...]) }),
        let exponent = e.flatMap({ TokenParts.decoded(Array($0.utf8)[...]) })
      else { throw Unusable(reason: "its modulus or exponent is not base64url") }
      let significant = modulus.drop { $0 == 0 }
      let bits = significant.count * 8 - (significant.first?.leadingZeroBitCount ?? 0)
      guard (2048...8192).contains(bits), exponent.count <= 8,
        exponent.last.map({ $0 & 1 == 1 }) == true, exponent != [1]
      else { throw Unusable(reason: "RSA keys have 2048 to 8192 bits and an odd exponent") }
    }

    private func verifier(_ algorithm: TokenAlgorithm) async throws -> any JWTAlgorithm {
      let identifier: JWKIdentifier = "key"
      let name = JWK.Algorithm(rawValue: algorithm.rawValue)
      let key: JWK =
        switch kty {
        case "RSA": .rsa(name, identifier: identifier, modulus: n, exponent: e)
        case "EC":
          .ecdsa(
            name, identifier: identifier, x: x, y: y, curve: crv.flatMap(ECDSACurve.init(rawValue:))
          )
        default: .octetKeyPair(name, identifier: identifier, x: x, y: nil, curve: .ed25519)
        }
      do {
        return try await JWTKeyCollection().add(jwk: key).getKey(for: identifier)
      } catch {
        throw Unusable(reason: "its numbers are no key of that type")
      }
    }
  }

  var keys: [Member]
}
