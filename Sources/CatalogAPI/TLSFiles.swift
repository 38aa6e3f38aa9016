import Foundation
import Hashing
import HummingbirdTLS
import UtilityModel

/// The certificate chain and the private key of a server, as PEM files.
public struct TLSFiles: Sendable, Hashable {
  /// Why files are not used.
  public struct Refusal: Error, CustomStringConvertible {
    /// The file and the way out; nothing of a key.
    public var description: String
  }

  /// The path of the chain, the server's own certificate first.
  public var certificate: String
  /// The path of the key.
  public var key: String

  /// The files at two paths.
  public init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }

  /// What was read: a configuration, and what tells it from the next.
  struct Contents: Sendable {
    var configuration: TLSConfiguration
    var digest: Digest
    /// When the certificate ends, in seconds since 1970.
    var notAfter: Int
  }

  /// Reads both. Throws `Refusal` where one is unreadable, is no PEM, or they do not belong together.
  func read() async throws -> Contents {
    let (chainBytes, _) = try await KeySetFile(path: certificate).contentsOrRefusal()
    let (keyBytes, _) = try await KeySetFile(path: key, isSecret: true).contentsOrRefusal()
    let chain: [NIOSSLCertificate]
    do {
      chain = try NIOSSLCertificate.fromPEMBytes(chainBytes)
    } catch {
      throw Refusal(description: "\(certificate) holds no PEM certificate: give a chain in PEM")
    }
    guard let own = chain.first else {
      throw Refusal(description: "\(certificate) holds no PEM certificate: give a chain in PEM")
    }
    let privateKey: NIOSSLPrivateKey
    do {
      privateKey = try NIOSSLPrivateKey(bytes: keyBytes, format: .pem)
    } catch {
      throw Refusal(description: "\(key) holds no unencrypted PEM private key: give one")
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    return Contents(
      configuration: configuration, digest: SHA256.digest(of: chainBytes + [0] + keyBytes),
      notAfter: Int(own.notValidAfter))
  }

  /// The states of both files, to see a change without reading.
  func stamps() async -> [KeySetFile.Stamp?] {
    [await KeySetFile(path: certificate).stamp(), await KeySetFile(path: key).stamp()]
  }

  /// Throws `Refusal` where a server could not start with these files.
  public func check() async throws {
    let contents = try await read()
    try TLSReload.check(contents, self)
  }
}

extension KeySetFile {
  fileprivate func contentsOrRefusal() async throws(TLSFiles.Refusal) -> (
    bytes: [UInt8], stamp: Stamp
  ) {
    do throws(KeySetFile.Refusal) {
      return try await read()
    } catch {
      throw TLSFiles.Refusal(description: error.description)
    }
  }
}
