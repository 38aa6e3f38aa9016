import Logging
import UtilityModel

extension ProcessRuntime {
  /// Hands the calls that servers told of to `keep`. Servers tell each second, and before they end.
  public func collectExecutions(_ keep: @escaping ExecutionKeeper) async {
    await executions.empty(into: keep, logger: logger)
  }

  /// Ends a user's running calls in all of the tenant's servers, draining ones too; how many.
  ///
  /// Throws `unhealthy` where a server does not answer.
  public func cancel(
    user: Int64, of tenant: TenantCode
  ) async throws(DeploymentError) -> Int {
    var count = 0
    for (slot, known) in slots where slot.tenant == tenant {
      for server in known.servers where server.isAlive {
        do throws(SystemError) {
          try server.cancel(user: user)
        } catch {
          throw failure(.cancel, of: server, cause: error.cause)
        }
        switch await server.wait(for: [.cancelled], within: .seconds(10)) {
        case .event(let event): count += event.count ?? 0
        case .exited: continue
        case .timedOut, .cancelled:
          throw failure(.cancel, of: server, cause: "the server did not answer within 10 s")
        }
      }
    }
    return count
  }
}
