import Foundation
import Glibc
import Metrics
import Telemetry

/// The checks of the LLD's health format beside the database: memory, engine and disk.
extension HealthMonitor {
  /// Below this share of free room the disk is degraded, below a quarter of it unhealthy.
  private static let scarce = 0.05

  /// What readers are answered from: every tenant that is reconciled has its snapshot in memory.
  func reportCache() {
    let kept = Set(agent.context.snapshots.tenants().map(\.rawValue))
    let missing = agent.context.board.all().filter { !kept.contains($0.tenantcode) }.count
    health.report(
      check: "cache", status: missing == 0 ? .healthy : .degraded,
      message: missing == 0
        ? "\(kept.count) tenants in memory" : "\(missing) tenants have no snapshot in memory")
  }

  /// The engine, where none is used: the check is there in every configuration.
  func reportEngine() {
    let driver = agent.configuration.text("runtime.driver")
    guard ["process", "none"].contains(driver) else { return }
    health.report(
      check: "docker", status: .healthy, message: "not used: runtime.driver is \(driver)")
  }

  /// Room on the file systems of the state and the releases.
  func reportDisk() async {
    let folders = [agent.state.path, agent.configuration.text("releases.root")]
    let began = ContinuousClock.now
    let free = await agent.context.pool.run { folders.compactMap(Self.freeShare).min() }
    let latency = ContinuousClock.now - began
    guard let free else {
      return health.report(
        check: "disk", status: .unhealthy, message: "the state folder cannot be looked at",
        latency: latency)
    }
    Gauge(label: "disk_free_ratio").record(free)
    let status: HealthStatus =
      free >= Self.scarce ? .healthy : free >= Self.scarce / 4 ? .degraded : .unhealthy
    health.report(
      check: "disk", status: status, message: "\(Int(free * 100)) % free", latency: latency)
  }

  /// Each component as a number for alerts: 2 healthy, 1 degraded, 0 unhealthy.
  func reportComponents() {
    Gauge(label: "active_database_connections").record(agent.store.activeConnections)
    Gauge(label: "event_streams").record(streams())
    for (name, status) in health.checks {
      let value =
        switch status {
        case .healthy: 2
        case .degraded: 1
        case .unhealthy: 0
        }
      Gauge(label: "component_health", dimensions: [("component", name)]).record(value)
    }
  }

  /// The free share of a folder's file system, of bytes or of inodes, whichever is less; nil where
  /// the folder is not there yet. Blocks.
  private static func freeShare(_ folder: String) -> Double? {
    var room = statvfs()
    guard statvfs(folder, &room) == 0, room.f_blocks > 0 else { return nil }
    let bytes = Double(room.f_bavail) / Double(room.f_blocks)
    // Some file systems count no inodes.
    guard room.f_files > 0 else { return bytes }
    return min(bytes, Double(room.f_favail) / Double(room.f_files))
  }
}
