import Hummingbird

/// The outermost middleware: kept answers first, then the routes; request id, metrics, log, errors.
struct RequestBoundary: RouterMiddleware {
  let catalog: CatalogRoutes
  let metrics: RequestMetrics
  let ids = RequestIDs()

  func handle(
    _ request: Request, context: APIRequestContext,
    next: (Request, APIRequestContext) async throws -> Response
  ) async throws -> Response {
    let start = ContinuousClock.now
    let id = ids.id(for: request)
    var response: Response
    let route: Route?
    if request.method == .get, let kept = catalog.kept(request.uri.string) {
      route = kept.route
      response = EntityTag.response(kept, to: request)
    } else {
      route = Route.matching(request.uri.path)
      var context = context
      context.requestID = id
      context.logger[metadataKey: "request_id"] = .string(id)
      response = await answer(request, context: context, route: route, next: next)
      if request.method == .head { response = response.createHeadResponse() }
    }
    response.headers[RequestIDs.header] = id
    let duration = ContinuousClock.now - start
    metrics.record(
      duration, method: request.method, route: route, status: Int(response.status.code))
    context.logger.debug(
      "HTTP request processed",
      metadata: [
        "request_id": "\(id)", "duration_ms": "\(duration / .milliseconds(1))",
        "method": "\(request.method.rawValue)", "path": "\(request.uri.path.prefix(512))",
        "status_code": "\(response.status.code)",
      ])
    return response
  }

  private func answer(
    _ request: Request, context: APIRequestContext, route: Route?,
    next: (Request, APIRequestContext) async throws -> Response
  ) async -> Response {
    if let route {
      guard request.method == .get || request.method == .head else {
        return route.methodNotAllowed()
      }
    }
    do {
      return try await next(request, context)
    } catch let error as APIError {
      return error.response()
    } catch let error as HTTPError where error.status == .notFound {
      return APIError.unknownRoute.response()
    } catch {
      context.logger.error("HTTP request failed", metadata: ["error": "\(error)"])
      return APIError.internal.response()
    }
  }
}
