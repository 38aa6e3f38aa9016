public import Hummingbird
import NIOCore

/// The routes over their dependencies, ready for an application or for a test without a socket.
///
/// `cacheCapacity` is the bound on kept answers, in bytes. Every GET answers HEAD too; any other
/// method (OPTIONS included) on a known route is 405 with `Allow`. Source: contract, section 4.
public func buildRouter(
  dependencies: APIDependencies, cacheCapacity: Int = APIConfiguration().cacheCapacity
) -> Router<APIRequestContext> {
  let catalog = CatalogRoutes(
    catalog: dependencies.catalog, cache: ResponseCache(capacity: cacheCapacity))
  let revisions = RevisionRoutes(dependencies: dependencies, catalog: catalog)
  let operations = OperationRoutes(health: dependencies.health, metrics: dependencies.metrics)
  let router = Router(context: APIRequestContext.self)
  router.add(
    middleware: RequestBoundary(
      catalog: catalog, metrics: RequestMetrics(dependencies.metrics)))

  func read(_ route: Route, _ handler: @escaping @Sendable (Request) async throws -> Response) {
    for method in [HTTPRequest.Method.get, .head] {
      router.on(route.routerPath, method: method) { request, _ in try await handler(request) }
    }
  }
  read(.list) { try catalog.list($0) }
  read(.entry) { try await catalog.entry($0) }
  read(.sync) { try revisions.sync($0) }
  read(.tenantSync) { try revisions.tenant($0) }
  read(.commit) { try await revisions.commit($0) }
  read(.history) { try await revisions.history($0) }
  read(.source) { try await revisions.source($0) }
  read(.health) { _ in operations.overall() }
  read(.live) { _ in operations.live() }
  read(.ready) { _ in operations.ready() }
  read(.metrics) { _ in operations.exposition() }
  return router
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
    router: buildRouter(
      dependencies: dependencies, cacheCapacity: configuration.cacheCapacity),
    configuration: ApplicationConfiguration(
      address: .hostname(configuration.host, port: configuration.port),
      serverName: "sync-agent/\(dependencies.version)"),
    onServerRunning: { channel in
      if let port = channel.localAddress?.port { await onServerRunning(port) }
    },
    logger: dependencies.logger)
}
