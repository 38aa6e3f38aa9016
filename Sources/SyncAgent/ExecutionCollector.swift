import Catalog
import Deployment
import Logging
import Metrics
import Reconciliation
import ServiceLifecycle
import UtilityModel

/// Takes the calls that the runtimes tell of into the catalog, each once, and counts them.
struct ExecutionCollector: Service {
  let runtime: any Runtime
  let snapshots: SnapshotStore
  let store: any ExecutionStore
  /// `executions.keep`.
  let limit: Int

  /// Collects each second until the agent ends.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        await collect()
        do { try await Task.sleep(for: .seconds(1)) } catch { return }
      }
    }
  }

  /// Collects what there is now.
  func collect() async { await runtime.collectExecutions { try await keep($0, $1) } }

  private func keep(_ slot: RuntimeSlot, _ calls: [ExecutedCall]) async throws {
    let snapshot = snapshots.snapshot(of: slot.tenant)
    let records = calls.map { call in
      // Both runtimes may serve a name; a draft has its active entry's number.
      let number = snapshot?.items(named: call.name).first?.id ?? 0
      return ExecutionRecord(
        id: call.id, taskid: Int64(number), userid: call.userid,
        tenantcode: slot.tenant.rawValue, createddate: call.createddate, request: call.request,
        response: call.response, status: call.status, executionTime: call.executionTime,
        errorMessage: call.errorMessage, logs: call.logs, username: call.username, name: call.name)
    }
    let added = try await store.appendExecutions(records, of: slot.tenant, keeping: limit)
    for record in added {
      Counter(
        label: "utility_executions_total",
        dimensions: [
          ("tenant", record.tenantcode), ("utility", record.name), ("status", record.status),
        ]
      ).increment()
    }
  }
}

extension Agent {
  /// What takes calls into the catalog; nil where none are recorded.
  var executionCollector: ExecutionCollector? {
    let limit = configuration.integer("executions.keep")
    guard limit > 0, context.releases != nil, let executions = context.store as? any ExecutionStore
    else { return nil }
    return ExecutionCollector(
      runtime: context.runtime, snapshots: context.snapshots, store: executions, limit: limit)
  }
}
