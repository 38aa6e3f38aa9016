import Logging
import UtilityModel

extension SwarmRuntime: EngineRuntime {
  private struct Event: Decodable {
    struct Actor: Decodable { var attributes: [String: String] }
    var actor: Actor
  }

  /// Follows the engine until the task is cancelled: `changed` is told of a tenant whose service was
  /// changed or removed, and nil each time the engine is there again.
  public func watch(
    changed: @escaping @Sendable (TenantCode?) -> Void,
    state: @escaping @Sendable (EngineState) -> Void
  ) async {
    let query = EngineClient.EventQuery(
      types: ["service"], actions: ["update", "remove"], scope: "swarm")
    await engine.watch(query, state: state) {
      await self.sweepLines()
      changed(nil)
    } event: { line in
      await self.consider(line, changed)
    }
  }

  private func consider(
    _ line: ArraySlice<UInt8>, _ changed: @escaping @Sendable (TenantCode?) -> Void
  ) {
    do throws(EngineFailure) {
      let event = try EngineClient.decode(Event.self, from: line)
      let name = event.actor.attributes["name"]
      for slot in slots.keys where self.name(of: slot) == name { changed(slot.tenant) }
    } catch {
      logger.debug("an event was not understood", metadata: ["error": "\(error.message)"])
    }
  }
}
