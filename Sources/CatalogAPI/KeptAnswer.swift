import Concurrency
import Hummingbird
import NIOCore
import Synchronization
import UtilityModel

/// One sequence of bytes that a strong entity tag names.
struct Representation: Sendable {
  /// The strong entity tag, quotes included.
  var etag: String
  var headers: HTTPFields
  var body: ByteBuffer

  /// The answer, or 304 where the client has these bytes already (RFC 9110, section 13.1.2).
  func response(to request: Request) -> Response {
    if EntityTag.matches(request.headers[.ifNoneMatch], tag: etag) {
      var headers: HTTPFields = [.eTag: etag, .cacheControl: "no-cache"]
      headers[.vary] = self.headers[.vary]
      return Response(status: .notModified, headers: headers)
    }
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
  }
}

/// A rendered answer of one tenant: its plain bytes and, once a client has asked, the compressed
/// ones. Safe from any thread.
final class KeptAnswer: Sendable {
  let tenant: TenantCode
  let route: Route
  let plain: Representation
  private let packed = Mutex<Representation?>(nil)
  /// Compresses what would hold the cooperative pool up.
  private static let pool = BlockingPool(name: "gzip", width: 1)

  init(tenant: TenantCode, route: Route, plain: Representation) {
    self.tenant = tenant
    self.route = route
    var plain = plain
    if Self.isCompressible(plain.body) { plain.headers[.vary] = "Accept-Encoding" }
    plain.headers[.eTag] = plain.etag
    plain.headers[.contentLength] = String(plain.body.readableBytes)
    self.plain = plain
  }

  /// The representation for a request.
  func representation(for request: Request) async -> Representation {
    guard Self.isCompressible(plain.body), Gzip.isAccepted(request.headers[.acceptEncoding]) else {
      return plain
    }
    if let packed = packed.withLock({ $0 }) { return packed }
    let body = plain.body
    let compressed =
      body.readableBytes <= Gzip.brief
      ? Gzip.compressed(body) : await Self.pool.run { Gzip.compressed(body) }
    guard let compressed else { return plain }
    var made = plain
    made.body = compressed
    made.etag = plain.etag.dropLast() + Gzip.tagSuffix + "\""
    made.headers[.eTag] = made.etag
    made.headers[.contentEncoding] = "gzip"
    made.headers[.contentLength] = String(compressed.readableBytes)
    // Two that compress at once get the same bytes: whichever stays is right.
    packed.withLock { $0 = made }
    return made
  }

  /// What keeping it costs in bytes, the compressed body included, which is not larger.
  var cost: Int { plain.body.readableBytes * (Self.isCompressible(plain.body) ? 2 : 1) }

  private static func isCompressible(_ body: ByteBuffer) -> Bool {
    body.readableBytes >= Gzip.worthwhile && body.readableBytes <= Gzip.limit
  }
}
