import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Counts the bytes of a request's first line, to tell a long target from long headers.
///
/// Stands below the HTTP decoder. On its channel's event loop only.
final class LimitsLineCounter: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  /// Bytes that came since the last head.
  private(set) var lineLength = 0
  private var isLineOver = false

  /// Whether anything of a next request has come.
  var hasBytes: Bool { lineLength > 0 }

  func restart() {
    lineLength = 0
    isLineOver = false
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if !isLineOver {
      let bytes = unwrapInboundIn(data).readableBytesView
      if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
        lineLength += end - bytes.startIndex
        isLineOver = true
      } else {
        lineLength += bytes.count
      }
    }
    context.fireChannelRead(data)
  }
}

/// Keeps one connection within its limits: sizes, times, and its end when the server drains.
///
/// Stands between the HTTP decoder and Hummingbird. Bodies end here, since no route reads one: a
/// request goes on when its body has come, so that nobody can occupy a handler by sending slowly.
/// On its channel's event loop only.
final class LimitsHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let limits: Limits
  private var counter: LimitsLineCounter?
  /// A head whose body is still coming.
  private var held: HTTPRequest?
  private var bodyBytes = 0
  /// Requests that were passed on and not answered in full.
  private var open = 0
  private var isRefused = false
  private var isDraining = false
  /// Until when the next head, or the rest of a body, must be there; nil where none is awaited.
  private var deadline: NIODeadline?
  private var alarm: (task: Scheduled<Void>, at: NIODeadline)?
  /// Until when the client must have taken what waits for it; nil while nothing waits.
  private var writeDeadline: NIODeadline?
  private var writeAlarm: Scheduled<Void>?

  init(_ limits: Limits) { self.limits = limits }

  func handlerAdded(context: ChannelHandlerContext) {
    do {
      counter = try context.pipeline.syncOperations.handler(type: LimitsLineCounter.self)
    } catch {
      // Without it every overflow is told as one of headers.
      counter = nil
    }
    expect(within: limits.readTimeout, context)
  }

  func handlerRemoved(context: ChannelHandlerContext) { cancel() }

  func channelInactive(context: ChannelHandlerContext) {
    cancel()
    context.fireChannelInactive()
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isRefused else { return }
    switch unwrapInboundIn(data) {
    case .head(let head): read(head, context)
    case .body(let bytes):
      bodyBytes += bytes.readableBytes
      if bodyBytes > limits.bodySize { refuse(.contentTooLarge, context) }
    case .end(let trailers):
      guard let head = held else { return context.fireChannelRead(data) }
      held = nil
      deadline = nil
      pass(head, context)
      context.fireChannelRead(wrapInboundOut(.end(trailers)))
    }
  }

  private func read(_ head: HTTPRequest, _ context: ChannelHandlerContext) {
    counter?.restart()
    deadline = nil
    guard head.path?.utf8.count ?? 0 <= limits.urlSize else { return refuse(.uriTooLong, context) }
    var size = 0
    for field in head.headerFields {
      size += field.name.rawName.utf8.count + field.value.utf8.count
    }
    guard size <= limits.headerSize, head.headerFields.count <= limits.fieldCount else {
      return refuse(.requestHeaderFieldsTooLarge, context)
    }
    guard head.headerFields.contains(.transferEncoding) || head.hasBody else {
      return pass(head, context)
    }
    if let length = head.headerFields[.contentLength].flatMap({ Int($0) }), length > limits.bodySize
    {
      return refuse(.contentTooLarge, context)
    }
    held = head
    bodyBytes = 0
    expect(within: limits.readTimeout, context)
    if head.headerFields[.expect]?.lowercased() == "100-continue", open == 0 {
      context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
    }
  }

  private func pass(_ head: HTTPRequest, _ context: ChannelHandlerContext) {
    open += 1
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let refusal = MessageRefusal.of(error) else {
      if !isRefused { context.fireErrorCaught(error) }
      return
    }
    let isTarget =
      refusal.status == .requestHeaderFieldsTooLarge
      && counter.map { $0.lineLength > limits.urlSize } ?? false
    refuse(isTarget ? .uriTooLong : refusal.status, context)
  }

  // MARK: Answers

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var head) where isDraining && head.status.kind != .informational:
      // The connection ends after this answer; a client that knows it opens another at once.
      head.headerFields[.connection] = "close"
      return context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .end:
      // None is open where Hummingbird answers what was no request.
      open = max(0, open - 1)
      if open == 0, held == nil { expect(within: limits.idleTimeout, context) }
    default: break
    }
    context.write(data, promise: promise)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      writeDeadline = nil
    } else {
      let deadline = NIODeadline.now() + limits.writeTimeout
      writeDeadline = deadline
      if writeAlarm == nil { ringWrite(at: deadline, context) }
    }
    context.fireChannelWritabilityChanged()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent, !isDraining {
      isDraining = true
      let channel = context.channel
      let end = context.eventLoop.scheduleTask(in: limits.drainTimeout) {
        channel.close(promise: nil)
      }
      channel.closeFuture.whenComplete { _ in end.cancel() }
    }
    context.fireUserInboundEventTriggered(event)
  }

  // MARK: Refusals and time

  /// Answers, and ends the connection once the client has had a moment to read: closing with bytes
  /// unread would throw the answer away.
  private func refuse(_ status: HTTPResponse.Status, _ context: ChannelHandlerContext) {
    guard !isRefused else { return }
    isRefused = true
    held = nil
    cancel()
    // Answers in their order: this one would come before those that are being made.
    guard open == 0 else { return context.close(promise: nil) }
    let body = LimitsRefusal.body(status)
    var head = HTTPResponse(status: status, headerFields: Envelope.headers)
    head.headerFields[.connection] = "close"
    head.headerFields[.contentLength] = String(body.readableBytes)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(body)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    LimitsRefusal.end(context)
  }

  /// Sets the deadline. One alarm serves many: it looks at the deadline when it rings.
  private func expect(within time: TimeAmount, _ context: ChannelHandlerContext) {
    let now = NIODeadline.now()
    let deadline = now + time
    self.deadline = deadline
    if let alarm, alarm.at <= deadline { return }
    alarm?.task.cancel()
    ring(at: deadline, context)
  }

  private func ring(at deadline: NIODeadline, _ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    let task = context.eventLoop.scheduleTask(deadline: deadline) {
      bound.value.handler.alarmRang(bound.value.context)
    }
    alarm = (task, deadline)
  }

  private func alarmRang(_ context: ChannelHandlerContext) {
    alarm = nil
    guard let deadline else { return }
    guard deadline <= .now() else { return ring(at: deadline, context) }
    if held != nil || counter?.hasBytes == true {
      refuse(.requestTimeout, context)
    } else {
      context.close(promise: nil)
    }
  }

  /// Long answers stop and go many times: as with `expect`, one alarm serves them all.
  private func ringWrite(at deadline: NIODeadline, _ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    writeAlarm = context.eventLoop.scheduleTask(deadline: deadline) {
      bound.value.handler.writeAlarmRang(bound.value.context)
    }
  }

  private func writeAlarmRang(_ context: ChannelHandlerContext) {
    writeAlarm = nil
    guard let writeDeadline else { return }
    guard writeDeadline <= .now() else { return ringWrite(at: writeDeadline, context) }
    context.close(promise: nil)
  }

  private func cancel() {
    deadline = nil
    writeDeadline = nil
    alarm?.task.cancel()
    alarm = nil
    writeAlarm?.cancel()
    writeAlarm = nil
  }
}

/// The answers that are given before a request reaches a route.
enum LimitsRefusal {
  /// How long a refused connection stays half open.
  static let lingering = TimeAmount.seconds(1)

  /// Ends a connection once the client has had a moment to read.
  static func end(_ context: ChannelHandlerContext) {
    let channel = context.channel
    context.close(mode: .output, promise: nil)
    context.eventLoop.scheduleTask(in: lingering) { channel.close(promise: nil) }
  }

  static func body(_ status: HTTPResponse.Status) -> ByteBuffer {
    let (code, message): (APIError.Code, String) =
      switch status {
      case .uriTooLong: (.tooLarge, "The request's address is too long.")
      case .requestHeaderFieldsTooLarge: (.tooLarge, "The request's header is too large.")
      case .contentTooLarge: (.tooLarge, "The request's body is too large; no route reads one.")
      case .badRequest:
        (
          .validation,
          "The request is no message of HTTP: its target is ASCII, and one Host is there."
        )
      case .notImplemented:
        (.methodNotAllowed, "There is no such method here; this interface only reads, with GET.")
      case .httpVersionNotSupported:
        (.validation, "This route or server does not speak the request's version; use HTTP/1.1.")
      default: (.timeout, "The request took too long to arrive.")
      }
    return Envelope(success: false, error: code.rawValue, displaymessage: message).render()
  }
}

extension HTTPRequest {
  /// Whether a body of known length follows.
  fileprivate var hasBody: Bool {
    guard let length = headerFields[.contentLength] else { return false }
    return length != "0"
  }
}
