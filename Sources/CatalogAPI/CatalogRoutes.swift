import Catalog
import Hummingbird
import Telemetry
import UtilityModel

/// The list and the entry: read from the snapshot in memory, kept rendered.
struct CatalogRoutes: Sendable {
  let catalog: any CatalogReading
  let cache: ResponseCache

  /// The kept answer to exactly this path and query, where its snapshot is still the newest.
  func kept(_ uri: String) -> CachedAnswer? {
    guard let answer = cache.answer(uri: uri),
      let snapshot = catalog.snapshot(of: answer.tenant), snapshot.etag == answer.snapshotTag
    else { return nil }
    return answer
  }

  /// `GET /utils/v1/custom-utils/{tenant-code}/{userid}/{name}`.
  func list(_ request: Request) throws -> Response {
    let parameters = try RequestParameters(request, route: .list, query: CatalogQuery.parameters)
    let tenant = try parameters.tenant()
    let query = try CatalogQuery(parameters)
    let snapshot = try snapshot(of: tenant)
    let tag = EntityTag.tag(content: snapshot.etag, query: query.normalised)
    if let same = cache.answer(tag: tag), same.tenant == tenant {
      return EntityTag.response(cache.store(same, uri: request.uri.string), to: request)
    }
    let (items, total) = query.page(of: snapshot)
    var envelope = Envelope(success: total > 0, data: Self.array(items), count: total)
    if total == 0 { envelope.displaymessage = "No utilities found" }
    return respond(
      envelope.render(), tag: tag, snapshot: snapshot, route: .list, to: request)
  }

  /// `GET /utils/v1/custom-utils/{tenant-code}/{task-id}`.
  func entry(_ request: Request) async throws -> Response {
    let parameters = try RequestParameters(request, route: .entry, query: ["status"])
    let (snapshot, item) = try item(parameters)
    let tag = EntityTag.tag(
      content: snapshot.etag, query: "entry;\(item.id);\(item.status.rawValue)")
    let contents = try await catalog.contents(
      of: snapshot.tenant, id: item.id, status: item.status)
    var data = item.json
    guard data.popLast() == UInt8(ascii: "}") else { throw APIError.internal }
    data.append(contentsOf: ",\"filecontents_instring\":".utf8)
    JSONText.append(String(decoding: contents ?? [], as: UTF8.self), to: &data)
    data.append(UInt8(ascii: "}"))
    return respond(
      Envelope(success: true, data: data, count: 1).render(), tag: tag, snapshot: snapshot,
      route: .entry, to: request)
  }

  /// The entry that a path's tenant and number mean: active before draft before inactive, unless
  /// `status` picks.
  func item(
    _ parameters: RequestParameters
  ) throws(APIError) -> (snapshot: TenantSnapshot, item: CatalogItem) {
    let tenant = try parameters.tenant()
    let id = try parameters.taskID()
    let picked =
      try parameters["status"] == nil
      ? Set(EntryStatus.allCases) : CatalogQuery.statuses(parameters["status"])
    let snapshot = try snapshot(of: tenant)
    for status in [EntryStatus.active, .draft, .inactive] where picked.contains(status) {
      if let item = snapshot.items.first(where: { $0.id == id && $0.status == status }) {
        return (snapshot, item)
      }
    }
    throw .notFound("The tenant has no such entry.")
  }

  private func snapshot(of tenant: TenantCode) throws(APIError) -> TenantSnapshot {
    guard let snapshot = catalog.snapshot(of: tenant) else {
      throw RequestParameters.unknownTenant
    }
    return snapshot
  }

  private func respond(
    _ body: ByteBuffer, tag: String, snapshot: TenantSnapshot, route: Route, to request: Request
  ) -> Response {
    var headers = Envelope.headers
    headers[.eTag] = tag
    headers[.contentLength] = String(body.readableBytes)
    let answer = CachedAnswer(
      tenant: snapshot.tenant, snapshotTag: snapshot.etag, etag: tag, headers: headers, body: body,
      route: route)
    return EntityTag.response(cache.store(answer, uri: request.uri.string), to: request)
  }

  private static func array(_ items: [CatalogItem]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(items.reduce(2) { $0 + $1.json.count + 1 })
    bytes.append(UInt8(ascii: "["))
    for (index, item) in items.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes.append(contentsOf: item.json)
    }
    bytes.append(UInt8(ascii: "]"))
    return bytes
  }
}
