import Foundation
import JWTKit
import Logging
import Telemetry

@testable import CatalogAPI

/// Makes tokens, good ones and every kind of bad one, and the service that has to tell them apart.
struct TokenForge {
  static let secret = "0123456789abcdef0123456789abcdef"
  /// 2030: far from every clock that a test runs on.
  static let now = 1_900_000_000.0

  let folder: URL
  let elliptic = ES256PrivateKey()
  let edwards: EdDSA.PrivateKey
  let stranger: EdDSA.PrivateKey

  init() throws {
    edwards = try EdDSA.PrivateKey()
    stranger = try EdDSA.PrivateKey()
    folder = FileManager.default.temporaryDirectory.appending(path: "tokens-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Self.secret.write(to: folder.appending(path: "secret"), atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o600], ofItemAtPath: folder.appending(path: "secret").path)
    try jwks([("ed", edwards)]).write(
      to: folder.appending(path: "jwks"), atomically: true, encoding: .utf8)
  }

  func remove() throws { try FileManager.default.removeItem(at: folder) }

  /// A key set with the elliptic key and these.
  func jwks(_ keys: [(kid: String, key: EdDSA.PrivateKey)]) -> String {
    let point = elliptic.publicKey.parameters
    func url(_ text: String?) -> String {
      Self.base64URL(Data(base64Encoded: text ?? "") ?? Data())
    }
    var all = [
      #"{"kty":"EC","crv":"P-256","kid":"ec","use":"sig","x":"\#(url(point?.x))","y":"\#(url(point?.y))"}"#
    ]
    for (kid, key) in keys {
      let x = Self.base64URL(key.publicKey.rawRepresentation)
      all.append(#"{"kty":"OKP","crv":"Ed25519","kid":"\#(kid)","x":"\#(x)"}"#)
    }
    return #"{"keys":[\#(all.joined(separator: ","))]}"#
  }

  func service(
    audiences: Set<String> = [], issuers: Set<String> = [], algorithms: Set<TokenAlgorithm>? = nil,
    metrics: PrometheusRegistry = PrometheusRegistry(),
    now: @escaping @Sendable () -> Double = { now }
  ) async throws -> Authentication {
    try await Authentication(
      AuthenticationSettings(
        keySet: .file(folder.appending(path: "jwks").path),
        secretFile: folder.appending(path: "secret").path, algorithms: algorithms,
        audiences: audiences, issuers: issuers),
      health: HealthRegistry(version: "1"), metrics: metrics, logger: Logger(label: "test"),
      clock: now)
  }

  enum Key { case secret, elliptic, edwards, stranger, ellipticAsSecret, nothing }

  /// A token of a header and claims as they are written here.
  func token(_ header: String, _ claims: String, _ key: Key) async throws -> String {
    let signed =
      Self.base64URL(Data(header.utf8)) + "." + Self.base64URL(Data(claims.utf8))
    let keys = JWTKeyCollection()
    switch key {
    case .nothing: return signed + "."
    case .secret: await keys.add(hmac: HMACKey(from: Self.secret), digestAlgorithm: .sha256)
    case .ellipticAsSecret:
      await keys.add(
        hmac: HMACKey(from: elliptic.publicKey.pemRepresentation), digestAlgorithm: .sha256)
    case .elliptic: await keys.add(ecdsa: elliptic)
    case .edwards: await keys.add(eddsa: edwards)
    case .stranger: await keys.add(eddsa: stranger)
    }
    let signature = try await keys.getKey().sign(Array(signed.utf8))
    return signed + "." + Self.base64URL(Data(signature))
  }

  /// A good token of the secret.
  func good(_ tenantcode: String, subject: String = "ann", expires: Double = now + 60) async throws
    -> String
  {
    try await token(
      #"{"alg":"HS256","typ":"JWT"}"#,
      #"{"exp":\#(Int(expires)),"sub":"\#(subject)","tenantcode":\#(tenantcode)}"#, .secret)
  }

  static func base64URL(_ data: Data) -> String {
    data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }
}
