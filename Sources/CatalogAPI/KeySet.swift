import Foundation
import JWTKit

/// The public keys and the secret that tokens are verified with.
///
/// A key is used for algorithms that are listed, fit its type and curve, and agree with its `alg`.
struct KeySet: Sendable {
  /// Why there is no set to be had from some bytes. Holds no key.
  struct Refusal: Error, Hashable, CustomStringConvertible {
    var description: String
  }

  /// A set document is at most this large.
  static let sizeLimit = 256 * 1024
  /// More keys are refused.
  static let countLimit = 128

  private var named: [String: [TokenAlgorithm: any JWTAlgorithm]] = [:]
  /// For tokens without `kid`: those algorithms for which exactly one key is there.
  private var unnamed: [TokenAlgorithm: [any JWTAlgorithm]] = [:]
  /// Why members of the document are not used, for the log.
  private(set) var ignored: [String] = []

  /// The key for a token. Throws where none fits.
  func verifier(for token: TokenParts) throws(TokenRefusal) -> any JWTAlgorithm {
    if token.algorithm.isSymmetric {
      // One secret: a kid has nothing to choose.
      guard let key = unnamed[token.algorithm]?.first else {
        throw .invalid("an algorithm that is not listed")
      }
      return key
    }
    if let id = token.keyID, !named.isEmpty {
      guard let keys = named[id] else { throw .unknownKey }
      guard let key = keys[token.algorithm] else { throw .invalid("a key of another algorithm") }
      return key
    }
    guard let keys = unnamed[token.algorithm], let key = keys.first, keys.count == 1 else {
      throw .invalid("no kid, and no single key that fits")
    }
    return key
  }

  /// Adds the secret for those of `algorithms` that take one.
  mutating func add(secret: [UInt8], algorithms: Set<TokenAlgorithm>) async throws {
    for algorithm in algorithms {
      guard let digest = algorithm.digest else { continue }
      guard secret.count >= algorithm.secretLength else {
        throw Refusal(
          description: "the secret has \(secret.count) bytes and \(algorithm.rawValue) wants at "
            + "least \(algorithm.secretLength): make one with openssl rand -base64 64")
      }
      let keys = await JWTKeyCollection().add(
        hmac: HMACKey(from: secret), digestAlgorithm: digest)
      unnamed[algorithm] = [try await keys.getKey()]
    }
  }

  /// Adds the keys of a JWK set (RFC 7517, section 5) for those of `algorithms` that take one.
  ///
  /// A key that cannot be used is left out and told in `ignored`. Throws `Refusal` where none is left,
  /// or where two could be meant by one `kid`.
  mutating func add(jwks bytes: [UInt8], algorithms: Set<TokenAlgorithm>) async throws {
    guard bytes.count <= Self.sizeLimit else {
      throw Refusal(description: "the key set has more than \(Self.sizeLimit) bytes")
    }
    let document: KeySetDocument
    do {
      document = try JSONDecoder().decode(KeySetDocument.self, from: Data(bytes))
    } catch {
      throw Refusal(description: "the key set is no JSON object with an array `keys` (RFC 7517)")
    }
    guard document.keys.count <= Self.countLimit else {
      throw Refusal(description: "the key set has more than \(Self.countLimit) keys")
    }
    for (index, member) in document.keys.enumerated() {
      do {
        let verifiers = try await member.verifiers(algorithms)
        if let id = member.kid {
          for (algorithm, verifier) in verifiers
          where named[id, default: [:]].updateValue(verifier, forKey: algorithm) != nil {
            throw Refusal(description: "the key set has two keys of one kid and type")
          }
        }
        for (algorithm, verifier) in verifiers {
          unnamed[algorithm, default: []].append(verifier)
        }
      } catch let unusable as KeySetDocument.Unusable {
        ignored.append("key \(index + 1): \(unusable.reason)")
      }
    }
    guard unnamed.keys.contains(where: { !$0.isSymmetric }) else {
      throw Refusal(
        description: "the key set has no key for the accepted algorithms"
          + ignored.map { "; \($0)" }.joined())
    }
  }
}
