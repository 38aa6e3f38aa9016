import Hummingbird
import NIOCore

/// `GET /openapi.json`: what this interface is, for programs. Rendered once; no envelope.
enum OpenAPIDocument {
  private static let plain = Representation(
    etag: EntityTag.tag(of: PackageResources.openapi_json),
    headers: [
      .contentType: "application/json; charset=utf-8", .cacheControl: "no-cache",
      .contentLength: String(PackageResources.openapi_json.count),
    ], body: ByteBuffer(bytes: PackageResources.openapi_json))

  /// The document, or 304.
  static func response(to request: Request) -> Response {
    var plain = plain
    plain.headers[.eTag] = plain.etag
    return plain.response(to: request)
  }
}
