public import Hummingbird
import HummingbirdCore
public import Logging
public import Telemetry

/// The HTTP server of a program whose catalog is not there yet: it answers probes from `health`, and
/// everything else with 503 until it is cancelled.
///
/// Throws from `run()` where the address cannot be bound.
public func buildWaitingApplication(
  health: HealthRegistry, metrics: PrometheusRegistry, version: String,
  configuration: APIConfiguration, logger: Logger
) -> some ApplicationProtocol {
  Application(
    responder: WaitingResponder(operations: OperationRoutes(health: health, metrics: metrics)),
    server: LimitedChannel.server(configuration.limits, tls: configuration.tls),
    configuration: ApplicationConfiguration(
      address: .hostname(configuration.host, port: configuration.port),
      serverName: "sync-agent/\(version)"),
    logger: logger)
}

/// Knows nothing of any tenant, so that it asks nobody who they are.
private struct WaitingResponder: HTTPResponder {
  let operations: OperationRoutes
  private let ids = RequestIDs()

  init(operations: OperationRoutes) { self.operations = operations }

  func respond(to request: Request, context: APIRequestContext) async throws -> Response {
    var response =
      switch Route.matching(request.uri.path) {
      case .live: operations.live()
      case .health: operations.overall()
      case .ready: operations.ready()
      default:
        APIError.overloaded("The agent waits for its catalog, which cannot be reached.").response()
      }
    if request.method == .head { response = response.createHeadResponse() }
    response.headers[.requestID] = ids.id(for: request)
    return response
  }
}
