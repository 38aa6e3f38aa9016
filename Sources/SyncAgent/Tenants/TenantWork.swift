import Foundation
import GitStore
import Glibc
import Reconciliation
import UtilityModel

/// What `tenant` commands have done, in the running agent or in the command's own process.
struct TenantWork: Sendable {
  let configuration: Configuration
  let state: StateFolder
  let reconciler: Reconciler
  let upstreams: UpstreamMirror

  private var root: String { configuration.text("repositories.root") }

  /// Adds a tenant with an empty repository, or takes a removed one back; with `upstream`, it follows
  /// that, and is fetched at once. Throws `AgentError`, `SyncError`, `GitError`, or `CatalogError`; an
  /// upstream that cannot be fetched yet is no error, but told.
  func add(
    _ tenant: TenantCode, upstream: Upstream? = nil, by decider: Decider
  ) async throws -> AddedTenant {
    let new = NewRepository(
      root: root, tenant: tenant, branch: configuration.text("repositories.branch"),
      owner: agentUser)
    let hook = upstream == nil ? try hookText() : nil
    let left = try await reconciler.add(tenant, by: decider) {
      try new.make { folder in
        if let hook { _ = try HookScript(repository: folder).install(hook) }
      }
    }
    var problem: String?
    if let upstream {
      try await upstreams.add(upstream, of: tenant)
      problem = await upstreams.fetch(tenant)[tenant]
      _ = try await reconciler.sync(tenant)
    }
    return AddedTenant(
      tenantcode: tenant.rawValue, repository: URL(fileURLWithPath: left ?? new.path).path,
      branch: new.branch, existed: left != nil, hook: left == nil && hook != nil,
      upstream: upstream?.url, problem: problem)
  }

  /// The user that the agent runs as: whose the state folder is. A repository of somebody else, but
  /// for root, is not read.
  private var agentUser: uid_t? {
    var status = stat()
    return stat(state.path, &status) == 0 ? status.st_uid : nil
  }

  /// The hook for a new repository, nil where none is wanted.
  private func hookText() throws(AgentError) -> String? {
    guard configuration.text("hook.install") == "on" else { return nil }
    let failure = HookScript.Failure(rawValue: configuration.text("hook.failure")) ?? .open
    return try HookScript.text(configuration, failure: failure)
  }
}
