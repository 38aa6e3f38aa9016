import HTTPTypes
import Hummingbird

/// The web console: a static page that holds no data, so nobody needs a token to load it. What it
/// shows it reads from the other routes, with the token that its user gives it.
struct ConsoleRoutes: Sendable {
  /// Nothing but the agent's own files, nothing inline, no frame around it, and no string that
  /// becomes markup or code. Sources: CSP Level 3; Trusted Types.
  static let contentSecurityPolicy = [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
    "img-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    "require-trusted-types-for 'script'", "trusted-types 'none'",
  ].joined(separator: "; ")

  /// `GET /`.
  func page(_ request: Request) -> Response { Self.answer(ConsoleAssets.page, to: request) }

  /// `GET /console/{asset}`. A name that is no file's is an unknown route.
  func asset(_ request: Request) throws(APIError) -> Response {
    let name = request.uri.path.split(separator: "/").last.map(String.init) ?? ""
    guard let asset = ConsoleAssets.byName[name] else { throw .unknownRoute }
    return Self.answer(asset, to: request)
  }

  private static func answer(_ asset: ConsoleAsset, to request: Request) -> Response {
    var headers: HTTPFields = [
      .eTag: asset.etag, .cacheControl: "no-cache", .xContentTypeOptions: "nosniff",
      .contentSecurityPolicy: contentSecurityPolicy, .crossOriginResourcePolicy: "same-origin",
    ]
    for (name, value) in protection { headers[name] = value }
    if EntityTag.matches(request.headers[.ifNoneMatch], tag: asset.etag) {
      return Response(status: .notModified, headers: headers)
    }
    headers[.contentType] = asset.contentType
    headers[.contentLength] = String(asset.body.readableBytes)
    return Response(
      status: .ok, headers: headers, body: ResponseBody(byteBuffer: asset.body))
  }

  /// Headers that have no name of their own in the HTTP library.
  private static let protection: [(HTTPField.Name, String)] = [
    ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin"),
  ].compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }
}
