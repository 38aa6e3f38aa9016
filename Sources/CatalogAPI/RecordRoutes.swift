import Catalog
import Hummingbird
import UtilityModel

/// What happened, as the store keeps it: the audit and the executions.
struct RecordRoutes: Sendable {
  let dependencies: APIDependencies
  let catalog: CatalogRoutes

  /// `GET /utils/v1/audit/{tenant-code}`.
  func audit(_ request: AdmittedRequest) async throws -> Response {
    let parameters = try RequestParameters(request, route: .audit, query: ["limit", "offset"])
    let (tenant, query) = try page(parameters)
    try request.requireOperator()
    let page = try await dependencies.audit(tenant, query)
    return try Envelope.success(page.records, count: page.total)
  }

  /// `GET /utils/v1/executions/{tenant-code}`.
  func executions(_ request: AdmittedRequest) async throws -> Response {
    let parameters = try RequestParameters(
      request, route: .executions, query: ["taskid", "limit", "offset"])
    var (tenant, query) = try page(parameters)
    query.taskid = try parameters.number("taskid", 0...Int(Int32.max)).map(Int64.init)
    let page = try await dependencies.executions(tenant, query)
    return try Envelope.success(page.records, count: page.total)
  }

  private func page(
    _ parameters: RequestParameters
  ) throws(APIError) -> (tenant: TenantCode, query: RecordQuery) {
    let query = RecordQuery(
      limit: try parameters.number("limit", 1...1000) ?? 100,
      offset: try parameters.number("offset", 0...Int(Int32.max)) ?? 0)
    return (try catalog.snapshot(of: try parameters.tenant()).snapshot.tenant, query)
  }
}
