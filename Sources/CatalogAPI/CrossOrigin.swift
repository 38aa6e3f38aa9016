import HTTPTypes
import Hummingbird

/// Which web pages of other origins may read (CORS, Fetch Standard, section 3.2). Off by default.
///
/// Credentials in the sense of CORS (cookies) are never allowed: tokens come in `Authorization`,
/// which a page has to send itself.
public struct CrossOrigin: Sendable {
  /// Why a list of origins is refused.
  public struct Refusal: Error, CustomStringConvertible {
    /// The origin and the way out.
    public var description: String
  }

  private let origins: Set<String>
  private let isOpen: Bool

  /// Origins such as `https://ui.example`, exactly as browsers send them, or `*` alone for every
  /// page. Throws `Refusal` for `null`, paths and anything else that is no origin.
  public init(origins: [String]) throws(Refusal) {
    for origin in origins where origin != "*" {
      let parts = origin.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 3, parts[0] == "https:" || parts[0] == "http:", parts[1].isEmpty,
        !parts[2].isEmpty, !parts[2].contains("*"), !parts[2].contains("@"),
        origin == origin.lowercased()
      else {
        throw Refusal(
          description: "`\(origin)` is no origin: write scheme://host or scheme://host:port, "
            + "in lower case and without a path")
      }
    }
    guard !origins.contains("*") || origins.count == 1 else {
      throw Refusal(description: "`*` stands alone: it admits every origin already")
    }
    self.origins = Set(origins)
    isOpen = origins == ["*"]
  }

  /// The answer to a preflight of an allowed origin, or nil where this is none.
  func preflight(_ request: Request) -> Response? {
    guard request.method == .options, let origin = request.headers[.origin],
      request.headers[.accessControlRequestMethod] != nil, admits(origin)
    else { return nil }
    return Response(
      status: .noContent,
      headers: [
        .accessControlAllowMethods: "GET, HEAD",
        .accessControlAllowHeaders:
          "Authorization, If-None-Match, Last-Event-ID, X-Request-ID",
        .accessControlMaxAge: "600",
      ])
  }

  /// Says whether the page that asked may read the answer.
  func decorate(_ response: inout Response, for request: Request) {
    if !isOpen {
      response.headers[.vary] = response.headers[.vary].map { "\($0), Origin" } ?? "Origin"
    }
    guard let origin = request.headers[.origin], admits(origin) else { return }
    response.headers[.accessControlAllowOrigin] = isOpen ? "*" : origin
    response.headers[.accessControlExposeHeaders] =
      "ETag, X-Event-ID, X-Request-ID, Retry-After, Allow"
  }

  private func admits(_ origin: String) -> Bool {
    origin != "null" && (isOpen || origins.contains(origin))
  }
}
