import Hummingbird
import HummingbirdCore

/// A request that was let in, with what it may see.
///
/// Handlers get this instead of a bare request, so that the tenants they read from come from its
/// `access`. Source of both: `AuthenticationGate`.
struct AdmittedRequest {
  let http: Request
  let access: TenantAccess
  /// When the bearer's session ends, in seconds since 1970; nil without authentication.
  let expires: Double?

  var headers: HTTPFields { http.headers }
  var method: HTTPRequest.Method { http.method }
  var uri: URI { http.uri }

  init(_ request: Request, _ context: APIRequestContext) {
    http = request
    access = context.admission.access
    expires = context.admission.expires
  }

  /// Throws where the bearer is not the operator.
  func requireOperator() throws(APIError) {
    guard access.isOperator else { throw .operatorOnly }
  }
}
