import Glibc

/// What an address to listen on is open to.
public enum ListenAddress {
  /// Whether only this machine can reach it: 127.0.0.0/8, `::1` or `localhost`. Any other name
  /// counts as open, whatever it resolves to today.
  public static func isLoopback(_ host: String) -> Bool {
    if host.lowercased() == "localhost" { return true }
    var four = in_addr()
    if inet_pton(AF_INET, host, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
    let bare =
      host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    var six = in6_addr()
    guard inet_pton(AF_INET6, bare, &six) == 1 else { return false }
    return withUnsafeBytes(of: six) { $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }
  }
}
