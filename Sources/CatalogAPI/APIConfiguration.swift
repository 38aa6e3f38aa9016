import ServiceLifecycle

/// How the HTTP interface listens and what it may keep.
public struct APIConfiguration: Sendable {
  /// The address to listen on.
  public var host: String
  /// The port to listen on; 0 takes a free one.
  public var port: Int
  /// Bytes of rendered answers to keep.
  public var cacheCapacity: Int
  /// Which web pages of other origins may read, or nil for none.
  public var crossOrigin: CrossOrigin?
  /// Who may come in; nil lets everybody see everything, which is for loopback only.
  public var authentication: Authentication?
  /// The certificate to serve with; nil serves without TLS.
  public var tls: TLSReload?
  /// What clients may take.
  public var limits = Limits()

  /// A configuration; the defaults are the contract's (section 6).
  public init(
    host: String = "127.0.0.1", port: Int = 8109, cacheCapacity: Int = 32 * 1024 * 1024,
    crossOrigin: CrossOrigin? = nil
  ) {
    self.host = host
    self.port = port
    self.cacheCapacity = cacheCapacity
    self.crossOrigin = crossOrigin
  }

  /// What runs beside the server to keep keys and certificates current.
  var services: [any Service] {
    [authentication as (any Service)?, tls].compactMap(\.self)
  }
}
