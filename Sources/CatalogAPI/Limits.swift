import Glibc
public import NIOCore

/// What one client, and all of them together, may take from the server.
public struct Limits: Sendable {
  /// Bytes of a request's target; more is 414.
  public var urlSize = 8192
  /// Bytes of all header fields; more, or more than `fieldCount`, is 431.
  public var headerSize = 16384
  /// Header fields of a request.
  public var fieldCount = 100
  /// Bytes of a request's body, which no route reads; more is 413.
  public var bodySize = 1_048_576
  /// How long a connection may be open between two requests.
  public var idleTimeout = TimeAmount.seconds(60)
  /// How long the first request's head, and any request's body, may take to arrive.
  public var readTimeout = TimeAmount.seconds(10)
  /// How long a client may take for what is written to it.
  public var writeTimeout = TimeAmount.seconds(60)
  /// Connections at a time; further ones wait in the kernel's queue.
  public var connections = 4096
  /// Requests a second of one client, or 0 for any number.
  public var requestRate = 0
  /// Requests that a client may make at once after it was quiet.
  public var requestBurst = 0
  /// How long open requests may go on after the server was asked to stop.
  public var drainTimeout = TimeAmount.seconds(10)

  /// The defaults.
  public init() {}

  /// Descriptors for everything but connections.
  private static let reserve = 512

  /// Raises this process's limit on open files so that `connections` fit, as far as that is allowed,
  /// and gives the number of connections that do fit.
  public static func reserveDescriptors(for connections: Int) -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      return connections
    }
    let wanted = rlim_t(connections + reserve)
    if limit.rlim_cur < wanted {
      limit.rlim_cur = min(wanted, limit.rlim_max)
      guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
        return connections
      }
    }
    return max(16, min(connections, Int(clamping: limit.rlim_cur) - reserve))
  }
}
