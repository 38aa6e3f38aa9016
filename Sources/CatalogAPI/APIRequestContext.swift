public import Hummingbird
import NIOCore

/// What goes along with a request.
public struct APIRequestContext: RequestContext {
  /// What Hummingbird needs.
  public var coreContext: CoreRequestContextStorage
  /// The request's id: the client's `X-Request-ID` where that is acceptable, else a new one.
  public var requestID = ""
  /// What the request may see; nothing before `AuthenticationGate` let it in.
  var admission = AuthenticationGate.Admission.nothing
  /// The client's address, or nil where there is no socket.
  var clientAddress: SocketAddress? { channel.remoteAddress }
  /// The connection, which a stream whose client does not read closes.
  let channel: any Channel

  /// A context of a connection.
  public init(source: Source) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
  }
}
