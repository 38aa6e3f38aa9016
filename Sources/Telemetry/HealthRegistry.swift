import Synchronization

/// How well a component is.
public enum HealthStatus: String, Sendable, Codable {
  /// It works.
  case healthy
  /// It works in part, or on a fall-back.
  case degraded
  /// It does not work.
  case unhealthy
}

/// What the components last said of themselves, and what follows for the whole.
///
/// Components report; an answer reads memory alone and never probes. Safe from any thread.
/// Source: LLD, "Health Check Implementation".
public final class HealthRegistry: Sendable {
  private struct Check {
    var status: HealthStatus
    var message: String
    var latency: Duration
  }
  private struct State {
    var checks: [String: Check] = [:]
    var isDraining = false
  }

  private let version: String
  private let critical: Set<String>
  private let required: Set<String>
  private let started = ContinuousClock.now
  private let state = Mutex(State())

  /// A registry of a program's version.
  ///
  /// A check of `critical` that is unhealthy makes the whole unhealthy. The program is not ready
  /// before each check of `required` has reported once.
  public init(
    version: String, critical: Set<String> = ["database"], required: Set<String> = ["database"]
  ) {
    self.version = version
    self.critical = critical
    self.required = required
  }

  /// Says how a component is; replaces what it said before. `message` is shown to anyone, so it
  /// holds no path and no secret.
  public func report(
    check: String, status: HealthStatus, message: String = "", latency: Duration = .zero
  ) {
    state.withLock {
      $0.checks[check] = Check(status: status, message: message, latency: latency)
    }
  }

  /// Forgets a component that is gone.
  public func remove(check: String) { state.withLock { _ = $0.checks.removeValue(forKey: check) } }

  /// Makes the program not ready for good, so that balancers send no more requests.
  public func drain() { state.withLock { $0.isDraining = true } }

  /// What each component last said, by its name.
  public var checks: [String: HealthStatus] {
    state.withLock { $0.checks.mapValues(\.status) }
  }

  /// The state of the whole: `unhealthy` where a critical check is, else `degraded` where any check
  /// is not healthy.
  public var overall: HealthStatus { state.withLock { overall(of: $0) } }

  /// Whether requests may come: every required check has reported, none critical is unhealthy, and
  /// the program is not draining.
  public var isReady: Bool {
    state.withLock { state in
      !state.isDraining && required.allSatisfy { state.checks[$0] != nil }
        && overall(of: state) != .unhealthy
    }
  }

  /// The LLD's `HealthCheck` as UTF-8 JSON: `status`, `timestamp` (RFC 3339), `version`, `uptime`
  /// (`1h2m3s`), `checks` by name with `status`, `message` where there is one, and `latency_ms`.
  public func json() -> [UInt8] {
    let snapshot = state.withLock { $0 }
    var bytes: [UInt8] = []
    func field(_ name: String, _ value: String) {
      JSONText.append(name, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      JSONText.append(value, to: &bytes)
      bytes.append(UInt8(ascii: ","))
    }
    bytes.append(UInt8(ascii: "{"))
    field("status", overall(of: snapshot).rawValue)
    field("timestamp", Timestamp.text(Timestamp.now()))
    field("version", version)
    field("uptime", Self.text(ContinuousClock.now - started))
    bytes.append(contentsOf: "\"checks\":{".utf8)
    for (index, (name, check)) in snapshot.checks.sorted(by: { $0.key < $1.key }).enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      JSONText.append(name, to: &bytes)
      bytes.append(contentsOf: ":{".utf8)
      field("status", check.status.rawValue)
      if !check.message.isEmpty { field("message", check.message) }
      let milliseconds = check.latency / .milliseconds(1)
      bytes.append(contentsOf: "\"latency_ms\":\(JSONText.number(milliseconds))}".utf8)
    }
    bytes.append(contentsOf: "}}".utf8)
    return bytes
  }

  private func overall(of state: State) -> HealthStatus {
    let failing = state.checks.filter { $0.value.status != .healthy }
    if failing.contains(where: { critical.contains($0.key) && $0.value.status == .unhealthy }) {
      return .unhealthy
    }
    return failing.isEmpty ? .healthy : .degraded
  }

  private static func text(_ uptime: Duration) -> String {
    let seconds = uptime.components.seconds
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
    if hours > 0 { return "\(hours)h\(minutes)m\(seconds % 60)s" }
    return minutes > 0 ? "\(minutes)m\(seconds % 60)s" : "\(seconds)s"
  }
}
