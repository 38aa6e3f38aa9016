import Concurrency
import Glibc
import Logging
import UtilityModel

extension ProcessRuntime {
  /// Starts a server for `release`, and when it is healthy lets it take over from the old one.
  ///
  /// Throws `unhealthy` with the server's own reason, `corruptRelease` where the release's files
  /// are damaged on the disk, `portInUse`, `spawnFailed`, `cancelled`, `shutDown`, or what
  /// `address(of:)` throws. In each case the old server keeps serving.
  public func deploy(
    _ release: Release, slot: RuntimeSlot, retiring: [RetiringUtility]
  ) async throws(DeploymentError) -> Deployed {
    try await turn(of: slot).withPermit { () async throws(DeploymentError) in
      let port = try await address(of: slot).port
      let result = Deployed(release: release.digest, port: port)
      if let current = slots[slot]?.current, current.isAlive,
        current.release.digest == release.digest
      {
        return result
      }
      let listener = try await listener(of: slot, port: port, for: release)
      do throws(DeploymentError) {
        let server = try await starts.withPermit { () async throws(DeploymentError) in
          try await start(release, slot: slot, retiring: retiring, listener: listener)
        }
        try await takeOver(server, slot: slot)
      } catch {
        // Without a server nobody would ever accept: clients are to be refused, not to hang.
        if slots[slot]?.current == nil { slots[slot]?.listener = nil }
        throw error
      }
      return result
    }
  }

  /// Starts a server and waits until it has loaded what the release promises.
  private func start(
    _ release: Release, slot: RuntimeSlot, retiring: [RetiringUtility], listener: Listener
  ) async throws(DeploymentError) -> RuntimeServer {
    guard !isShutDown else { throw shutDown(release) }
    let server = try await spawn(release, slot: slot, retiring: retiring, listener: listener)
    slots[slot]?.servers.append(server)
    guard !isShutDown else {
      server.kill()
      throw shutDown(release)
    }
    let files = release.manifest.utilities.count + release.manifest.modules.count
    let limit = configuration.readyLimit + .milliseconds(10) * files
    do throws(DeploymentError) {
      let ready = try await expect(.ready, of: server, within: limit)
      guard ready.release == release.digest.hex else {
        throw failure(.deploy, of: server, cause: "the server loaded another release")
      }
      let loaded = ready.utilities ?? [:]
      for (name, sha256) in release.manifest.hashes where loaded[name] != sha256 {
        throw failure(.deploy, of: server, cause: "the server loaded another \(name).py")
      }
      return server
    } catch {
      server.kill()
      throw await release.diagnosis(of: error, on: pool)
    }
  }

  /// Lets a healthy server accept, then stops the old one from accepting.
  private func takeOver(_ server: RuntimeServer, slot: RuntimeSlot) async throws(DeploymentError) {
    do throws(DeploymentError) {
      do throws(SystemError) {
        try server.send(.listen)
      } catch {
        throw failure(.deploy, of: server, cause: error.cause)
      }
      _ = try await expect(.listening, of: server, within: .seconds(10))
      guard !isShutDown else { throw shutDown(server.release) }
      guard server.isAlive else {
        throw failure(.deploy, of: server, cause: "the server ended as soon as it listened")
      }
    } catch {
      server.kill()
      throw error
    }
    let old = slots[slot]?.current
    slots[slot]?.current = server
    logger.info(
      "runtime serves a release",
      metadata: ["runtime": "\(slot)", "release": "\(server.release.digest.hex.prefix(12))"])
    watch(server, of: slot)
    if let old { await drain(old) }
  }

  /// Waits until a server accepts no more; it ends in the background, by itself or by force.
  func drain(_ server: RuntimeServer) async {
    let longest = server.release.manifest.utilities.values.map(\.timeout).max() ?? 0
    let limit = configuration.drainGrace + .seconds(longest)
    var accepts = true
    if (try? server.send(.drain)) != nil {
      // A caller that is cancelled now must not cut this short: both servers would accept.
      let outcome = await Task { await server.wait(for: [.draining], within: .seconds(5)) }.value
      switch outcome {
      case .event, .exited: accepts = false
      case .timedOut, .cancelled: break
      }
    }
    if accepts {
      logger.warning("a server did not stop accepting and is ended")
      server.kill()
    }
    Task { await server.finish(within: limit) }
  }

  private func spawn(
    _ release: Release, slot: RuntimeSlot, retiring: [RetiringUtility], listener: Listener
  ) async throws(DeploymentError) -> RuntimeServer {
    var arguments =
      [
        configuration.python, "-I", "-B", configuration.source.program,
        "--release", release.directory, "--tenant", slot.tenant.rawValue,
        // Beside this server are other tenants' files and the catalog.
        "--confine", "--listen-fd", "3", "--memory", "\(configuration.memory)",
      ] + configuration.journal.arguments
    for (directory, utilities) in Dictionary(grouping: retiring, by: \.release.directory) {
      let names = utilities.map(\.name).sorted().joined(separator: ",")
      arguments += ["--retiring", "\(directory):\(names)"]
    }
    let environments = ([release] + retiring.map(\.release)).flatMap { $0.environments.values }
    for folder in Set(environments).sorted() { arguments += ["--environment", folder] }
    // Nothing of the agent's own environment: it may hold the catalog's password.
    let command = ChildProcess.Command(
      arguments: arguments, environment: ["PATH=/usr/bin:/bin", "LANG=C.UTF-8", "TZ=UTC"],
      inherited: listener.descriptor)
    var logger = logger
    logger[metadataKey: "tenant_code"] = "\(slot.tenant)"
    logger[metadataKey: "runtime"] = "\(slot)"
    let finalLogger = logger
    let executions = executions
    do throws(SystemError) {
      let supervisor = try watcher()
      return try await pool.run { () throws(SystemError) in
        try RuntimeServer(
          command, release: release, retiring: retiring, supervisor: supervisor,
          logger: finalLogger, onExecutions: { executions.add($0, of: slot) },
          onExit: { [weak self] server, how in
            Task { await self?.ended(server, slot: slot, how: how) }
          })
      }
    } catch {
      throw DeploymentError(
        .deploy, .spawnFailed, subject: release.subject, cause: error.cause,
        remedy: "check that \(configuration.python) runs and that processes may be started")
    }
  }

  private func watcher() throws(SystemError) -> ChildSupervisor {
    if let supervisor { return supervisor }
    let new = try ChildSupervisor()
    supervisor = new
    return new
  }

  private func ended(_ server: RuntimeServer, slot: RuntimeSlot, how: String) {
    slots[slot]?.servers.removeAll { $0 === server }
    guard slots[slot]?.current === server else { return }
    slots[slot]?.current = nil
    if !server.isStopping, !isShutDown { exitHandler?(slot, how) }
  }
}

extension ProcessRuntime {
  /// The slot's lock; from now on the slot is known.
  func turn(of slot: RuntimeSlot) -> Permits {
    let known = slots[slot] ?? Slot()
    slots[slot] = known
    return known.turn
  }

  private func listener(
    of slot: RuntimeSlot, port: Int, for release: Release
  ) async throws(DeploymentError) -> Listener {
    if let listener = slots[slot]?.listener { return listener }
    let result: Result<Listener, SystemError> = await pool.run {
      do throws(SystemError) { return .success(try Listener(port: port)) } catch {
        return .failure(error)
      }
    }
    switch result {
    case .success(let listener):
      slots[slot]?.listener = listener
      return listener
    case .failure(let error):
      guard error.errno == EADDRINUSE else {
        throw error.deploymentError(.deploy, subject: release.subject)
      }
      throw PortRegistry.inUse(port, slot: slot, key: "runtime.port")
    }
  }

  private func expect(
    _ kind: ServerEvent.Kind, of server: RuntimeServer, within limit: Duration
  ) async throws(DeploymentError) -> ServerEvent {
    switch await server.wait(for: [kind, .failed], within: limit) {
    case .event(let event) where event.event == kind: return event
    case .event(let event):
      throw failure(.deploy, of: server, cause: event.reason ?? "the server gave no reason")
    case .exited(let how):
      let last = server.log.lastMessage.map { ", its last words: \($0)" } ?? ""
      throw failure(
        .deploy, of: server,
        cause: "the server ended before it was \(kind.rawValue) (\(how))\(last)")
    case .timedOut:
      throw failure(
        .deploy, of: server,
        cause: "the server was not \(kind.rawValue) within \(limit.components.seconds) s")
    case .cancelled:
      throw DeploymentError(
        .deploy, .cancelled, subject: server.release.subject, cause: "the deployment was cancelled",
        remedy: "it is tried again when the agent runs")
    }
  }

  func failure(
    _ operation: DeploymentError.Operation, of server: RuntimeServer, cause: String
  ) -> DeploymentError {
    DeploymentError(
      operation, .unhealthy, subject: server.release.subject, cause: cause,
      remedy: "the former release, if any, keeps serving; the agent's log has the server's output",
      log: server.log.tail)
  }

  private func shutDown(_ release: Release) -> DeploymentError {
    DeploymentError(
      .deploy, .shutDown, subject: release.subject, cause: "the runtime is shut down",
      remedy: "it is deployed when the agent starts")
  }
}
