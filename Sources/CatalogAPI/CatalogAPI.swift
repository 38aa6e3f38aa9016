public import Hummingbird
import HummingbirdCore
import NIOCore

/// The routes over their dependencies, behind `RequestBoundary`, ready for an application or for a test without a socket.
///
/// `cacheCapacity` is the bound on kept answers, in bytes. Every GET answers HEAD too; any other
/// method on a known route is 405 with `Allow`, but for OPTIONS as a preflight of `crossOrigin`.
/// Without `authentication` every request sees every tenant, and with `host` only one by an address,
/// `localhost` or that name is served. Source: contract, section 4.
public func buildResponder(
  dependencies: APIDependencies, cacheCapacity: Int = APIConfiguration().cacheCapacity,
  crossOrigin: CrossOrigin? = nil, authentication: Authentication? = nil,
  limits: Limits = Limits(), host: String? = nil
) -> some HTTPResponder<APIRequestContext> {
  let catalog = CatalogRoutes(
    catalog: dependencies.catalog, cache: ResponseCache(capacity: cacheCapacity),
    events: dependencies.events)
  let revisions = RevisionRoutes(dependencies: dependencies, catalog: catalog)
  let records = RecordRoutes(dependencies: dependencies, catalog: catalog)
  let events = EventRoutes(events: dependencies.events, catalog: catalog)
  let operations = OperationRoutes(health: dependencies.health, metrics: dependencies.metrics)
  let router = Router(context: APIRequestContext.self)
  router.add(middleware: ErrorAnswers())
  // Behind the kept answers, which take microseconds: a span for whatever is worked out.
  router.add(middleware: TracingMiddleware())

  func read(
    _ route: Route, _ handler: @escaping @Sendable (AdmittedRequest) async throws -> Response
  ) {
    for method in [HTTPRequest.Method.get, .head] {
      router.on(route.routerPath, method: method) { request, context in
        try await handler(AdmittedRequest(request, context))
      }
    }
  }
  for method in [HTTPRequest.Method.get, .head] {
    router.on(Route.events.routerPath, method: method) { request, context in
      try events.follow(AdmittedRequest(request, context), context: context)
    }
  }
  read(.list) { try await catalog.list($0) }
  read(.entry) { try await catalog.entry($0) }
  read(.sync) { try revisions.sync($0) }
  read(.tenantSync) { try revisions.tenant($0) }
  read(.commit) { try await revisions.commit($0) }
  read(.history) { try await revisions.history($0) }
  read(.source) { try await revisions.source($0) }
  read(.audit) { try await records.audit($0) }
  read(.executions) { try await records.executions($0) }
  read(.openapi) { OpenAPIDocument.response(to: $0.http) }
  read(.health) { _ in operations.overall() }
  read(.live) { _ in operations.live() }
  read(.ready) { _ in operations.ready() }
  read(.metrics) { try operations.exposition($0) }
  read(.console) { ConsoleRoutes().page($0.http) }
  read(.consoleAsset) { try ConsoleRoutes().asset($0.http) }
  return RequestBoundary(
    routes: router.buildResponder(), catalog: catalog,
    metrics: RequestMetrics(dependencies.metrics),
    gate: AuthenticationGate(
      authentication: authentication, limit: RateLimit(limits), hosts: host.map(HostRule.init)),
    crossOrigin: crossOrigin)
}

/// The HTTP server as a service: `run()` serves until its task or service group ends it.
///
/// `onServerRunning` is called once, with the bound port, when connections are accepted.
/// Throws from `run()` where the address cannot be bound.
public func buildApplication(
  dependencies: APIDependencies, configuration: APIConfiguration = APIConfiguration(),
  onServerRunning: @escaping @Sendable (Int) async -> Void = { _ in }
) -> some ApplicationProtocol {
  Application(
    responder: buildResponder(
      dependencies: dependencies, cacheCapacity: configuration.cacheCapacity,
      crossOrigin: configuration.crossOrigin, authentication: configuration.authentication,
      limits: configuration.limits, host: configuration.host),
    server: LimitedChannel.server(configuration.limits, tls: configuration.tls),
    configuration: ApplicationConfiguration(
      address: .hostname(configuration.host, port: configuration.port),
      serverName: "sync-agent/\(dependencies.version)", backlog: 1024,
      availableConnectionsDelegate: MaximumAvailableConnections(
        configuration.limits.connections, logger: dependencies.logger)),
    services: configuration.services,
    onServerRunning: { channel in
      if let port = channel.localAddress?.port { await onServerRunning(port) }
    },
    logger: dependencies.logger)
}
