public import Hummingbird

/// What goes along with a request. Holds no identity yet: authentication adds its claims here.
public struct APIRequestContext: RequestContext {
  /// What Hummingbird needs.
  public var coreContext: CoreRequestContextStorage
  /// The request's id: the client's `X-Request-ID` where that is acceptable, else a new one.
  public var requestID = ""

  /// A context of a connection.
  public init(source: Source) { coreContext = CoreRequestContextStorage(source: source) }
}
