import Hummingbird
import UtilityModel

/// What git knows of an entry, and where tenants and commits stand.
struct RevisionRoutes: Sendable {
  let dependencies: APIDependencies
  let catalog: CatalogRoutes

  private struct Tenants: Encodable { var tenants: [TenantStatus] }

  /// `GET /utils/v1/sync`.
  func sync(_ request: Request) throws -> Response {
    _ = try RequestParameters(request, route: .sync)
    let tenants = dependencies.status()
    return try Envelope.success(Tenants(tenants: tenants), count: tenants.count)
  }

  /// `GET /utils/v1/sync/{tenant-code}`.
  func tenant(_ request: Request) throws -> Response {
    let tenant = try RequestParameters(request, route: .tenantSync).tenant()
    guard let status = dependencies.tenantStatus(tenant) else {
      throw RequestParameters.unknownTenant
    }
    return try Envelope.success(status, count: 1)
  }

  /// `GET /utils/v1/sync/{tenant-code}/commits/{sha}`.
  func commit(_ request: Request) async throws -> Response {
    let parameters = try RequestParameters(request, route: .commit)
    let tenant = try parameters.tenant()
    let sha = try RequestParameters.commit(parameters.path("sha"), field: "sha")
    guard let fate = await dependencies.commitFate(tenant, sha) else {
      throw RequestParameters.unknownTenant
    }
    return try Envelope.success(fate, count: 1)
  }

  /// `GET /utils/v1/history/{tenant-code}/{task-id}`.
  func history(_ request: Request) async throws -> Response {
    let parameters = try RequestParameters(request, route: .history, query: ["status"])
    guard let read = dependencies.history else { throw APIError.unknownRoute }
    let (snapshot, item) = try catalog.item(parameters)
    let records = try await read(snapshot.tenant, item)
    return try Envelope.success(records, count: records.count)
  }

  /// `GET /utils/v1/source/{tenant-code}/{task-id}?revision=`: the file as it is.
  func source(_ request: Request) async throws -> Response {
    let parameters = try RequestParameters(
      request, route: .source, query: ["revision", "status"])
    guard let read = dependencies.source else { throw APIError.unknownRoute }
    var revision: String?
    if let text = parameters["revision"] {
      revision = try Revision(text)?.commit.hex ?? RequestParameters.commit(text, field: "revision")
    }
    let (snapshot, item) = try catalog.item(parameters)
    guard let bytes = try await read(snapshot.tenant, item, revision) else {
      throw APIError.notFound("The entry has no file at that revision.")
    }
    let headers: HTTPFields = [
      .contentType: "text/x-python; charset=utf-8", .cacheControl: "no-cache",
      .xContentTypeOptions: "nosniff",
    ]
    return Response(
      status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
