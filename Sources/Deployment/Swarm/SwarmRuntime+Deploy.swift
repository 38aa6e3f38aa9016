import Foundation
import Logging
import UtilityModel

extension SwarmRuntime {
  /// Makes or updates the slot's service, and comes back when the release serves in all of its tasks.
  ///
  /// Throws `unhealthy` where Swarm went back to the former release, or the update took too long and
  /// was taken back; `imageMissing`, `engineUnreachable`, `engineRefused`, `cancelled` or `shutDown`.
  /// In each case the former tasks keep serving.
  public func deploy(
    _ release: Release, slot: RuntimeSlot, retiring: [RetiringUtility]
  ) async throws(DeploymentError) -> Deployed {
    do {
      return try await turn(of: slot).withPermit {
        try await rollOut(release, slot: slot, retiring: retiring)
      }
    } catch {
      throw EngineFailure.deploymentError(error, .deploy, subject: release.subject)
    }
  }

  private func rollOut(
    _ release: Release, slot: RuntimeSlot, retiring: [RetiringUtility]
  ) async throws -> Deployed {
    guard !isShutDown else {
      throw DeploymentError(
        .deploy, .shutDown, subject: release.subject, cause: "the runtime is shut down",
        remedy: "it is deployed when the agent starts")
    }
    let deployed = Deployed(release: release.digest, port: address(ofSlot: slot).port)
    if configuration.registry == nil {
      guard try await engine.nodeCount() == 1 else { throw manyMachines(release) }
    }
    guard let image = try await imageIfAny() else {
      throw DeploymentError(
        .deploy, .imageMissing, subject: release.subject,
        cause: "the engine has no image \(configuration.docker.image)",
        remedy: DockerRuntime.imageRemedy(configuration.docker.image), disposition: .stalled)
    }
    var former = try await service(of: slot)
    if let service = former {
      // What an agent began that was killed, or Swarm by itself, ends first.
      if service.isChanging {
        do {
          _ = try await waitForUpdate(of: service.iD, release, until: limit(release))
        } catch let error as UpdateTooSlow {
          await Task { await self.takeBack(service.iD, frame(slot, image: image, network: "")) }
            .value
          throw await unhealthy(release, service.iD, error.cause)
        }
        former = try await self.service(of: slot)
      }
    }
    if let former, await isServing(release, slot, image: image, former) { return deployed }
    let network = try await engine.ensureOverlay(
      network(of: slot.tenant),
      labels: [
        ContainerLabel.owner: configuration.docker.owner,
        ContainerLabel.tenant: slot.tenant.rawValue,
      ])
    var pushed: String?
    if let registry = configuration.registry {
      pushed = try await publishImage(
        release, slot, base: image, retiring: retiring, to: registry)
    }
    var spec = frame(slot, image: image, network: network)
    fill(&spec, with: release, slot, image: image, pushed: pushed, retiring: retiring)
    if let former {
      try await update(former, to: spec, release, slot)
    } else {
      try await make(spec, release, slot)
    }
    await pruneImages(of: slot.tenant)
    return deployed
  }

  private func manyMachines(_ release: Release) -> DeploymentError {
    DeploymentError(
      .deploy, .engineRefused, subject: release.subject,
      cause: "the swarm has several machines, and releases are folders of this one",
      remedy: "set runtime.registry, to which images of releases are pushed",
      disposition: .stalled)
  }

  private func update(
    _ former: ServiceDetails, to spec: ServiceSpec, _ release: Release, _ slot: RuntimeSlot
  ) async throws {
    slots[slot]?.releases.insert(release.digest)
    let live = try await engine.liveSpec(former.iD)
    let made = slots[slot]?.made
    let began = former.updateStatus?.startedAt
    if live.spec != spec || made.map({ $0.whole != live.whole }) ?? false {
      try await engine.updateService(
        former.iD, version: former.version.index, to: spec, auth: try await credentials())
    }
    slots[slot]?.made = nil
    let hasTemplate = made.map { $0.template == live.template } ?? true
    if live.spec?.taskTemplate == spec.taskTemplate, hasTemplate {
      // The tasks are what they should be, and Swarm tells of no update: it makes the missing ones.
      try await waitUntilHealthy(former.iD, release, until: limit(release), isNew: false)
      return tell(release, slot, former.iD)
    }
    try await watchUpdate(of: former.iD, spec, release, slot, since: began)
  }

  /// Whether a service is what it should be and healthy: an update would replace its tasks for nothing.
  private func isServing(
    _ release: Release, _ slot: RuntimeSlot, image: String, _ service: ServiceDetails
  ) async -> Bool {
    guard service.release == release.digest,
      service.spec.labels?[ContainerLabel.spec] == frameDigest(slot, image: image)
    else { return false }
    return await running(slot) == release.digest
  }

  private func make(_ spec: ServiceSpec, _ release: Release, _ slot: RuntimeSlot) async throws {
    slots[slot]?.releases.insert(release.digest)
    let id = try await engine.createService(spec, auth: try await credentials())
    do {
      try await waitUntilHealthy(id, release, until: limit(release), isNew: true)
    } catch {
      // There is nothing to go back to.
      await Task { await self.discard(id) }.value
      throw error
    }
    tell(release, slot, id)
  }

  private func discard(_ id: String) async {
    do { try await engine.removeService(id) } catch {
      logger.warning("a failed service cannot be removed", metadata: ["error": "\(error.message)"])
    }
  }

  /// Waits for the end of an update: done, rolled back, or too slow, which is rolled back then.
  private func watchUpdate(
    of id: String, _ spec: ServiceSpec, _ release: Release, _ slot: RuntimeSlot, since: String?
  ) async throws {
    let end = limit(release)
    do {
      let service = try await waitForUpdate(of: id, release, until: end, after: since)
      remember(service, slot)
      guard [nil, "completed"].contains(service.updateStatus?.state),
        service.spec.labels?[ContainerLabel.release] == release.digest.hex
      else {
        throw await unhealthy(
          release, id,
          "Swarm went back to the former release (\(service.updateStatus?.message ?? "no reason given"))"
        )
      }
      tell(release, slot, id)
    } catch let error as UpdateTooSlow {
      await Task { await self.takeBack(id, spec) }.value
      throw await unhealthy(release, id, error.cause)
    }
  }

  private struct UpdateTooSlow: Error { var cause: String }

  private func takeBack(_ id: String, _ spec: ServiceSpec) async {
    do {
      guard let service = try await engine.serviceIfAny(id) else { return }
      try await engine.rollBackService(id, version: service.version.index, spec: spec)
    } catch {
      logger.error("an update cannot be taken back", metadata: ["error": "\(error)"])
    }
  }

  private func limit(_ release: Release) -> ContinuousClock.Instant {
    let files = release.manifest.utilities.count + release.manifest.modules.count
    return .now + configuration.updateLimit + .milliseconds(10) * files
      + .seconds(10) * (configuration.replicas - 1)
  }

  /// The service once no update is under way that began otherwise than at `since`.
  ///
  /// Swarm begins none where the tasks are what the new spec asks for: when it has said nothing for a
  /// while, they are looked at.
  private func waitForUpdate(
    of id: String, _ release: Release, until end: ContinuousClock.Instant,
    after since: String? = nil
  ) async throws -> ServiceDetails {
    let unbegun = ContinuousClock.now + .seconds(5)
    while true {
      guard let service = try await engine.serviceIfAny(id) else {
        throw await unhealthy(release, nil, "somebody removed the service")
      }
      if let update = service.updateStatus {
        if !service.isChanging, update.startedAt != since { return service }
      } else if ContinuousClock.now > unbegun,
        try await healthyTasks(of: id, release) >= configuration.replicas
      {
        return service
      }
      guard ContinuousClock.now < end else {
        throw UpdateTooSlow(cause: "the update took too long and is taken back")
      }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  private func healthyTasks(
    of id: String, _ release: Release
  ) async throws(EngineFailure) -> Int {
    try await engine.tasks(of: id).count {
      $0.status.state == "running" && $0.desiredState == "running"
        && $0.release == release.digest.hex
    }
  }

  /// Waits until all tasks are healthy. Those of a new service may fail thrice.
  private func waitUntilHealthy(
    _ id: String, _ release: Release, until end: ContinuousClock.Instant, isNew: Bool
  ) async throws {
    while true {
      let tasks = try await engine.tasks(of: id).filter { $0.release == release.digest.hex }
      let running = tasks.count { $0.status.state == "running" && $0.desiredState == "running" }
      if running >= configuration.replicas { return }
      let failed = tasks.count { ["failed", "rejected"].contains($0.status.state) }
      guard !isNew || failed < 3 else {
        throw await unhealthy(release, id, "its tasks end before they are healthy")
      }
      guard ContinuousClock.now < end else {
        throw await unhealthy(
          release, id,
          "\(running) of \(configuration.replicas) tasks were healthy in time")
      }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  private func tell(_ release: Release, _ slot: RuntimeSlot, _ id: String) {
    logger.info(
      "runtime serves a release",
      metadata: [
        "tenant_code": "\(slot.tenant)", "runtime": "\(slot)",
        "release": "\(release.digest.hex.prefix(12))", "service": "\(id)",
      ])
  }

  /// An error with the last words of the task that failed.
  private func unhealthy(_ release: Release, _ id: String?, _ cause: String) async
    -> DeploymentError
  {
    var lines: [String] = []
    var ends = ""
    do {
      var tasks: [ServiceTask] = []
      if let id { tasks = try await engine.tasks(of: id) }
      if let task = tasks.first(where: {
        $0.release == release.digest.hex
          && ["failed", "rejected", "shutdown"].contains($0.status.state)
      }) {
        ends = task.status.err.map { ", its task: \($0)" } ?? ""
        lines = try await engine.lastLines(ofTask: task.iD, count: ServerLog.kept)
      }
    } catch {
      lines.append("its log cannot be read: \(error)")
    }
    let words = lines.suffix(3).map { ServerLog.message(of: $0) }
    let told = words.isEmpty ? "" : ", its last words: \(words.joined(separator: " | "))"
    return DeploymentError(
      .deploy, .unhealthy, subject: release.subject, cause: cause + ends + told,
      remedy: "the former release, if any, keeps serving; the agent's log has the server's output",
      log: lines)
  }
}
