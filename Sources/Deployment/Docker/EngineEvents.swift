import Foundation
import Logging
import UtilityModel

/// One event of the engine's stream. Source: Docker Engine API, "Monitor events".
private struct EngineEvent: Decodable {
  struct Actor: Decodable {
    var iD: String
    var attributes: [String: String]
  }
  var type: String
  var action: String
  var actor: Actor
}

extension DockerRuntime: EngineRuntime {
  /// How long a container that dies again and again is left alone after a death.
  private static let calm = Duration.seconds(5)

  /// Follows the engine until the task is cancelled; see `EngineRuntime.watch`.
  public func watch(
    changed: @escaping @Sendable (TenantCode?) -> Void,
    state: @escaping @Sendable (EngineState) -> Void
  ) async {
    // Podman says `died` and `remove`.
    let query = EngineClient.EventQuery(
      types: ["container", "network"],
      actions: ["die", "died", "destroy", "remove", "disconnect", "oom", "pause"])
    await engine.watch(query, state: state) {
      await self.clean()
      changed(nil)
    } event: { line in
      await self.consider(line, changed)
    }
  }

  private func clean() async {
    do {
      try await sweep()
    } catch {
      logger.warning("old containers cannot be looked for", metadata: ["error": "\(error)"])
    }
  }

  /// Tells of an event where it concerns a container that serves, its pause container or a network.
  private func consider(
    _ line: ArraySlice<UInt8>, _ changed: @escaping @Sendable (TenantCode?) -> Void
  ) {
    let event: EngineEvent
    do {
      event = try EngineClient.decode(EngineEvent.self, from: line)
    } catch {
      logger.debug("an event was not understood", metadata: ["error": "\(error.message)"])
      return
    }
    let id = event.type == "network" ? event.actor.attributes["container"] : event.actor.iD
    guard let id, farewells[id] == nil else { return }
    for (slot, known) in slots {
      guard known.seen.pauses.contains(where: { $0.id == id }) || known.seen.serving?.id == id
      else { continue }
      logger.warning(
        "a runtime was changed from outside",
        metadata: [
          "tenant_code": "\(slot.tenant)", "runtime": "\(slot)", "event": "\(event.action)",
          "container": "\(id.prefix(12))",
        ])
      tell(slot, changed)
    }
  }

  private func tell(
    _ slot: RuntimeSlot, _ changed: @escaping @Sendable (TenantCode?) -> Void
  ) {
    let now = ContinuousClock.now
    let again = slots[slot]?.lastDeath.map { now - $0 < Self.calm * 2 } ?? false
    slots[slot]?.lastDeath = now
    guard again else { return changed(slot.tenant) }
    Task {
      // Ends early only with the agent.
      do { try await Task.sleep(for: Self.calm) } catch { return }
      changed(slot.tenant)
    }
  }
}
