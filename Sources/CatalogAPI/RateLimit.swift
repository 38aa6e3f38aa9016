import Glibc
import NIOCore
import Synchronization

/// How many requests one client may make.
///
/// A generic cell rate algorithm (ITU-T I.371): a client that was quiet may make `burst` requests at
/// once, and `rate` a second from then on. Bounded in clients; safe from any thread.
final class RateLimit: Sendable {
  /// Who makes requests: whom a token is about, else an address.
  enum Client: Hashable {
    case subject(String)
    case address(String)
  }

  /// Clients that are remembered; one that was forgotten starts afresh.
  static let capacity = 16384

  private let interval: Int64
  private let tolerance: Int64
  /// When a client's next request is due if requests came evenly, in nanoseconds.
  private let due: Mutex<RecencyTable<Client, Int64>>

  /// A limit; `rate` is in requests a second, `burst` at least one.
  init(rate: Int, burst: Int) {
    interval = 1_000_000_000 / Int64(max(1, rate))
    tolerance = interval * Int64(max(1, burst) - 1)
    due = Mutex(RecencyTable(capacity: Self.capacity))
  }

  /// The limit of a server, or nil where there is none.
  convenience init?(_ limits: Limits) {
    guard limits.requestRate > 0 else { return nil }
    let burst = limits.requestBurst > 0 ? limits.requestBurst : 2 * limits.requestRate
    self.init(rate: limits.requestRate, burst: burst)
  }

  /// Counts a request: nil where it may be served, else the whole seconds after which to try again.
  func admit(_ client: Client, now: NIODeadline = .now()) -> Int? {
    let now = Int64(now.uptimeNanoseconds)
    return due.withLock { due in
      let next = max(due[client] ?? now, now)
      guard next - now <= tolerance else {
        return Int((next - now - tolerance + 999_999_999) / 1_000_000_000)
      }
      due[client] = next + interval
      return nil
    }
  }

  /// The client at an address. IPv6 clients choose the lower half of theirs, so that it does not count
  /// (RFC 6177).
  static func client(at address: SocketAddress?) -> Client {
    guard let address else { return .address("-") }
    guard case .v6(let six) = address, !six.address.isMapped else {
      return .address(address.ipAddress ?? "-")
    }
    let prefix = withUnsafeBytes(of: six.address.sin6_addr) { Array($0.prefix(8)) }
    return .address(prefix.map { String($0, radix: 16) }.joined(separator: ":"))
  }

  static func refusal(retryAfter seconds: Int) -> APIError {
    APIError(
      status: .tooManyRequests, code: .rateLimited,
      message: "There were too many requests from this client: wait and ask again.",
      retryAfter: max(1, seconds))
  }
}

extension sockaddr_in6 {
  /// Whether this is an IPv4 address in IPv6's clothes (`::ffff:a.b.c.d`).
  fileprivate var isMapped: Bool {
    withUnsafeBytes(of: sin6_addr) { bytes in
      bytes[0..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
    }
  }
}
