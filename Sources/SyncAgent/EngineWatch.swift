import Deployment
import Logging
import Metrics
import Reconciliation
import ServiceLifecycle
import Synchronization
import Telemetry

/// Follows the container engine: what happens to the containers is reconciled, and whether the
/// engine answers stands in `/health` as `docker`.
struct EngineWatch: Service {
  let runtime: any EngineRuntime
  let reconciler: Reconciler
  let health: HealthRegistry
  let logger: Logger

  func run() async throws {
    let last = LastState()
    await cancelWhenGracefulShutdown {
      await runtime.watch { tenant in
        guard let tenant else { return reconciler.hint(nil) }
        Counter(label: "runtime_exits_total").increment()
        Task { await reconciler.runtimeEnded(tenant) }
      } state: { state in
        report(state, isNews: last.change(to: state))
      }
    }
  }

  private func report(_ state: EngineState, isNews: Bool) {
    switch state {
    case .up(let api):
      health.report(check: "docker", status: .healthy)
      if isNews { logger.info("the container engine answers", metadata: ["api": "\(api)"]) }
    case .down(let reason):
      health.report(
        check: "docker", status: .degraded,
        message: "the container engine does not answer; what runs keeps running")
      if isNews {
        logger.error("the container engine does not answer", metadata: ["reason": "\(reason)"])
      }
    }
  }
}

/// The engine's state as it was told last.
private final class LastState: Sendable {
  private let state = Mutex<EngineState?>(nil)

  /// Whether it differs from the last one.
  func change(to new: EngineState) -> Bool {
    state.withLock { state in
      defer { state = new }
      return state != new
    }
  }
}
