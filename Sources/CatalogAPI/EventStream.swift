import Hummingbird
import NIOCore
import ServiceLifecycle

/// One client's stream of a tenant's events.
///
/// Holds nothing back for a client: events are taken from the tenant's ring only when the former ones
/// are written. A client that does not take a write within the hub's patience is cut; one that fell
/// behind the ring gets `reset` and goes on from there.
struct EventStream: Sendable {
  /// After how many milliseconds a client comes back.
  static let retry = 2000

  let admission: EventHub.Admission
  let channel: any Channel
  /// The id that the client saw last, or nil: from now on.
  let lastEventID: String?

  /// Sends until the client, the tenant or the program is gone.
  func run(_ writer: inout any ResponseBodyWriter) async throws {
    let wakes = admission.wakes()
    let admission = admission
    channel.closeFuture.whenComplete { [weak admission] _ in admission?.end() }
    let heartbeat = TimeAmount(admission.hub.heartbeat)
    let beat = channel.eventLoop.scheduleRepeatedTask(
      initialDelay: heartbeat, delay: heartbeat
    ) { [weak admission] _ in admission?.wake() }
    // A client that hangs up without more ado only closes its side; nobody reads a half-open stream.
    let hangUp = HangUpHandler { [weak admission] in admission?.end() }
    try await channel.pipeline.addHandler(hangUp, position: .first).get()
    defer {
      beat.cancel()
      channel.pipeline.removeHandler(hangUp, promise: nil)
    }
    try await withGracefulShutdownHandler {
      try await follow(wakes, &writer)
    } onGracefulShutdown: {
      admission.end()
    }
    try await writer.finish(nil)
  }

  private func follow(
    _ wakes: AsyncStream<Void>, _ writer: inout any ResponseBodyWriter
  ) async throws {
    let hub = admission.hub
    let newest = hub.lastID(of: admission.tenant)
    var id = lastEventID ?? newest
    // An id alone moves the client's place without an event.
    let opening =
      lastEventID == nil
      ? "retry: \(Self.retry)\nid: \(id)\n\n" : "retry: \(Self.retry)\n: follows\n\n"
    try await write(ByteBuffer(string: opening), &writer)
    try await catchUp(&id, &writer)
    for await _ in wakes {
      if try await !catchUp(&id, &writer) {
        try await write(ByteBuffer(string: ": alive\n\n"), &writer)
      }
    }
  }

  /// Sends what is new; whether there was anything.
  @discardableResult
  private func catchUp(
    _ id: inout String, _ writer: inout any ResponseBodyWriter
  ) async throws -> Bool {
    var isNews = false
    while true {
      switch admission.hub.events(after: id, of: admission.tenant) {
      case .events(let frames, let last):
        guard !frames.isEmpty else { return isNews }
        var whole = ByteBuffer()
        for frame in frames { whole.writeImmutableBuffer(frame) }
        try await write(whole, &writer)
        id = last
      case .unknown(let last):
        let reason = Array("{\"reason\":\"the events after your last one are gone\"}".utf8)
        try await write(EventRing.frame(.reset, id: last, reason), &writer)
        id = last
      }
      isNews = true
    }
  }

  /// Writes, or closes the connection of a client that does not read.
  private func write(
    _ buffer: ByteBuffer, _ writer: inout any ResponseBodyWriter
  ) async throws {
    let channel = channel
    let patience = TimeAmount(admission.hub.patience)
    let cut = channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
    defer { cut.cancel() }
    try await writer.write(buffer)
  }
}

/// Tells when the client closes its side of the connection.
private final class HangUpHandler: ChannelInboundHandler, RemovableChannelHandler, Sendable {
  typealias InboundIn = NIOAny

  private let hungUp: @Sendable () -> Void

  init(_ hungUp: @escaping @Sendable () -> Void) { self.hungUp = hungUp }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { hungUp() }
    context.fireUserInboundEventTriggered(event)
  }
}
