import Logging
import UtilityModel

/// Calls are fetched over the control channels: what was kept is told with the next question, so
/// that an agent that is killed in between gets them again.
extension DockerRuntime {
  /// Fetches the calls of all servers whose time has come. From now on `keep` also gets the last calls
  /// of servers that drain.
  public func collectExecutions(_ keep: @escaping ExecutionKeeper) async {
    keeper = keep
    let now = ContinuousClock.now
    var due: [(RuntimeSlot, ReleaseContainer)] = []
    for (slot, state) in slots {
      for container in state.seen.releases
      where container.isRunning && (collections[container.id]?.next ?? now) <= now {
        due.append((slot, container))
      }
    }
    let known = Set(slots.values.flatMap { $0.seen.releases.map(\.id) })
    collections = collections.filter { known.contains($0.key) }
    for (slot, container) in due { await collect(container, slot) }
  }

  /// Fetches what one server has.
  func collect(_ container: ReleaseContainer, _ slot: RuntimeSlot) async {
    guard let keeper, collections[container.id]?.isAsking != true else { return }
    var cursor = collections[container.id] ?? ExecutionCursor()
    cursor.isAsking = true
    collections[container.id] = cursor
    await cursor.fetch(from: container.channel, slot, keeper, logger)
    cursor.isAsking = false
    collections[container.id] = cursor
  }

  /// Fetches the last calls of a server that drains, until the task is cancelled: it waits for that a
  /// moment before it ends.
  func collectLast(of container: ReleaseContainer, _ slot: RuntimeSlot) async {
    while !Task.isCancelled {
      await collect(container, slot)
      do { try await Task.sleep(for: .milliseconds(250)) } catch { return }
    }
  }

  /// Ends a user's running calls in all of the tenant's containers, draining ones too; how many.
  public func cancel(
    user: Int64, of tenant: TenantCode
  ) async throws(DeploymentError) -> Int {
    var count = 0
    do {
      for kind in [RuntimeSlot.Kind.active, .trial] {
        let slot = RuntimeSlot(tenant: tenant, kind: kind)
        let found = try await turn(of: slot).withPermit { try await observe(slot) }
        for container in found.releases where container.isRunning {
          do throws(EngineFailure) {
            count += try await container.channel.cancel(user: user)
          } catch {
            // One that drains may be gone by now, and its calls with it.
            guard farewells[container.id] != nil || found.serving?.id != container.id else {
              throw error
            }
          }
        }
      }
      return count
    } catch {
      throw EngineFailure.deploymentError(
        error, .cancel, subject: "the calls of user \(user) for tenant \(tenant)")
    }
  }
}
