import CatalogAPI
import GitStore
import Logging
import NIOCore
import UtilityModel

/// What the configuration says of authentication, TLS and limits.
extension Configuration {
  /// How tokens are verified, or nil where nobody needs one. Throws a sentence with the way out.
  func authentication() throws(AuthenticationSettings.Refusal) -> AuthenticationSettings? {
    guard self["auth.jwks"] != nil || self["auth.secret_file"] != nil else { return nil }
    let names = self["auth.algorithms"].map(ConfigurationKey.list)
    return try AuthenticationSettings(
      keySet: self["auth.jwks"].map(KeySetSource.init), secretFile: self["auth.secret_file"],
      algorithms: names.map { Set($0.compactMap(TokenAlgorithm.init)) },
      audiences: Set(ConfigurationKey.list(text("auth.audience"))),
      issuers: Set(ConfigurationKey.list(text("auth.issuer"))),
      keySetInterval: .seconds(ConfigurationKey.seconds(text("auth.jwks_interval")) ?? 300))
  }

  /// The certificate and key to serve with, or nil.
  var tlsFiles: TLSFiles? {
    guard let certificate = self["server.tls.certificate"], let key = self["server.tls.key"] else {
      return nil
    }
    return TLSFiles(certificate: certificate, key: key)
  }

  /// What clients may take.
  var limits: Limits {
    func time(_ key: String) -> TimeAmount {
      .milliseconds(Int64((ConfigurationKey.seconds(text(key)) ?? 60) * 1000))
    }
    var limits = Limits()
    limits.urlSize = integer("server.max_url")
    limits.headerSize = integer("server.max_header")
    limits.bodySize = integer("server.max_body")
    limits.idleTimeout = time("server.idle_timeout")
    limits.readTimeout = time("server.read_timeout")
    limits.writeTimeout = time("server.write_timeout")
    limits.drainTimeout = time("server.drain_timeout")
    limits.connections = integer("server.max_connections")
    limits.requestRate = integer("server.rate_limit")
    limits.requestBurst = integer("server.rate_burst")
    return limits
  }

  /// What is wrong between the keys, without a look at any file.
  var securityProblems: [String] {
    var problems: [String] = []
    do throws(AuthenticationSettings.Refusal) {
      let isOpen = !ListenAddress.isLoopback(text("server.host"))
      if try authentication() == nil, isOpen {
        problems.append(
          "server.host: \(text("server.host")) can be reached by others and nobody is asked who they "
            + "are; set auth.jwks or auth.secret_file, or set server.host to 127.0.0.1")
      }
    } catch {
      problems.append(error.description)
    }
    for key in ["auth.algorithms", "auth.audience", "auth.issuer"]
    where self[key] != nil && self["auth.jwks"] == nil && self["auth.secret_file"] == nil {
      problems.append("\(key): there is no authentication; set auth.jwks or auth.secret_file")
    }
    if (self["server.tls.certificate"] == nil) != (self["server.tls.key"] == nil) {
      problems.append("server.tls: give both server.tls.certificate and server.tls.key, or neither")
    }
    if text("policy.approval") == "signed", self["policy.allowed_signers"] == nil {
      problems.append(
        "policy.allowed_signers: policy.approval is signed and nobody may sign; name a file of "
          + "keys")
    }
    return problems
  }

  /// Throws a `ConfigurationError` with every file of keys and certificates that a server could not
  /// start with. Asks no address.
  func checkSecurityFiles() async throws {
    var problems: [String] = []
    do {
      try await authentication()?.check()
    } catch {
      problems.append("auth: \(error)")
    }
    do {
      try await tlsFiles?.check()
    } catch {
      problems.append("server.tls: \(error)")
    }
    let signers = revisionPolicy.signers
    if !signers.allowed.isEmpty || signers.revoked != nil {
      do {
        _ = try await BlockingCall.run { try SignatureVerifier(signers) }
      } catch {
        problems.append("policy.allowed_signers: \(error)")
      }
    }
    guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
  }

  /// Says what works and should not stay so.
  func warnOfSecurity(_ logger: Logger) async {
    if self["auth.jwks"].map(KeySetSource.init)?.isCleartext == true {
      logger.warning(
        """
        auth.jwks is fetched over http: who can alter it on its way can forge tokens; use https
        """)
    }
    if await AuthenticationSettings.isWorldReadable(secretFile: self["auth.secret_file"]) {
      logger.warning(
        """
        everybody on this machine can read the file of auth.secret_file and forge tokens; \
        chmod 0400 it
        """)
    }
    if !ListenAddress.isLoopback(text("server.host")), tlsFiles == nil {
      logger.warning(
        """
        tokens and answers go over the network in the clear; set server.tls.certificate and \
        server.tls.key, or let only a TLS proxy reach server.host
        """)
    }
  }
}
