import Foundation
import Glibc
import UtilityModel

/// Which runtime has which port, kept in a JSON file across restarts.
///
/// The first tenant has `runtime.port` and `runtime.trial_port`; each further runtime has the next
/// free one of the range. Every function blocks, and holds a lock file (flock(2)), so that a
/// command beside a running agent never assigns a port twice.
public struct PortRegistry: Sendable {
  /// The configured ports.
  public struct Ports: Sendable {
    /// The first tenant's active runtime: `runtime.port`.
    public var active: Int
    /// The first tenant's trial runtime: `runtime.trial_port`.
    public var trial: Int
    /// Everybody else: `runtime.port_range`.
    public var range: ClosedRange<Int>

    /// Ports, the contract's by default.
    public init(active: Int = 8110, trial: Int = 8111, range: ClosedRange<Int> = 8200...8999) {
      self.active = active
      self.trial = trial
      self.range = range
    }
  }

  private struct Records: Codable {
    var format = 1
    /// The tenant that has `runtime.port`.
    var first: String?
    /// Slot to port.
    var ports: [String: Int] = [:]
  }

  private let file: String
  private let ports: Ports

  /// The registry in `file`, which is made at the first assignment.
  public init(file: String, ports: Ports = Ports()) {
    self.file = URL(fileURLWithPath: file).path
    self.ports = ports
  }

  /// The recorded port of a slot, or nil where none was assigned yet.
  public func port(of slot: RuntimeSlot) throws(DeploymentError) -> Int? {
    try attempt(slot.description) { try read().ports[slot.description] }
  }

  /// The port of a slot, assigned and recorded where it has none yet.
  ///
  /// A range port that another program holds is passed over. Throws `portInUse` where another
  /// program holds `runtime.port` or `runtime.trial_port`, `portsExhausted`, or a file error.
  public func assign(_ slot: RuntimeSlot) throws(DeploymentError) -> Int {
    try attempt(slot.description) {
      let lock = try lock()
      defer { withExtendedLifetime(lock) {} }
      var records = try read()
      if let port = records.ports[slot.description] { return port }
      let port: Int
      if records.first == nil || records.first == slot.tenant.rawValue {
        records.first = slot.tenant.rawValue
        port = slot.kind == .active ? ports.active : ports.trial
        guard try Self.isFree(port) else {
          let key = slot.kind == .active ? "runtime.port" : "runtime.trial_port"
          throw Self.inUse(port, slot: slot, key: key)
        }
      } else {
        port = try nextFree(besides: Set(records.ports.values), slot: slot)
      }
      records.ports[slot.description] = port
      try write(records)
      return port
    }
  }

  /// Gives back the ports of a tenant that is gone.
  public func forget(_ tenant: TenantCode) throws(DeploymentError) {
    try attempt("tenant \(tenant)") {
      let lock = try lock()
      defer { withExtendedLifetime(lock) {} }
      var records = try read()
      if records.first == tenant.rawValue { records.first = nil }
      for kind in [RuntimeSlot.Kind.active, .trial] {
        records.ports[RuntimeSlot(tenant: tenant, kind: kind).description] = nil
      }
      try write(records)
    }
  }

  /// The error of a port that another program holds.
  static func inUse(_ port: Int, slot: RuntimeSlot, key: String) -> DeploymentError {
    DeploymentError(
      .assignPort, .portInUse, subject: slot.description,
      cause: "another program listens on 127.0.0.1:\(port)",
      remedy: "stop it (`ss -ltnp sport = :\(port)` names it) or set \(key) to a free port")
  }

  private func nextFree(besides taken: Set<Int>, slot: RuntimeSlot) throws -> Int {
    for port in ports.range where !taken.contains(port) {
      if try Self.isFree(port) { return port }
    }
    throw DeploymentError(
      .assignPort, .portsExhausted, subject: slot.description,
      cause: "no port of \(ports.range.lowerBound)-\(ports.range.upperBound) is free",
      remedy: "widen runtime.port_range", disposition: .stalled)
  }

  private static func isFree(_ port: Int) throws(SystemError) -> Bool {
    do {
      _ = try Listener(port: port)
      return true
    } catch {
      guard error.errno == EADDRINUSE else { throw error }
      return false
    }
  }

  private func attempt<Value>(
    _ subject: String, _ body: () throws -> Value
  ) throws(DeploymentError) -> Value {
    do {
      return try body()
    } catch let error as DeploymentError {
      throw error
    } catch let error as SystemError {
      throw error.deploymentError(.assignPort, subject: subject)
    } catch {
      throw DeploymentError(
        .assignPort, .fileSystem, subject: subject, cause: "\(file) is damaged: \(error)",
        remedy: "repair or remove it; removing it assigns new ports", disposition: .stalled)
    }
  }

  private func lock() throws(SystemError) -> Descriptor {
    try Folder.make((file as NSString).deletingLastPathComponent)
    let lock = try Descriptor.open(file + ".lock", flags: O_RDWR | O_CREAT, mode: 0o644)
    while flock(lock.number, LOCK_EX) != 0 {
      guard errno == EINTR else { throw SystemError("lock the port registry") }
    }
    return lock
  }

  private func read() throws -> Records {
    guard let bytes = try Folder.contents(ofFile: file) else { return Records() }
    return try JSONDecoder().decode(Records.self, from: Data(bytes))
  }

  private func write(_ records: Records) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let staged = file + ".tmp"
    let output = try Descriptor.open(
      staged, flags: O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: 0o644)
    try output.writeAll(Array(try encoder.encode(records)), as: "the port registry")
    try output.sync(as: "the port registry")
    guard rename(staged, file) == 0 else { throw SystemError("rename the port registry") }
    let folder = (file as NSString).deletingLastPathComponent
    try Descriptor.open(folder, flags: O_RDONLY | O_DIRECTORY).sync(as: "the state folder")
  }
}
