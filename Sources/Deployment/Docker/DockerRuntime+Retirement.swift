import Concurrency
import Foundation
import Logging
import UtilityModel

extension DockerRuntime {
  /// Takes a container out of service: it accepts no more when this returns, and is removed in the
  /// background when its calls have ended, or by force when they do not end.
  func part(with container: ReleaseContainer, _ slot: RuntimeSlot) async {
    guard farewells[container.id] == nil else { return }
    var drains = false
    if container.isRunning {
      do {
        drains = try await container.channel.send(.drain).status == .draining
      } catch {
        logger.warning(
          "a server cannot be told to drain, and is stopped",
          metadata: ["runtime": "\(slot)", "error": "\(error.message)"])
      }
    } else {
      await reportEnd(of: container, slot)
    }
    let limit = configuration.drainGrace + .seconds(container.timeout)
    farewells[container.id] = Task {
      if drains {
        let collecting = Task { await collectLast(of: container, slot) }
        await waitForEnd(of: container, within: limit)
        collecting.cancel()
      } else if container.isRunning {
        await stop(container)
      }
      await discard(container.id, container.channel)
      farewells[container.id] = nil
      slots[slot]?.seen.releases.removeAll { $0.id == container.id }
      slots[slot]?.retired.remove(container.id)
    }
  }

  /// Has a server that is deaf to its channel end by SIGTERM, and soon by SIGKILL.
  private func stop(_ container: ReleaseContainer) async {
    do {
      try await engine.stop(container.id, within: 5)
    } catch {
      logger.debug("a container cannot be stopped", metadata: ["error": "\(error.message)"])
    }
  }

  private func waitForEnd(of container: ReleaseContainer, within limit: Duration) async {
    do {
      try await engine.waitForEnd(of: container.id, within: limit)
    } catch {
      guard error.kind != .cancelled, !error.isMissing else { return }
      logger.warning(
        "a drained container did not end by itself",
        metadata: ["container": "\(container.id.prefix(12))", "error": "\(error.message)"])
    }
  }

  /// Removes a container and its channel. What cannot be removed now is found again by `sweep`.
  func discard(_ id: String?, _ channel: ControlChannel) async {
    guard !Task.isCancelled else { return }
    do {
      if let id { try await engine.remove(id) }
      try await pool.run { () throws(SystemError) in try channel.discard() }
    } catch {
      logger.warning(
        "a container cannot be removed yet",
        metadata: ["container": "\(id?.prefix(12) ?? "-")", "error": "\(error)"])
    }
  }

  /// Tells the log how a container ended that nobody had stopped, and what it said.
  private func reportEnd(of container: ReleaseContainer, _ slot: RuntimeSlot) async {
    do {
      let state = try await engine.container(container.id).state
      let lines = try await engine.lastLines(of: container.id, count: 5)
      logger.warning(
        "a runtime's container does not run",
        metadata: [
          "tenant_code": "\(slot.tenant)", "runtime": "\(slot)",
          "container": "\(container.id.prefix(12))", "state": "\(state.status), \(state.end)",
          "last_lines": "\(lines.map { ServerLog.message(of: $0) }.joined(separator: " | "))",
        ])
    } catch {
      logger.debug("a container is gone", metadata: ["error": "\(error)"])
    }
  }

  /// Ends the slot's runtime: its container drains, then the pause container goes, and the network
  /// where this agent made it and nobody else is in it. What fails is done by the next reconcile.
  public func remove(_ slot: RuntimeSlot) async {
    await turn(of: slot).withPermit {
      slots[slot]?.isWanted = false
      do {
        let found = try await observe(slot)
        for container in found.releases { await part(with: container, slot) }
        guard !found.pauses.isEmpty else { return }
        let leaving = found.releases.compactMap { farewells[$0.id] }
        Task {
          for farewell in leaving { await farewell.value }
          await removePauses(of: slot)
        }
      } catch {
        logger.warning(
          "a runtime cannot be removed yet", metadata: ["runtime": "\(slot)", "error": "\(error)"])
      }
    }
  }

  /// Removes what is left of a slot without a release, unless one was deployed meanwhile.
  private func removePauses(of slot: RuntimeSlot) async {
    await turn(of: slot).withPermit {
      guard slots[slot]?.isWanted == false, !isShutDown else { return }
      do {
        let found = try await observe(slot)
        guard !found.releases.contains(where: \.isRunning) else { return }
        // What is not known any more is not missed when its end is told.
        slots[slot]?.seen = SlotContainers()
        for pause in found.pauses { try await removePause(pause, found) }
        try await removeNetwork(of: slot.tenant)
      } catch {
        logger.warning(
          "a runtime cannot be removed yet", metadata: ["runtime": "\(slot)", "error": "\(error)"])
      }
    }
  }

  private func removeNetwork(of tenant: TenantCode) async throws(EngineFailure) {
    let name = network(of: tenant)
    do throws(EngineFailure) {
      let network = try await engine.network(name)
      guard network.labels?[ContainerLabel.owner] == configuration.owner else { return }
      // By its name: Podman 4.3 removes one that somebody is in when it is given the id.
      try await engine.removeNetwork(name)
    } catch {
      // Somebody is in it, the tenant's other runtime for one: 403, and 500 of Podman.
      let isInUse = error.kind == .refused(403) || error.message.contains("network is being used")
      guard error.isMissing || isInUse else { throw error }
    }
  }

  /// Removes what agents left behind that were killed, or whose engine was: containers that do not
  /// run, that drain, or that never came to listen. What serves is left to the reconciler.
  func sweep() async throws {
    let parent = configuration.channels
    let channels = try await pool.run { () throws(SystemError) in
      try Folder.entries(of: parent)
    }
    let all = try await engine.containers(labels: [ContainerLabel.owner: configuration.owner])
    // A container of an installation is removed by whoever started it, unless that was killed.
    let abandoned = Int(Date().timeIntervalSince1970) - 600
    for left in all
    where left.labels[ContainerLabel.role] == ContainerLabel.installRole
      && left.created < abandoned
    {
      try await engine.remove(left.id)
    }
    for slot in Set(all.compactMap { Self.slot(of: $0.labels) }) {
      try await turn(of: slot).withPermit {
        let found = try await observe(slot)
        let deaf = found.releases.filter { $0.isRunning && $0.health == nil }
        for container in found.releases
        where !container.isServing && !deaf.contains(where: { $0.id == container.id }) {
          await part(with: container, slot)
        }
        guard !found.releases.contains(where: \.isRunning) else { return }
        slots[slot]?.seen = SlotContainers()
        for pause in found.pauses { try await removePause(pause, found) }
      }
    }
    let known = Set(all.compactMap { $0.labels[ContainerLabel.channel] })
    for name in channels where !known.contains(name) && !opening.contains(name) {
      try await pool.run { () throws(SystemError) in
        try ControlChannel(name, in: parent).discard()
      }
    }
  }

  /// The slot that labels name.
  static func slot(of labels: [String: String]) -> RuntimeSlot? {
    guard let tenant = labels[ContainerLabel.tenant].flatMap({ TenantCode($0) }),
      let kind = labels[ContainerLabel.kind].flatMap({ RuntimeSlot.Kind(rawValue: $0) })
    else { return nil }
    return RuntimeSlot(tenant: tenant, kind: kind)
  }
}
