import Hummingbird
import Synchronization
import Telemetry

/// `http_request_duration_seconds{method,endpoint,status}`, its series looked up once each.
///
/// Safe from any thread. Methods beyond HTTP's own are one label value, unknown paths another.
final class RequestMetrics: Sendable {
  static let declaration = MetricDeclaration(
    name: "http_request_duration_seconds", help: "HTTP request duration in seconds.")

  private struct Key: Hashable {
    var method: String
    var route: Route?
    var status: Int
  }
  private let registry: PrometheusRegistry
  private let hits: HistogramSeries
  private let known = Mutex<[Key: HistogramSeries]>([:])

  init(_ registry: PrometheusRegistry) {
    registry.declare(Self.declaration)
    self.registry = registry
    hits = registry.histogram(
      Self.declaration.name, labels: Self.labels("GET", Route.list, 200))
  }

  func record(_ duration: Duration, method: HTTPRequest.Method, route: Route?, status: Int) {
    let seconds = duration / .seconds(1)
    if status == 200, route == .list, method == .get { return hits.observe(seconds) }
    let key = Key(method: Self.label(method), route: route, status: status)
    let series = known.withLock { known in
      if let series = known[key] { return series }
      let made = registry.histogram(
        Self.declaration.name, labels: Self.labels(key.method, route, status))
      known[key] = made
      return made
    }
    series.observe(seconds)
  }

  private static func label(_ method: HTTPRequest.Method) -> String {
    switch method {
    case .get, .head, .post, .put, .patch, .delete, .options, .trace, .connect: method.rawValue
    default: "other"
    }
  }

  private static func labels(
    _ method: String, _ route: Route?, _ status: Int
  ) -> [(String, String)] {
    [("method", method), ("endpoint", route?.rawValue ?? "other"), ("status", String(status))]
  }
}
