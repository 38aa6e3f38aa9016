import Concurrency
import Foundation
import Logging
import UtilityModel

extension DockerRuntime {
  /// Starts a container for `release`, and when it is healthy lets it take over from the old one.
  ///
  /// Throws `unhealthy` with the server's last words, `corruptRelease` where the release's files
  /// are damaged on the disk, `imageMissing`, `engineUnreachable`, `engineRefused`, `cancelled` or
  /// `shutDown`. In each case the old container keeps serving.
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
    guard !isShutDown else { throw shutDown(release) }
    slots[slot]?.isWanted = true
    let deployed = Deployed(release: release.digest, port: service(of: slot).port)
    guard let image = try await imageIfAny() else { throw imageMissing(release) }
    let found = try await observe(slot)
    let pause = try await ensurePause(of: slot, found: found)
    let frame = frame(slot, image: image)
    let spec = try frame.digest()
    if let current = found.serving, current.isTrue, current.release == release.digest,
      current.spec == spec, current.pause == pause.run
    {
      for other in found.releases where other.id != current.id { await part(with: other, slot) }
      return deployed
    }
    let new = try await starts.withPermit {
      try await start(release, slot, frame: frame, spec: spec, pause: pause, retiring: retiring)
    }
    logger.info(
      "runtime serves a release",
      metadata: [
        "tenant_code": "\(slot.tenant)", "runtime": "\(slot)",
        "release": "\(release.digest.hex.prefix(12))", "container": "\(new.id.prefix(12))",
      ])
    slots[slot]?.seen.releases =
      found.releases.map { old in
        var old = old
        old.health = nil
        return old
      } + [new]
    if slots[slot]?.seen.pause?.id != pause.id {
      slots[slot]?.seen.pauses = [
        ContainerSummary(id: pause.id, state: "running", created: new.created, labels: [:])
      ]
    }
    // Not cut short by a caller that is cancelled: two servers would accept.
    await Task { for old in found.releases { await part(with: old, slot) } }.value
    return deployed
  }

  /// Starts a container, waits until it is healthy, and has it listen. On an error it is removed.
  private func start(
    _ release: Release, _ slot: RuntimeSlot, frame: ContainerSpec, spec: String,
    pause: ContainerDetails, retiring: [RetiringUtility]
  ) async throws -> ReleaseContainer {
    let name = ReleaseContainer.freshChannelName()
    let channel = ControlChannel(name, in: configuration.channels)
    opening.insert(name)
    defer { opening.remove(name) }
    try await pool.run { () throws(SystemError) in try channel.make() }
    var full = frame
    full.image = configuration.image
    full.hostConfig.networkMode = "container:\(pause.id)"
    full.hostConfig.mounts = [
      .init(source: release.directory, target: "/release"),
      .init(source: channel.folder, target: ControlChannel.mountPoint, readOnly: false),
    ]
    for (former, utilities) in Dictionary(grouping: retiring, by: \.release) {
      let target = "/retiring/\(former.digest.hex)"
      full.hostConfig.mounts.append(.init(source: former.directory, target: target))
      let names = utilities.map(\.name).sorted().joined(separator: ",")
      full.cmd += ["--retiring", "\(target):\(names)"]
    }
    let releases = [release] + retiring.map(\.release)
    let environments = releases.reduce(into: [:]) { found, release in
      found.merge(release.environments) { first, _ in first }
    }
    for (digest, folder) in environments.sorted(by: { $0.key < $1.key }) {
      let target = "/environments/\(digest)"
      full.hostConfig.mounts.append(.init(source: folder, target: target))
      full.cmd += ["--environment", target]
    }
    full.labels = labels(
      of: release, slot, spec: spec, pause: pause, channel: name, retiring: retiring)
    var id: String?
    do {
      let made = try await engine.create(
        full,
        name: "\(network(of: slot.tenant))-\(service(of: slot).service)-"
          + "\(release.digest.hex.prefix(12))-\(name.prefix(6))")
      id = made
      try await engine.start(made)
      try await waitUntilHealthy(made, channel, release)
      try await pool.run { () throws(SystemError) in try channel.seal() }
      let summary = ContainerSummary(
        id: made, state: "running", created: Int(Date().timeIntervalSince1970),
        labels: full.labels)
      guard var container = ReleaseContainer(summary, channels: configuration.channels) else {
        throw unhealthy(release, "its labels are not understood")
      }
      guard !isShutDown else { throw shutDown(release) }
      do throws(EngineFailure) {
        container.health = try await channel.send(.listen)
      } catch {
        guard error.kind != .cancelled else { throw error }
        throw unhealthy(release, "the server did not listen when it was told to (\(error.message))")
      }
      guard container.isServing else { throw unhealthy(release, "the server does not listen") }
      return container
    } catch {
      let reason = await explain(error, id: id, release)
      await Task { await discard(id, channel) }.value
      throw reason
    }
  }

  /// Waits for the server's own word that it has loaded what the release promises.
  private func waitUntilHealthy(
    _ id: String, _ channel: ControlChannel, _ release: Release
  ) async throws {
    let files = release.manifest.utilities.count + release.manifest.modules.count
    let limit = configuration.readyLimit + .milliseconds(10) * files
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    var nextLook = clock.now + .milliseconds(250)
    while true {
      if let health = try await healthIfUp(channel, release) {
        guard health.release == release.digest.hex else {
          throw unhealthy(release, "the server loaded another release")
        }
        for (name, sha256) in release.manifest.hashes where health.utilities[name] != sha256 {
          throw unhealthy(release, "the server loaded another \(name).py")
        }
        return
      }
      if clock.now > nextLook {
        let state = try await engine.container(id).state
        if state.status != "running" {
          throw unhealthy(release, "the server ended before it was ready (\(state.end))")
        }
        nextLook = clock.now + .milliseconds(250)
      }
      guard clock.now < deadline else {
        throw unhealthy(
          release, "the server was not ready within \(limit.components.seconds) s")
      }
      try await Task.sleep(for: .milliseconds(4))
    }
  }

  private func healthIfUp(
    _ channel: ControlChannel, _ release: Release
  ) async throws -> ControlChannel.Health? {
    do throws(EngineFailure) {
      return try await channel.health()
    } catch {
      switch error.kind {
      case .unreachable, .timedOut: return nil
      case .cancelled: throw error
      case .refused, .malformed:
        throw unhealthy(release, "the server's control channel is not understood: \(error.message)")
      }
    }
  }
}

extension DockerRuntime {
  /// What every release's container of a slot is made with; the rest differs from one to the next.
  func frame(_ slot: RuntimeSlot, image: String) -> ContainerSpec {
    let address = service(of: slot)
    let memory = Int64(configuration.memory) << 20
    return ContainerSpec(
      image: image,
      entrypoint: ["/usr/bin/python3", "-I", "-B", "/opt/python-utils/serve.py"],
      cmd: [
        "--release", "/release", "--tenant", slot.tenant.rawValue, "--host", "0.0.0.0", "--port",
        "\(address.port)", "--control-socket",
        "\(ControlChannel.mountPoint)/\(ControlChannel.socketName)", "--memory",
        "\(max(64, configuration.memory))",
      ] + configuration.journal.arguments,
      labels: [:],
      hostConfig: .init(
        networkMode: "", memory: memory, memorySwap: memory,
        nanoCpus: Int64(configuration.cpus * 1e9), pidsLimit: configuration.pids,
        tmpfs: [
          "/tmp": "rw,noexec,nosuid,nodev,size=64m,mode=1777",
          // Podman adds one that can be written to where the root is read-only.
          "/var/tmp": "ro,noexec,nosuid,nodev,size=4k,mode=0555",
        ]))
  }

  private func labels(
    of release: Release, _ slot: RuntimeSlot, spec: String, pause: ContainerDetails,
    channel: String, retiring: [RetiringUtility]
  ) -> [String: String] {
    var labels = labels(of: slot, role: "release")
    labels[ContainerLabel.release] = release.digest.hex
    labels[ContainerLabel.revision] = release.revision?.description
    labels[ContainerLabel.hashes] = ReleaseContainer.hashes(of: release.manifest.hashes)
    labels[ContainerLabel.spec] = spec
    labels[ContainerLabel.pause] = pause.run
    labels[ContainerLabel.channel] = channel
    let limits = release.manifest.utilities.values.map(\.timeout)
    labels[ContainerLabel.timeout] = "\(limits.max() ?? 0)"
    if !retiring.isEmpty {
      let former = Set(retiring.map(\.release.digest.hex)).sorted()
      labels[ContainerLabel.retiring] = former.joined(separator: ",")
    }
    return labels
  }

  private func imageMissing(_ release: Release) -> DeploymentError {
    DeploymentError(
      .deploy, .imageMissing, subject: release.subject,
      cause: "the engine has no image \(configuration.image)",
      remedy: Self.imageRemedy(configuration.image), disposition: .stalled)
  }

  private func shutDown(_ release: Release) -> DeploymentError {
    DeploymentError(
      .deploy, .shutDown, subject: release.subject, cause: "the runtime is shut down",
      remedy: "it is deployed when the agent starts")
  }

  private func unhealthy(
    _ release: Release, _ cause: String, log: [String] = []
  ) -> DeploymentError {
    DeploymentError(
      .deploy, .unhealthy, subject: release.subject, cause: cause,
      remedy: "the former release, if any, keeps serving; the agent's log has the server's output",
      log: log)
  }

  /// Adds the container's last words to an error that it caused, and tells a damaged release.
  private func explain(_ error: any Error, id: String?, _ release: Release) async -> any Error {
    guard let error = error as? DeploymentError, error.code == .unhealthy, let id else {
      return error
    }
    let lines: [String]
    do {
      lines = try await engine.lastLines(of: id, count: ServerLog.kept)
    } catch {
      lines = ["its log cannot be read: \(error)"]
    }
    let words = lines.suffix(3).map { ServerLog.message(of: $0) }
    let told = words.isEmpty ? "" : ", its last words: \(words.joined(separator: " | "))"
    return await release.diagnosis(
      of: unhealthy(release, error.cause + told, log: lines), on: pool)
  }
}
