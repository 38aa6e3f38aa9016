import Hummingbird
import Telemetry

/// What stands before the routes: who may come in, then kept answers, then the routes; request id,
/// metrics, log.
///
/// It wraps the router and is no middleware of it: a kept answer is found by its whole path and query,
/// before a route is resolved, which costs more than all the rest.
struct RequestBoundary<Routes: HTTPResponder>: HTTPResponder
where Routes.Context == APIRequestContext {
  let routes: Routes
  let catalog: CatalogRoutes
  let metrics: RequestMetrics
  let gate: AuthenticationGate
  var crossOrigin: CrossOrigin?
  let ids = RequestIDs()

  /// Answers a request. Throws only what the routes throw that is no answer, which is nothing.
  func respond(
    to request: Request, context: APIRequestContext
  ) async throws -> Response {
    let start = ContinuousClock.now
    let id = ids.id(for: request)
    // Browsers ask without a token whether they may send one (Fetch Standard, section 4.8).
    if let preflight = crossOrigin?.preflight(request),
      let route = Route.matching(request.uri.path)
    {
      return finish(preflight, id: id, start: start, request, route: route, context)
    }
    var response: Response
    let route: Route?
    var context = context
    do throws(AuthenticationGate.Refusal) {
      context.admission = try await gate.admit(
        request, route: Route.matching(request.uri.path), from: context.clientAddress)
    } catch {
      return finish(
        error.response, id: id, start: start, request, route: Route.matching(request.uri.path),
        context)
    }
    if request.method == .get,
      let kept = catalog.kept(request.uri.string, for: context.admission.access)
    {
      route = kept.answer.route
      response = await catalog.respond(kept, to: request)
    } else {
      route = Route.matching(request.uri.path)
      context.requestID = id
      context.logger[metadataKey: "request_id"] = .string(id)
      if let route, request.method != .get, request.method != .head {
        response = route.methodNotAllowed()
      } else {
        response = try await RequestScope.$id.withValue(id) {
          try await routes.respond(to: request, context: context)
        }
      }
    }
    return finish(response, id: id, start: start, request, route: route, context)
  }

  private func finish(
    _ answer: Response, id: String, start: ContinuousClock.Instant, _ request: Request,
    route: Route?, _ context: APIRequestContext
  ) -> Response {
    var response = request.method == .head ? answer.createHeadResponse() : answer
    crossOrigin?.decorate(&response, for: request)
    response.headers[.requestID] = id
    let duration = ContinuousClock.now - start
    metrics.record(
      duration, method: request.method, route: route, status: Int(response.status.code))
    context.logger.debug(
      "HTTP request processed",
      metadata: [
        "request_id": "\(id)", "duration_ms": "\(duration / .milliseconds(1))",
        "method": "\(request.method.rawValue)", "path": "\(request.uri.path.prefix(512))",
        "status_code": "\(response.status.code)",
        "user_agent": "\(request.headers[.userAgent]?.prefix(256) ?? "")",
      ])
    return response
  }
}
