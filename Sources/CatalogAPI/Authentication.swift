import Foundation
import Hashing
import HTTPTypes
public import Logging
public import ServiceLifecycle
public import Telemetry

/// How well keys can be had.
enum AuthenticationHealth: Sendable {
  case working
  /// The last good keys are used; newer ones cannot be had.
  case lastGood
  case noKeys
}

/// Verifies the tokens of requests (RFC 7519, RFC 8725) and keeps the keys current while it runs.
///
/// Safe from any thread.
public final class Authentication: Service {
  /// Refused tokens by reason.
  static let refusals = MetricDeclaration(
    name: "auth_refusals_total", help: "Requests whose token was refused, by reason.")

  private let rules: TokenClaims.Rules
  private let store = KeySetStore()
  private let cache: TokenCache
  private let refresh: KeySetRefresh
  private let metrics: PrometheusRegistry
  private let clock: @Sendable () -> Double

  /// Loads the keys. Throws a sentence where a file cannot be used; an address that does not answer is
  /// asked again later, and until it does every token is answered 503.
  public convenience init(
    _ settings: AuthenticationSettings, health: HealthRegistry, metrics: PrometheusRegistry,
    logger: Logger
  ) async throws {
    try await self.init(
      settings, health: health, metrics: metrics, logger: logger,
      clock: { Date().timeIntervalSince1970 })
  }

  /// As above, with another clock, in seconds since 1970.
  init(
    _ settings: AuthenticationSettings, health: HealthRegistry, metrics: PrometheusRegistry,
    logger: Logger, clock: @escaping @Sendable () -> Double
  ) async throws {
    rules = TokenClaims.Rules(audiences: settings.audiences, issuers: settings.issuers)
    cache = TokenCache()
    self.metrics = metrics
    self.clock = clock
    metrics.declare(Self.refusals)
    refresh = KeySetRefresh(settings, store: store, logger: logger) { state in
      switch state {
      case .working: health.report(check: "authentication", status: .healthy)
      case .lastGood:
        health.report(
          check: "authentication", status: .degraded,
          message: "the keys for tokens cannot be renewed; the last good ones are used")
      case .noKeys:
        health.report(
          check: "authentication", status: .unhealthy,
          message: "there are no keys to check tokens with; every token is answered 503")
      }
    }
    try await refresh.start()
  }

  /// Keeps the keys current until the service is shut down.
  public func run() async throws {
    let refresh = refresh
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          try await Task.sleep(for: KeySetRefresh.fileInterval)
        } catch {
          return
        }
        await refresh.tick()
      }
    }
  }

  /// The claims of a request's token that was verified before; nil where that is still to be done.
  ///
  /// The way of nearly every request: no suspension, no signature.
  func known(_ headers: HTTPFields) -> TokenClaims? {
    guard let text = headers[.authorization], text.utf8.count <= TokenParts.lengthLimit,
      let token = Self.bearer(text)
    else { return nil }
    let key = SHA256.digest(of: String(token))
    guard let claims = cache.claims(of: key, generation: store.current.generation) else {
      return nil
    }
    // An expired one is refused where it is looked at in full.
    return clock() < claims.expires ? claims : nil
  }

  /// The claims of a request's token, verified now. Throws `TokenRefusal`.
  ///
  /// A token that names an unknown key waits for one look at a newer key set.
  func claims(_ headers: HTTPFields) async throws(TokenRefusal) -> TokenClaims {
    do throws(TokenRefusal) {
      guard let text = headers[.authorization] else { throw .missing }
      guard let token = Self.bearer(text) else { throw .invalid("not one Bearer token") }
      let parts = try TokenParts(token)
      do throws(TokenRefusal) {
        return try verify(parts, token)
      } catch {
        guard error == .unknownKey else { throw error }
      }
      await refresh.lookForUnknownKey()
      return try verify(parts, token)
    } catch {
      metrics.makeCounter(label: Self.refusals.name, dimensions: [("reason", error.label)])
        .increment(by: 1)
      throw error
    }
  }

  private func verify(
    _ parts: TokenParts, _ token: Substring
  ) throws(TokenRefusal) -> TokenClaims {
    let (set, generation) = store.current
    guard let set else { throw .noKeys }
    let key = try set.verifier(for: parts)
    let isGenuine: Bool
    do {
      isGenuine = try key.verify(parts.signature, signs: parts.signed)
    } catch {
      // A signature of the wrong form.
      isGenuine = false
    }
    guard isGenuine else { throw .invalid("the signature is wrong") }
    let claims = try TokenClaims(parts.payload, rules: rules, now: clock())
    cache.store(claims, of: SHA256.digest(of: String(token)), generation: generation)
    return claims
  }

  /// The token of `Authorization: Bearer`, or nil where there is another scheme or several fields.
  private static func bearer(_ header: String) -> Substring? {
    let scheme = header.prefix(7)
    guard scheme.lowercased() == "bearer " else { return nil }
    let token = header.dropFirst(7).drop(while: { $0 == " " })
    guard !token.isEmpty,
      !token.utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") })
    else { return nil }
    return token
  }
}
