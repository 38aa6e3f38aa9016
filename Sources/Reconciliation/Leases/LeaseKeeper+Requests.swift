import Catalog
import Concurrency
import UtilityModel

extension LeaseKeeper {
  /// How long an answer of another agent is waited for.
  private static let patience = Duration.seconds(60)

  /// Does what other agents hand over by `handler` from now on.
  public func answer(by handler: @escaping @Sendable (String) async -> String) {
    answering = handler
  }

  /// Hands a command to the agent that has the tenant and gives its answer; nil where it is this
  /// agent's, or nobody's, to do.
  ///
  /// Throws `CatalogError`, or `SyncError` where the other agent does not answer in time.
  public func relay(_ text: String, of tenant: TenantCode) async throws -> String? {
    guard held[tenant] == nil, let holder = holders[tenant], holder.id != leases.me.id else {
      return nil
    }
    let requests = MongoRequests(leases)
    let id = try await requests.send(
      text, of: tenant, to: holder.id, now: WallClock.milliseconds())
    let deadline = ContinuousClock.now + Self.patience
    do {
      while true {
        if let answer = try await requests.answer(to: id) {
          try await requests.forget(id, now: WallClock.milliseconds())
          return answer
        }
        guard ContinuousClock.now < deadline else {
          throw SyncError(
            description: "the agent \(holder.name), which has tenant \(tenant), did not answer in "
              + "\(Self.patience.components.seconds) s: see in `sync-agent status` whether it did")
        }
        try await Task.sleep(for: .milliseconds(50))
      }
    } catch {
      try await requests.forget(id, now: WallClock.milliseconds())
      throw error
    }
  }

  /// Begins what others have handed over for tenants that this agent has.
  func answerRequests(_ view: LeaseView) async throws {
    guard let answering else { return }
    let counts = held.keys.compactMap { tenant in
      view.leases[tenant].map { (tenant, $0.requests) }
    }
    guard counts.contains(where: { $1 > asked[$0] ?? 0 }) else { return }
    let requests = MongoRequests(leases)
    for request in try await requests.take() {
      Task {
        let answer = await answering(request.text)
        do {
          try await requests.answer(request, answer)
        } catch {
          context.logger.warning(
            "another agent's command was done and cannot be answered",
            metadata: ["error": "\(error)"])
        }
      }
    }
    for (tenant, count) in counts { asked[tenant] = count }
  }
}
