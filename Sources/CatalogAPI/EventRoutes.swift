import Foundation
import Hummingbird
import NIOCore
import UtilityModel

/// `GET /utils/v1/events/{tenant-code}`: server-sent events.
struct EventRoutes: Sendable {
  let events: EventHub
  let catalog: CatalogRoutes

  /// Opens a stream, which ends with the bearer's session; a HEAD opens none.
  func follow(_ request: AdmittedRequest, context: APIRequestContext) throws -> Response {
    let parameters = try RequestParameters(request, route: .events, query: ["last_event_id"])
    let (snapshot, _) = try catalog.snapshot(of: try parameters.tenant())
    let headers: HTTPFields = [
      .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
      .proxyBuffering: "no",
    ]
    guard request.method == .get else { return Response(status: .ok, headers: headers) }
    let admission: EventHub.Admission
    do throws(EventHub.Refusal) {
      admission = try events.admit(snapshot.tenant)
    } catch {
      throw APIError.overloaded("There are as many event streams open as are served; come back.")
    }
    endWithSession(admission, request, on: context.channel)
    // The header is what a browser sends when it comes back; the parameter is for the first time.
    let stream = EventStream(
      admission: admission, channel: context.channel,
      lastEventID: request.headers[.lastEventID] ?? parameters["last_event_id"])
    return Response(
      status: .ok, headers: headers, body: ResponseBody { try await stream.run(&$0) })
  }

  /// Ends the stream when the token expires: what was let in for an hour is not told of for a day.
  private func endWithSession(
    _ admission: EventHub.Admission, _ request: AdmittedRequest, on channel: any Channel
  ) {
    guard let expires = request.expires else { return }
    let left = min(max(0, expires - Date().timeIntervalSince1970), 10 * 365 * 86400)
    let end = channel.eventLoop.scheduleTask(in: .milliseconds(Int64(left * 1000))) {
      [weak admission] in admission?.end()
    }
    channel.closeFuture.whenComplete { _ in end.cancel() }
  }
}
