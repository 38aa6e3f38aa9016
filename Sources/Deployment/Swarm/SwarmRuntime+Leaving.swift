import Logging
import UtilityModel

/// The end of what a tenant has beside its services: its line and its network.
extension SwarmRuntime {
  /// Whether the tenant has a service of this agent. Throws as `service`.
  func serves(_ tenant: TenantCode) async throws -> Bool {
    for kind in [RuntimeSlot.Kind.active, .trial]
    where try await service(of: RuntimeSlot(tenant: tenant, kind: kind)) != nil {
      return true
    }
    return false
  }

  /// How long it is waited until everybody has left a tenant's network: tasks that Swarm has struck off
  /// its list may still end.
  private static let farewell = Duration.seconds(120)

  /// Removes the line and the network of a tenant once its last task has ended. A network in which others
  /// stay, whom the operator connected, stays too.
  func beginLeaving(_ tenant: TenantCode) {
    guard leaving[tenant] == nil, !isShutDown else { return }
    leaving[tenant] = Task {
      do {
        let end = ContinuousClock.now + Self.farewell
        while try await !leave(tenant), ContinuousClock.now < end {
          try await Task.sleep(for: .milliseconds(500))
        }
      } catch is CancellationError {
        // The next agent does it.
      } catch {
        logger.warning(
          "the line or the network of a tenant cannot be removed yet",
          metadata: ["tenant_code": "\(tenant)", "error": "\(error)"])
      }
      leaving[tenant] = nil
    }
  }

  /// Looks for lines that an agent left behind.
  func sweepLines() async {
    do {
      let found = try await engine.containers(labels: [
        ContainerLabel.owner: configuration.docker.owner,
        ContainerLabel.role: ContainerLabel.lineRole,
      ])
      for tenant in Set(found.compactMap { $0.labels[ContainerLabel.tenant] }) {
        guard let code = TenantCode(tenant), try await !serves(code) else { continue }
        beginLeaving(code)
      }
    } catch {
      logger.warning("old lines cannot be looked for", metadata: ["error": "\(error)"])
    }
  }

  /// Whether there is nothing left to remove, or no reason to.
  private func leave(_ tenant: TenantCode) async throws -> Bool {
    if try await ownTasks().contains(where: { $0.slot.tenant == tenant }) { return false }
    // One at a time with what would make them anew.
    return try await turn(of: RuntimeSlot(tenant: tenant, kind: .active)).withPermit {
      try await turn(of: RuntimeSlot(tenant: tenant, kind: .trial)).withPermit {
        if try await serves(tenant) { return true }
        try await removeLine(of: tenant)
        return try await removeNetwork(of: tenant)
      }
    }
  }

  /// Whether the network is gone, or another's.
  private func removeNetwork(of tenant: TenantCode) async throws(EngineFailure) -> Bool {
    do throws(EngineFailure) {
      let network = try await engine.network(network(of: tenant))
      guard network.labels?[ContainerLabel.owner] == configuration.docker.owner else { return true }
      try await engine.removeNetwork(network.id)
      return false
    } catch {
      if error.isMissing { return true }
      // Somebody is in it.
      guard case .refused = error.kind else { throw error }
      logger.debug("a network stays for now", metadata: ["error": "\(error.message)"])
      return false
    }
  }
}
