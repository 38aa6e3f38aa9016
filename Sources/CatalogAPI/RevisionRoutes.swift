import Hummingbird
import UtilityModel

/// What git knows of an entry, and where tenants and commits stand.
struct RevisionRoutes: Sendable {
  let dependencies: APIDependencies
  let catalog: CatalogRoutes

  private struct Tenants: Encodable { var tenants: [TenantStatus] }

  /// `GET /utils/v1/sync`.
  func sync(_ request: AdmittedRequest) throws -> Response {
    _ = try RequestParameters(request, route: .sync)
    let tenants = request.access.visible(dependencies.status())
    return try Envelope.success(Tenants(tenants: tenants), count: tenants.count)
  }

  /// `GET /utils/v1/sync/{tenant-code}`.
  func tenant(_ request: AdmittedRequest) throws -> Response {
    let tenant = try RequestParameters(request, route: .tenantSync).tenant()
    guard let status = dependencies.tenantStatus(tenant) else {
      throw RequestParameters.unknownTenant
    }
    return try Envelope.success(status, count: 1)
  }

  /// `GET /utils/v1/sync/{tenant-code}/commits/{sha}`.
  func commit(_ request: AdmittedRequest) async throws -> Response {
    let parameters = try RequestParameters(request, route: .commit)
    let tenant = try parameters.tenant()
    let sha = try RequestParameters.commit(parameters.path("sha"), field: "sha")
    let fate = try await Self.git(naming: "sha") { try await dependencies.commitFate(tenant, sha) }
    guard let fate else {
      throw RequestParameters.unknownTenant
    }
    return try Envelope.success(fate, count: 1)
  }

  /// `GET /utils/v1/history/{tenant-code}/{task-id}`.
  func history(_ request: AdmittedRequest) async throws -> Response {
    let parameters = try RequestParameters(request, route: .history, query: ["limit", "status"])
    guard let read = dependencies.history else { throw APIError.unknownRoute }
    let limit = try parameters.number("limit", 1...1000) ?? 100
    let (snapshot, item, _) = try catalog.item(parameters)
    let records = try await Self.git(naming: "revision") {
      try await read(snapshot.tenant, item, limit)
    }
    return try Envelope.success(records, count: records.count)
  }

  /// `GET /utils/v1/source/{tenant-code}/{task-id}?revision=`: the file as it is.
  func source(_ request: AdmittedRequest) async throws -> Response {
    let parameters = try RequestParameters(
      request, route: .source, query: ["revision", "status"])
    guard let read = dependencies.source else { throw APIError.unknownRoute }
    let named = parameters["revision"].flatMap { Revision($0) }
    let wanted = try parameters["revision"].map { text in
      try named?.commit.hex ?? RequestParameters.commit(text, field: "revision")
    }
    let (snapshot, item, _) = try catalog.item(parameters)
    if let named, named.branch != item.branch,
      dependencies.tenantStatus(snapshot.tenant)?.branches.contains(where: {
        $0.branch == named.branch
      }) != true
    {
      throw APIError.notFound("The tenant has no branch of that revision's name.")
    }
    let bytes = try await Self.git(naming: "revision") {
      try await read(snapshot.tenant, item, wanted)
    }
    guard let bytes else {
      throw APIError.notFound("The entry has no file at that revision.")
    }
    let headers: HTTPFields = [
      .contentType: "text/x-python; charset=utf-8", .cacheControl: "no-cache",
      .xContentTypeOptions: "nosniff",
    ]
    let plain = Representation(
      etag: EntityTag.tag(of: bytes), headers: headers, body: ByteBuffer(bytes: bytes))
    let answer = KeptAnswer(tenant: snapshot.tenant, route: .source, plain: plain)
    return await answer.representation(for: request.http).response(to: request.http)
  }

  /// Reads git; `field` is the parameter that names a commit.
  private static func git<Value>(
    naming field: String, _ read: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await read()
    } catch let refusal as GitReadRefusal {
      switch refusal {
      case .busy:
        throw APIError.overloaded("As many revisions are being read as may be; ask again.")
      case .tooLarge:
        throw APIError.notFound("The file of that revision is larger than a utility may be.")
      case .ambiguous:
        throw APIError.badParameter(
          field, "Several commits begin with these digits of the \(field); give more of them.")
      }
    }
  }
}
