import Catalog
import Hummingbird

/// A refusal: what the client is told, and nothing more.
struct APIError: Error {
  /// The LLD's kinds of error codes, and those that HTTP adds.
  enum Code: String {
    case validation = "VALIDATION_ERROR"
    case notFound = "NOT_FOUND"
    case database = "DATABASE_ERROR"
    case methodNotAllowed = "METHOD_NOT_ALLOWED"
    case `internal` = "INTERNAL_ERROR"
    case overloaded = "SERVICE_UNAVAILABLE"
    case security = "SECURITY_ERROR"
    case rateLimited = "RATE_LIMITED"
    case tooLarge = "TOO_LARGE"
    case timeout = "TIMEOUT"
  }

  var status: HTTPResponse.Status
  var code: Code
  /// One sentence for people.
  var message: String
  /// The parameters at fault.
  var fields: [String] = []
  /// Seconds after which to try again, for `Retry-After`.
  var retryAfter: Int?

  static func badParameter(_ field: String, _ message: String) -> APIError {
    APIError(status: .badRequest, code: .validation, message: message, fields: [field])
  }

  static func notFound(_ message: String) -> APIError {
    APIError(status: .notFound, code: .notFound, message: message)
  }

  static func overloaded(_ message: String) -> APIError {
    APIError(status: .serviceUnavailable, code: .overloaded, message: message, retryAfter: 5)
  }

  static let `internal` = APIError(
    status: .internalServerError, code: .internal,
    message: "The request failed inside the server; its request id finds the cause in the log.")

  /// The catalog could not be read; where waiting may help, the client is asked to.
  static func database(_ error: CatalogError) -> APIError {
    let isAway = [.unavailable, .locked].contains(error.code)
    return APIError(
      status: isAway ? .serviceUnavailable : .internalServerError, code: .database,
      message: "The catalog could not be read; the request id finds the cause in the log.",
      retryAfter: isAway ? 5 : nil)
  }

  static let operatorOnly = APIError(
    status: .forbidden, code: .security,
    message: "This route tells of more than a tenant's own: it wants the operator's token.")

  static let misdirected = APIError(
    status: .misdirectedRequest, code: .security,
    message: "Without authentication this agent is served under an address, localhost or "
      + "server.host only, and under no other name.")

  static let unknownRoute = notFound("There is no such route.")

  /// The answer.
  func response() -> Response {
    let envelope = Envelope(
      success: false, error: code.rawValue, displaymessage: message, field: fields)
    var response = Envelope.response(envelope.render(), status: status)
    if let retryAfter { response.headers[.retryAfter] = String(retryAfter) }
    return response
  }
}
