import Catalog
import Hashing
import Hummingbird
import Telemetry
import UtilityModel

/// The list and the entry: read from the snapshot in memory, kept rendered.
///
/// The envelope's `time` is the newest `updateddate` of what is shown, and a list's tag follows from
/// its page, an entry's from that entry: neither a restart nor a change elsewhere makes them new.
struct CatalogRoutes: Sendable {
  let catalog: any CatalogReading
  let cache: ResponseCache
  let events: EventHub

  /// A kept answer, and the event from which on a reader of it misses nothing.
  struct Kept {
    var answer: KeptAnswer
    var eventID: String
  }

  /// The kept answer to exactly this path and query, where its snapshot is still the newest.
  ///
  /// Nil for a tenant that the request may not see, whose answers stay as unknown as it is.
  func kept(_ uri: String, for access: TenantAccess) -> Kept? {
    guard let (answer, tag) = cache.answer(uri: uri), access.admits(answer.tenant) else {
      return nil
    }
    // Before the snapshot: an event that comes in between is told twice, and not never.
    let eventID = events.lastID(of: answer.tenant)
    guard let snapshot = catalog.snapshot(of: answer.tenant), snapshot.etag == tag else {
      return nil
    }
    return Kept(answer: answer, eventID: eventID)
  }

  /// `GET /utils/v1/custom-utils/{tenant-code}/{userid}/{name}`.
  func list(_ request: AdmittedRequest) async throws -> Response {
    let parameters = try RequestParameters(request, route: .list, query: CatalogQuery.parameters)
    let tenant = try parameters.tenant()
    let query = try CatalogQuery(parameters)
    let (snapshot, eventID) = try snapshot(of: tenant)
    let (items, total) = query.page(of: snapshot)
    let time = items.map(\.updateddate).max() ?? snapshot.items.first?.updateddate ?? 0
    let kind = "list;\(tenant);\(total > 0)"
    let tag = EntityTag.tag(kind: kind, time: time, count: total, items: items.map(\.digest))
    let place = Place(tag: tag, snapshot: snapshot, route: .list, uri: request.uri.string)
    let answer =
      again(place)
      ?? {
        var envelope = Envelope(
          success: total > 0, data: Self.array(items), count: total, time: time)
        if total == 0 { envelope.displaymessage = "No utilities found" }
        return keep(envelope.render(), at: place)
      }()
    return await respond(Kept(answer: answer, eventID: eventID), to: request.http)
  }

  /// `GET /utils/v1/custom-utils/{tenant-code}/{task-id}`.
  func entry(_ request: AdmittedRequest) async throws -> Response {
    let parameters = try RequestParameters(request, route: .entry, query: ["status"])
    for attempt in 1...Self.attempts {
      let (snapshot, item, eventID) = try item(parameters)
      let tag = EntityTag.tag(
        kind: "entry;\(snapshot.tenant)", time: item.updateddate, count: 1, items: [item.digest])
      let place = Place(tag: tag, snapshot: snapshot, route: .entry, uri: request.uri.string)
      if let answer = again(place) {
        return await respond(Kept(answer: answer, eventID: eventID), to: request.http)
      }
      if let file = item.file {
        let answer = keep(try Self.render(item, contents: file), at: place)
        return await respond(Kept(answer: answer, eventID: eventID), to: request.http)
      }
      let contents = try await catalog.contents(
        of: snapshot.tenant, id: item.id, status: item.status)
      // The store may be ahead of the snapshot for a moment. Once a version, not once a request.
      if let contents, SHA256.digest(of: contents).hex != item.filehash {
        if attempt < Self.attempts { try await Task.sleep(for: .milliseconds(5 << attempt)) }
        continue
      }
      let answer = keep(try Self.render(item, contents: contents), at: place)
      return await respond(Kept(answer: answer, eventID: eventID), to: request.http)
    }
    throw APIError.overloaded("The entry is being changed; ask again.")
  }

  /// How often an entry is read that changes meanwhile.
  private static let attempts = 5

  private static func render(
    _ item: CatalogItem, contents: [UInt8]?
  ) throws(APIError) -> ByteBuffer {
    var data = item.json
    guard data.popLast() == UInt8(ascii: "}") else { throw .internal }
    data.append(contentsOf: ",\"filecontents_instring\":".utf8)
    JSONText.append(String(decoding: contents ?? [], as: UTF8.self), to: &data)
    data.append(UInt8(ascii: "}"))
    return Envelope(success: true, data: data, count: 1, time: item.updateddate).render()
  }

  /// The entry that a path's tenant and number mean: active before draft before inactive, unless
  /// `status` picks.
  func item(
    _ parameters: RequestParameters
  ) throws(APIError) -> (snapshot: TenantSnapshot, item: CatalogItem, eventID: String) {
    let tenant = try parameters.tenant()
    let id = try parameters.taskID()
    let picked =
      try parameters["status"] == nil
      ? Set(EntryStatus.allCases) : CatalogQuery.statuses(parameters["status"])
    let (snapshot, eventID) = try snapshot(of: tenant)
    for status in [EntryStatus.active, .draft, .inactive] where picked.contains(status) {
      if let item = snapshot.item(EntryKey(id: id, status: status)) {
        return (snapshot, item, eventID)
      }
    }
    throw RequestParameters.unknownEntry
  }

  /// Where an answer is kept.
  private struct Place {
    var tag: String
    var snapshot: TenantSnapshot
    var route: Route
    var uri: String
  }

  /// The answer with the tag, where one is kept; from now on under this path and query too.
  private func again(_ place: Place) -> KeptAnswer? {
    cache.answer(tag: place.tag).map {
      cache.store($0, uri: place.uri, snapshotTag: place.snapshot.etag)
    }
  }

  private func keep(_ body: ByteBuffer, at place: Place) -> KeptAnswer {
    let answer = KeptAnswer(
      tenant: place.snapshot.tenant, route: place.route,
      plain: Representation(etag: place.tag, headers: Envelope.headers, body: body))
    return cache.store(answer, uri: place.uri, snapshotTag: place.snapshot.etag)
  }

  /// The answer to one request.
  func respond(_ kept: Kept, to request: Request) async -> Response {
    var response = await kept.answer.representation(for: request).response(to: request)
    response.headers[.eventID] = kept.eventID
    return response
  }

  /// A tenant's snapshot, and the newest event that it holds for sure.
  func snapshot(
    of tenant: TenantCode
  ) throws(APIError) -> (snapshot: TenantSnapshot, eventID: String) {
    guard catalog.snapshot(of: tenant) != nil else { throw RequestParameters.unknownTenant }
    let eventID = events.lastID(of: tenant)
    guard let snapshot = catalog.snapshot(of: tenant) else {
      throw RequestParameters.unknownTenant
    }
    return (snapshot, eventID)
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
