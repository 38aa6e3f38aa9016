import Logging
import UtilityModel

/// Whether servers live and serve what they promised. One that hangs still holds its slot's socket:
/// clients would wait for it for ever.
extension ProcessRuntime {
  /// The release that answers, hash by hash; nil when its server is gone. One that does not answer, or
  /// has loaded something else, is ended first, as by a crash.
  public func running(_ slot: RuntimeSlot) async -> Digest? {
    guard let current = slots[slot]?.current, current.isAlive else { return nil }
    return await check(current, of: slot, with: .health) ? current.release.digest : nil
  }

  /// Asks a serving server now and then whether it lives, until it ends or is told to.
  func watch(_ server: RuntimeServer, of slot: RuntimeSlot) {
    let interval = configuration.pingInterval
    Task { [weak self] in
      while server.isAlive, !server.isStopping {
        do { try await Task.sleep(for: interval) } catch { return }
        guard let self, !server.isStopping else { return }
        guard await self.check(server, of: slot, with: .ping) else { return }
      }
    }
  }

  /// False when the server has ended, if need be by this. A busy machine is given time: only the second
  /// answer that does not come counts. To a cancelled caller nothing is known against the server.
  private func check(
    _ server: RuntimeServer, of slot: RuntimeSlot, with question: ServerCommand
  ) async -> Bool {
    var cause = "it did not answer twice within \(configuration.answerLimit)"
    attempts: for _ in 0..<2 {
      switch await server.ask(question, within: configuration.answerLimit) {
      case .event(let answer):
        guard question == .health, !server.release.isLoaded(answer) else { return true }
        cause = "it has loaded something else than its release"
        break attempts
      case .exited: return false
      case .cancelled: return server.isAlive
      case .timedOut: continue
      }
    }
    guard server.isAlive else { return false }
    // One that drains ends within a bounded time, whatever it does.
    guard !server.isStopping else { return true }
    logger.error(
      "a runtime's server is ended",
      metadata: [
        "tenant_code": "\(slot.tenant)", "runtime": "\(slot)", "pid": "\(server.pid ?? 0)",
        "reason": "\(cause)",
      ])
    server.abort()
    // Not shortened by the caller's cancellation.
    _ = await Task { await server.wait(for: [], within: .seconds(10)) }.value
    return false
  }
}

extension Release {
  /// Whether what a server tells of itself is this release, hash by hash.
  func isLoaded(_ told: ServerEvent) -> Bool {
    told.release == digest.hex
      && manifest.hashes.allSatisfy { name, sha256 in told.utilities?[name] == sha256 }
  }
}
