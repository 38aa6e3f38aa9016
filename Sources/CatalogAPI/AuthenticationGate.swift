import Hummingbird
import NIOCore

/// Decides whether a request comes in and what it may see, before anything of an answer is looked at.
struct AuthenticationGate: Sendable {
  /// What a request that came in may do.
  struct Admission: Sendable {
    var access: TenantAccess
    /// When the bearer's session ends, in seconds since 1970; nil without authentication.
    var expires: Double?

    /// Sees nothing: what a request has that went past the gate.
    static let nothing = Admission(access: .none, expires: nil)
    /// Sees everything: an agent without authentication, which listens on loopback only.
    static let everything = Admission(access: .all, expires: nil)
  }

  /// Why a request does not come in.
  struct Refusal: Error {
    var response: Response
  }

  /// Nil lets everybody in.
  var authentication: Authentication?
  /// Nil lets everybody in at any pace.
  var limit: RateLimit?
  /// What may be asked for without authentication; nil: by any name.
  var hosts: HostRule?

  /// Lets a request in or throws the answer that it gets instead. `route` is nil for unknown ones.
  func admit(
    _ request: Request, route: @autoclosure () -> Route?,
    from address: @autoclosure () -> SocketAddress?
  ) async throws(Refusal) -> Admission {
    guard let authentication else {
      guard hosts?.admits(request.head.authority) != false else {
        throw Refusal(response: APIError.misdirected.response())
      }
      guard limit != nil, route()?.isProbe != true else { return .everything }
      try count(RateLimit.client(at: address()))
      return .everything
    }
    if let claims = authentication.known(request.headers) {
      if let subject = claims.subject {
        try count(.subject(subject))
      } else {
        try count(RateLimit.client(at: address()))
      }
      return Admission(access: claims.access, expires: claims.expires)
    }
    let route = route()
    if route?.isProbe == true { return .nothing }
    // Before the signature is checked: guessing costs the guesser.
    try count(RateLimit.client(at: address()))
    if route?.isOpen == true { return .nothing }
    do throws(TokenRefusal) {
      let claims = try await authentication.claims(request.headers)
      return Admission(access: claims.access, expires: claims.expires)
    } catch {
      throw Refusal(response: error.response())
    }
  }

  private func count(_ client: @autoclosure () -> RateLimit.Client) throws(Refusal) {
    guard let limit, let seconds = limit.admit(client()) else { return }
    throw Refusal(response: RateLimit.refusal(retryAfter: seconds).response())
  }
}
