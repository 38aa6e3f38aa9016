/// How the HTTP interface listens and what it may keep.
public struct APIConfiguration: Sendable {
  /// The address to listen on.
  public var host: String
  /// The port to listen on; 0 takes a free one.
  public var port: Int
  /// Bytes of rendered answers to keep.
  public var cacheCapacity: Int

  /// A configuration; the defaults are the contract's (section 6).
  public init(
    host: String = "127.0.0.1", port: Int = 8109, cacheCapacity: Int = 32 * 1024 * 1024
  ) {
    self.host = host
    self.port = port
    self.cacheCapacity = cacheCapacity
  }
}
