import Hummingbird
import Telemetry

/// Health and metrics: formats of their own, without the envelope, read from memory.
struct OperationRoutes: Sendable {
  let health: HealthRegistry
  let metrics: PrometheusRegistry

  /// `GET /health`: 503 where the whole is unhealthy.
  func overall() -> Response { answer(isWell: health.overall != .unhealthy) }

  /// `GET /health/live`: answering is the proof; a restart would not cure what checks report.
  func live() -> Response { answer(isWell: true) }

  /// `GET /health/ready`: 503 before the first reports, when unhealthy, and when draining.
  func ready() -> Response { answer(isWell: health.isReady) }

  /// `GET /metrics`: Prometheus text 0.0.4, of all tenants together.
  func exposition(_ request: AdmittedRequest) throws(APIError) -> Response {
    try request.requireOperator()
    return Response(
      status: .ok,
      headers: [
        .contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store",
      ],
      body: ResponseBody(byteBuffer: ByteBuffer(string: metrics.exposition())))
  }

  private func answer(isWell: Bool) -> Response {
    Response(
      status: isWell ? .ok : .serviceUnavailable,
      headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: health.json())))
  }
}
