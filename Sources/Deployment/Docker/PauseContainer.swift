import Logging
import UtilityModel

/// The container that owns what clients know of a slot: network, alias and port.
///
/// With `net.ipv4.tcp_migrate_req` connections that are being made on a listening socket that
/// closes move to its successor's. Source: ip-sysctl, "tcp_migrate_req" (Linux 5.14).
extension DockerRuntime {
  private static let migration = "net.ipv4.tcp_migrate_req"

  /// The slot's pause container, running and in the tenant's network: found, repaired or made.
  func ensurePause(
    of slot: RuntimeSlot, found: SlotContainers
  ) async throws -> ContainerDetails {
    let network = network(of: slot.tenant)
    try await ensureNetwork(network, slot)
    slots[slot]?.seen.pauses = Array(found.pauses.prefix(1))
    for spare in found.pauses.dropFirst() { try await removePause(spare, found) }
    if let pause = found.pause {
      let details = try await engine.container(pause.id)
      if details.isRunning {
        if isAttached(details, slot) { return details }
        try await attach(details, to: network, slot)
        return try await engine.container(pause.id)
      }
      slots[slot]?.seen.pauses = []
      try await removePause(pause, found)
    }
    return try await makePause(of: slot, network: network)
  }

  /// Removes a pause container, and first those that have joined it: their network ends with it, and
  /// Podman keeps a container that another one has joined.
  func removePause(
    _ pause: ContainerSummary, _ found: SlotContainers
  ) async throws(EngineFailure) {
    for joined in found.releases where joined.pause.hasPrefix("\(pause.id.prefix(12))@") {
      try await engine.remove(joined.id)
    }
    try await engine.remove(pause.id)
  }

  /// A network that is there already may be another's: it is used as it is.
  private func ensureNetwork(_ name: String, _ slot: RuntimeSlot) async throws {
    do throws(EngineFailure) {
      _ = try await engine.network(name)
    } catch {
      guard error.isMissing else { throw error }
      try await engine.createNetwork(
        name,
        labels: [
          ContainerLabel.owner: configuration.owner, ContainerLabel.tenant: slot.tenant.rawValue,
        ])
    }
  }

  private func attach(
    _ pause: ContainerDetails, to network: String, _ slot: RuntimeSlot
  ) async throws {
    if pause.networkSettings.networks[network] != nil {
      try await engine.disconnect(pause.id, from: network)
    }
    try await engine.connect(pause.id, to: network, aliases: [service(of: slot).service])
    logger.warning(
      "a runtime was out of its network and is in it again",
      metadata: ["tenant_code": "\(slot.tenant)", "runtime": "\(slot)", "network": "\(network)"])
  }

  private func makePause(of slot: RuntimeSlot, network: String) async throws -> ContainerDetails {
    let name = "\(network)-\(service(of: slot).service)"
    var spec = pauseSpec(slot, network: network)
    let id = try await engine.create(spec, name: name)
    do throws(EngineFailure) {
      try await engine.start(id)
      return try await engine.container(id)
    } catch {
      try await engine.remove(id)
      guard error.message.contains("tcp_migrate_req") else { throw error }
    }
    logger.warning(
      "a rollout may reset connections that are being made",
      metadata: [
        "runtime": "\(slot)", "reason": "the kernel has no \(Self.migration) (Linux 5.14)",
      ])
    spec.hostConfig.sysctls = [:]
    let plain = try await engine.create(spec, name: name)
    try await engine.start(plain)
    return try await engine.container(plain)
  }

  private func pauseSpec(_ slot: RuntimeSlot, network: String) -> ContainerSpec {
    ContainerSpec(
      image: configuration.image,
      entrypoint: ["/usr/bin/python3", "-I", "-S", "-B", "/opt/python-utils/pause.py"], cmd: [],
      labels: labels(of: slot, role: "pause"),
      hostConfig: .init(
        networkMode: network, memory: 64 << 20, memorySwap: 64 << 20,
        nanoCpus: Int64(configuration.cpus * 1e9), pidsLimit: 16, sysctls: [Self.migration: "1"]),
      networkingConfig: .init(
        endpointsConfig: [network: .init(aliases: [service(of: slot).service])]))
  }

  /// What every container of a slot is labelled with.
  func labels(of slot: RuntimeSlot, role: String) -> [String: String] {
    [
      ContainerLabel.owner: configuration.owner, ContainerLabel.tenant: slot.tenant.rawValue,
      ContainerLabel.kind: slot.kind.rawValue, ContainerLabel.role: role,
    ]
  }
}
