import Concurrency
import Foundation
import Hashing
import Logging
import UtilityModel

/// The agent's line to the tasks of a tenant's services: a container on the manager's own machine, in
/// the tenant's network, which passes on what the agent asks over a unix socket.
///
/// Tasks answer who knows the slot's key. They and their specs have its digest alone.
extension SwarmRuntime {
  /// The port on which the tasks of a slot obey: beside the one that serves.
  func controlPort(_ slot: RuntimeSlot) -> Int {
    let port = address(ofSlot: slot).port
    return port < 65535 ? port + 1 : port - 1
  }

  /// What the tasks of a slot obey: the same after every restart of the agent, unlike another slot's.
  func controlKey(_ slot: RuntimeSlot) -> String {
    SHA256.digest(of: "swarm control\0\(configuration.controlSecret)\0\(slot)").hex
  }

  /// The channel to one task, nil where it is in no network yet.
  func channel(
    to task: ServiceTask, _ slot: RuntimeSlot, through line: ControlChannel
  ) -> ControlChannel? {
    guard let address = task.address else { return nil }
    return line.passing(to: "\(address):\(controlPort(slot))", key: controlKey(slot))
  }

  /// The tenant's line, found or made. Throws `EngineFailure`, `SystemError`.
  func line(of tenant: TenantCode) async throws -> ControlChannel {
    if let known = lines[tenant], await answers(known) { return known }
    let turn = lineTurns[tenant] ?? Permits(1)
    lineTurns[tenant] = turn
    return try await turn.withPermit {
      if let known = lines[tenant], await answers(known) { return known }
      lines[tenant] = nil
      let image = try await engine.image(configuration.docker.image)
      for old in try await lineContainers(of: tenant) {
        guard let name = old.labels[ContainerLabel.channel] else { continue }
        let channel = ControlChannel(name, in: configuration.docker.channels)
        if old.isRunning, old.labels[ContainerLabel.spec] == lineSpec(tenant, image).label,
          await answers(channel)
        {
          lines[tenant] = channel
          return channel
        }
        try await discardLine(old.id, channel)
      }
      let channel = try await makeLine(tenant, image)
      lines[tenant] = channel
      return channel
    }
  }

  /// Removes the tenant's line; nothing to do where there is none. Throws as `line`.
  func removeLine(of tenant: TenantCode) async throws {
    lines[tenant] = nil
    for old in try await lineContainers(of: tenant) {
      let name = old.labels[ContainerLabel.channel] ?? ""
      try await discardLine(old.id, ControlChannel(name, in: configuration.docker.channels))
    }
  }

  private func lineContainers(
    of tenant: TenantCode
  ) async throws(EngineFailure) -> [ContainerSummary] {
    try await engine.containers(labels: [
      ContainerLabel.owner: configuration.docker.owner, ContainerLabel.tenant: tenant.rawValue,
      ContainerLabel.role: ContainerLabel.lineRole,
    ])
  }

  private func discardLine(_ id: String, _ channel: ControlChannel) async throws {
    try await engine.remove(id)
    try await pool.run { () throws(SystemError) in try channel.discard() }
  }

  /// A line says "not found" to what names no task.
  private func answers(_ line: ControlChannel) async -> Bool {
    do throws(EngineFailure) {
      _ = try await line.health()
      return true
    } catch {
      return error.isMissing
    }
  }

  private func lineSpec(
    _ tenant: TenantCode, _ image: String
  ) -> (spec: ContainerSpec, label: String) {
    let docker = configuration.docker
    let spec = ContainerSpec(
      image: image, entrypoint: ["/usr/bin/python3", "-I", "-B", "/opt/python-utils/line.py"],
      cmd: ["\(ControlChannel.mountPoint)/\(ControlChannel.socketName)"],
      labels: [
        ContainerLabel.owner: docker.owner, ContainerLabel.tenant: tenant.rawValue,
        ContainerLabel.role: ContainerLabel.lineRole,
      ],
      hostConfig: .init(
        networkMode: network(of: tenant), memory: 96 << 20, memorySwap: 96 << 20,
        nanoCpus: Int64(docker.cpus * 1e9), pidsLimit: 32))
    // Nothing in it that could not be encoded; without a digest the line is made anew.
    return (spec, (try? spec.digest()) ?? "")
  }

  private func makeLine(_ tenant: TenantCode, _ image: String) async throws -> ControlChannel {
    let name = ReleaseContainer.freshChannelName()
    let channel = ControlChannel(name, in: configuration.docker.channels)
    try await pool.run { () throws(SystemError) in try channel.make() }
    var (spec, label) = lineSpec(tenant, image)
    spec.labels[ContainerLabel.spec] = label
    spec.labels[ContainerLabel.channel] = name
    spec.hostConfig.mounts = [
      .init(source: channel.folder, target: ControlChannel.mountPoint, readOnly: false)
    ]
    var id: String?
    do {
      let made = try await engine.create(
        spec, name: "\(network(of: tenant))-line-\(name.prefix(6))")
      id = made
      try await engine.start(made)
      let end = ContinuousClock.now + configuration.docker.readyLimit
      while await !answers(channel) {
        guard ContinuousClock.now < end else {
          throw EngineFailure(.timedOut, "the line to the tasks was not ready in time")
        }
        try await Task.sleep(for: .milliseconds(20))
      }
      try await pool.run { () throws(SystemError) in try channel.seal() }
      return channel
    } catch {
      await Task {
        do {
          if let id { try await self.engine.remove(id) }
          try await self.pool.run { () throws(SystemError) in try channel.discard() }
        } catch {
          logger.warning("a line cannot be removed yet", metadata: ["error": "\(error)"])
        }
      }.value
      throw error
    }
  }
}
