import Logging
import UtilityModel

/// The calls of a service's tasks, wherever they run: collected, ended, and names retired, over the
/// tenant's line.
extension SwarmRuntime {
  /// How often it is looked which tasks there are. A task that ends keeps its last calls longer.
  private static let lookout = Duration.seconds(3)

  /// Fetches the calls of all tasks whose time has come, and of those that end.
  public func collectExecutions(_ keep: @escaping ExecutionKeeper) async {
    let now = ContinuousClock.now
    guard !slots.isEmpty, now >= nextLookout, !isShutDown else { return }
    nextLookout = now + Self.lookout
    do {
      let tasks = try await ownTasks()
      cursors = cursors.filter { id, _ in tasks.contains { $0.task.iD == id } }
      // A tenant whose line is slow holds no other one's up.
      for (tenant, tasks) in Dictionary(grouping: tasks, by: \.slot.tenant)
      where collecting[tenant] == nil {
        let due = tasks.filter {
          $0.task.desiredState != "running" || (cursors[$0.task.iD]?.next ?? now) <= now
        }
        guard !due.isEmpty else { continue }
        collecting[tenant] = Task {
          await collect(due, of: tenant, keep)
          collecting[tenant] = nil
        }
      }
    } catch {
      logger.debug("the tasks cannot be listed", metadata: ["error": "\(error)"])
    }
  }

  /// Ends a user's running calls in all of the tenant's tasks, draining ones too; how many.
  public func cancel(user: Int64, of tenant: TenantCode) async throws(DeploymentError) -> Int {
    do {
      let tasks = try await ownTasks().filter { $0.slot.tenant == tenant }
      guard !tasks.isEmpty else { return 0 }
      let line = try await line(of: tenant)
      var count = 0
      for (slot, task) in tasks {
        guard let channel = channel(to: task, slot, through: line) else { continue }
        do throws(EngineFailure) {
          count += try await channel.cancel(user: user)
        } catch {
          // One that ends may be gone by now, and its calls with it.
          guard task.desiredState != "running" else { throw error }
        }
      }
      return count
    } catch {
      throw EngineFailure.deploymentError(
        error, .cancel, subject: "the calls of user \(user) for tenant \(tenant)")
    }
  }

  /// Has the slot's tasks drop their retiring names. A task that Swarm starts anew has them again until
  /// the next reconcile. Throws `unhealthy` where one does not answer.
  public func retire(_ slot: RuntimeSlot) async throws(DeploymentError) {
    guard slots[slot]?.hasRetiring == true else { return }
    do {
      let tasks = try await ownTasks().filter {
        $0.slot == slot && $0.task.desiredState == "running" && $0.task.hasRetiring
          && slots[slot]?.retired.contains($0.task.iD) == false
      }
      guard !tasks.isEmpty else { return }
      let line = try await line(of: slot.tenant)
      for (_, task) in tasks {
        guard let channel = channel(to: task, slot, through: line) else { continue }
        try await channel.send(.retire)
        slots[slot]?.retired.insert(task.iD)
      }
    } catch {
      throw DeploymentError(
        .retire, .unhealthy, subject: "the runtime \(slot)",
        cause: "its tasks did not answer (\(EngineFailure(error).message))",
        remedy: "it is tried again; the names answer until then")
    }
  }

  /// The running tasks of this agent's services.
  func ownTasks() async throws(EngineFailure) -> [(slot: RuntimeSlot, task: ServiceTask)] {
    try await engine.runningTasks().compactMap { task in
      guard let labels = task.spec.containerSpec.labels,
        labels[ContainerLabel.owner] == configuration.docker.owner,
        let slot = DockerRuntime.slot(of: labels)
      else { return nil }
      return (slot, task)
    }
  }

  private func collect(
    _ tasks: [(slot: RuntimeSlot, task: ServiceTask)], of tenant: TenantCode,
    _ keep: ExecutionKeeper
  ) async {
    let line: ControlChannel
    do {
      line = try await self.line(of: tenant)
    } catch {
      logger.warning(
        "the tasks of a tenant cannot be reached, and their calls not be recorded yet",
        metadata: ["tenant_code": "\(tenant)", "error": "\(error)"])
      return
    }
    for (slot, task) in tasks {
      guard let channel = channel(to: task, slot, through: line) else { continue }
      var cursor = cursors[task.iD] ?? ExecutionCursor()
      await cursor.fetch(from: channel, slot, keep, logger)
      cursors[task.iD] = cursor
    }
  }
}
