import Logging
import UtilityModel

/// The containers of one slot, as the engine listed them and their servers described themselves.
struct SlotContainers: Sendable {
  /// The pause containers, newest first. There is one, unless an agent was killed at a bad moment.
  var pauses: [ContainerSummary] = []
  var releases: [ReleaseContainer] = []

  var pause: ContainerSummary? { pauses.first }

  /// The one that accepts calls. Two do only for a moment: then the newer one is meant.
  var serving: ReleaseContainer? {
    releases.filter { $0.isRunning && $0.isServing }.max { $0.created < $1.created }
  }
}

extension DockerRuntime {
  /// Lists the slot's containers and asks their servers. Throws `EngineFailure`.
  func observe(_ slot: RuntimeSlot) async throws -> SlotContainers {
    let leaving = Set(farewells.keys)
    let summaries = try await engine.containers(labels: [
      ContainerLabel.owner: configuration.owner, ContainerLabel.tenant: slot.tenant.rawValue,
      ContainerLabel.kind: slot.kind.rawValue,
    ])
    var found = SlotContainers()
    for summary in summaries.sorted(by: { $0.created > $1.created }) {
      if summary.labels[ContainerLabel.role] == "pause" {
        found.pauses.append(summary)
      } else if var container = ReleaseContainer(summary, channels: configuration.channels) {
        if container.isRunning, farewells[container.id] == nil {
          do {
            container.health = try await container.channel.health()
          } catch {
            logger.debug(
              "a container's server gives no answer",
              metadata: ["runtime": "\(slot)", "error": "\(error.message)"])
          }
        }
        found.releases.append(container)
      }
    }
    // Listed, and removed before the servers had answered.
    found.releases.removeAll { leaving.contains($0.id) && farewells[$0.id] == nil }
    slots[slot]?.seen = found
    return found
  }

  /// The id of `runtime.image`, nil where the engine has no such image.
  func imageIfAny() async throws(EngineFailure) -> String? {
    do throws(EngineFailure) {
      return try await engine.image(configuration.image)
    } catch {
      guard error.isMissing else { throw error }
      return nil
    }
  }

  /// Whether a pause container is in the tenant's network under its service's name.
  func isAttached(_ pause: ContainerDetails, _ slot: RuntimeSlot) -> Bool {
    let attachment = pause.networkSettings.networks[network(of: slot.tenant)]
    return attachment?.aliases?.contains(service(of: slot).service) == true
  }
}
