import HTTPTypes
import Hummingbird

/// Why a request's token is not accepted.
///
/// A client learns whether one was missing, expired or bad; which check failed is for the log.
enum TokenRefusal: Error, Equatable {
  /// No `Authorization` header.
  case missing
  /// Genuine, and past its `exp`.
  case expired
  /// Anything else; the reason holds nothing of the token.
  case invalid(String)
  /// Names a key that the set does not have: a reason to look for a newer set.
  case unknownKey
  /// No key set could be loaded so far.
  case noKeys

  /// A bounded label for metrics and the log.
  var label: String {
    switch self {
    case .missing: "missing"
    case .expired: "expired"
    case .invalid: "invalid"
    case .unknownKey: "unknown_key"
    case .noKeys: "no_keys"
    }
  }

  /// The answer: 401 with a challenge (RFC 6750, section 3), or 503 while there are no keys, so that
  /// clients do not throw good tokens away.
  func response() -> Response {
    let challenge: String
    var message = "The token is not valid for this service: sign in again."
    switch self {
    case .noKeys:
      return APIError(
        status: .serviceUnavailable, code: .overloaded,
        message: "The keys that tokens are checked with are not there yet: try again.",
        retryAfter: 5
      ).response()
    case .missing:
      challenge = "Bearer realm=\"sync-agent\""
      message = "This route wants a token: send Authorization: Bearer with a JSON Web Token."
    case .expired:
      challenge =
        "Bearer realm=\"sync-agent\", error=\"invalid_token\", "
        + "error_description=\"The token has expired\""
      message = "The session has expired: sign in again."
    case .invalid, .unknownKey:
      challenge = "Bearer realm=\"sync-agent\", error=\"invalid_token\""
    }
    let envelope = Envelope(
      success: false, error: APIError.Code.security.rawValue, displaymessage: message,
      sessionexpired: self == .expired)
    var response = Envelope.response(envelope.render(), status: .unauthorized)
    response.headers[.wwwAuthenticate] = challenge
    return response
  }
}
