import Glibc

/// By which names an agent without authentication may be asked for.
///
/// Whoever reaches such an agent sees everything, and it listens on loopback for that reason. A web
/// page reaches loopback too once its own name resolves to it (DNS rebinding); its requests then
/// carry that name as `Host`. So only what no page can have as its own name is served: an address,
/// `localhost`, and the name to listen on.
struct HostRule: Sendable {
  /// `server.host`.
  let configured: String

  /// Whether a request with this `Host` is served. Without one it is no browser's.
  func admits(_ authority: String?) -> Bool {
    guard let authority else { return true }
    guard let host = Self.host(of: authority) else { return false }
    return host == "localhost" || host == configured.lowercased() || Self.isAddress(host)
  }

  /// The host without its port, in lower case; nil where there is none.
  private static func host(of authority: String) -> String? {
    let text = authority.lowercased()
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      let rest = text[text.index(after: end)...]
      guard rest.isEmpty || rest.first == ":" else { return nil }
      return String(text[text.index(after: text.startIndex)..<end])
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 2, !parts[0].isEmpty else { return nil }
    return String(parts[0])
  }

  private static func isAddress(_ host: String) -> Bool {
    var four = in_addr()
    var six = in6_addr()
    return inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1
  }
}
