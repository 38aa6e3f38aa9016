import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// A request that is no message of HTTP as it has to be, with what it is answered.
struct MessageRefusal: Error {
  var status: HTTPResponse.Status

  /// The refusal of what could not be read, nil for errors that are no fault of the message.
  static func of(_ error: any Error) -> MessageRefusal? {
    switch error {
    case let refusal as MessageRefusal: refusal
    case HTTPParserError.headerOverflow: MessageRefusal(status: .requestHeaderFieldsTooLarge)
    case HTTPParserError.invalidMethod: MessageRefusal(status: .notImplemented)
    case HTTPParserError.invalidVersion: MessageRefusal(status: .httpVersionNotSupported)
    case is HTTPParserError, is HTTP1TypeConversionError: MessageRefusal(status: .badRequest)
    default: nil
    }
  }
}

/// Holds messages to what their version of HTTP wants: one `Host`, and for clients of HTTP/1.0 no
/// chunks, no event streams, and an end of the connection unless they asked to keep it.
///
/// Stands between the HTTP decoder and the translation into types that know no version; refusals go
/// up as errors, to `LimitsHandler`. On its channel's event loop only. Source: RFC 9112, sections
/// 3.2, 9.3 and C.2.
final class MessageRules: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private struct Client {
    var isOld: Bool
    var keepsAlive: Bool
  }
  /// Those that asked and were not answered, in order.
  private var asked = CircularBuffer<Client>()
  private var isLast = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(let head) = unwrapInboundIn(data) else {
      return context.fireChannelRead(data)
    }
    let isOld = (head.version.major, head.version.minor) < (1, 1)
    asked.append(Client(isOld: isOld, keepsAlive: head.isKeepAlive))
    let hosts = head.headers["host"].count
    if hosts > 1 || hosts == 0 && !isOld {
      return context.fireErrorCaught(MessageRefusal(status: .badRequest))
    }
    let path = head.uri.prefix { $0 != "?" }
    if isOld, Route.matching(String(path)) == .events {
      return context.fireErrorCaught(MessageRefusal(status: .httpVersionNotSupported))
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var head):
      let isInterim = (100..<200).contains(head.status.code)
      guard asked.first?.isOld == true else {
        if !isInterim { _ = asked.popFirst() }
        return context.write(data, promise: promise)
      }
      // HTTP/1.0 knows no 1xx.
      guard !isInterim, let client = asked.popFirst() else {
        promise?.succeed()
        return
      }
      // The encoder makes chunks for no older version.
      head.version = .http1_0
      let isBounded =
        head.headers.contains(name: "content-length") || !head.status.mayHaveResponseBody
      let isClosing = head.headers[canonicalForm: "connection"].contains {
        $0.lowercased() == "close"
      }
      isLast = isClosing || !client.keepsAlive || !isBounded
      head.headers.replaceOrAdd(name: "connection", value: isLast ? "close" : "keep-alive")
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body: context.write(data, promise: promise)
    case .end:
      guard isLast else { return context.write(data, promise: promise) }
      isLast = false
      context.writeAndFlush(data, promise: promise)
      LimitsRefusal.end(context)
    }
  }
}
