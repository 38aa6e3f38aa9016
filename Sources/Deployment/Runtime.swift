import UtilityModel

/// One runtime: what serves one branch of one tenant.
public struct RuntimeSlot: Hashable, Sendable, CustomStringConvertible {
  /// Which branch a runtime serves.
  public enum Kind: String, Sendable, Codable {
    /// The approved branch.
    case active
    /// The trial branch.
    case trial
  }
  /// The tenant.
  public let tenant: TenantCode
  /// Which branch it serves.
  public let kind: Kind

  /// A tenant's runtime.
  public init(tenant: TenantCode, kind: Kind) {
    self.tenant = tenant
    self.kind = kind
  }

  /// "demo/active": the slot's name in the port registry and in logs.
  public var description: String { "\(tenant)/\(kind.rawValue)" }
}

/// A utility that a new release no longer has, while the catalog still points to it.
public struct RetiringUtility: Hashable, Sendable {
  /// Its name.
  public var name: String
  /// The release that has it.
  public var release: Release

  /// A utility by its name and the release that has it.
  public init(name: String, release: Release) {
    self.name = name
    self.release = release
  }
}

/// What a runtime serves once a deployment is done.
public struct Deployed: Hashable, Sendable {
  /// The release that answers.
  public let release: Digest
  /// The port where it answers.
  public let port: Int

  /// A release at a port.
  public init(release: Digest, port: Int) {
    self.release = release
    self.port = port
  }
}

/// Where a runtime answers, for `rest_url`.
public struct RuntimeAddress: Hashable, Sendable {
  /// The service's name (`runtime.service`, `runtime.trial_service`).
  public let service: String
  /// The port.
  public let port: Int

  /// A service at a port.
  public init(service: String, port: Int) {
    self.service = service
    self.port = port
  }
}

/// What serves releases. Deployments of different slots run concurrently; those of one slot wait
/// for each other.
public protocol Runtime: Sendable {
  /// Whether what it runs ends with the agent, so that a starting agent has to deploy everything.
  var isEphemeral: Bool { get }

  /// Makes `release` the one that serves `slot`, without a failed request.
  ///
  /// `retiring` keep answering, from their own releases, until `retire`. Comes back when the new
  /// release is healthy and serving, and the old one accepts no more. On an error the old one
  /// keeps serving. A release that runs already is left alone.
  func deploy(
    _ release: Release, slot: RuntimeSlot, retiring: [RetiringUtility]
  ) async throws(DeploymentError) -> Deployed

  /// Drops the retiring names of a slot, to which the catalog no longer points.
  func retire(_ slot: RuntimeSlot) async throws(DeploymentError)

  /// Stops a slot's runtime for good, letting open calls end; its port stays reserved.
  func remove(_ slot: RuntimeSlot) async

  /// Ends both runtimes of a tenant that is gone, and gives back what was kept for it.
  func forget(_ tenant: TenantCode) async throws(DeploymentError)

  /// The release that answers now, or nil where none does.
  func running(_ slot: RuntimeSlot) async -> Digest?

  /// The releases of a tenant whose files some server still needs: not to be pruned.
  func releasesInUse(by tenant: TenantCode) async -> Set<Digest>

  /// Where the slot answers: decided before its first deployment, the same after every restart.
  func address(of slot: RuntimeSlot) async throws(DeploymentError) -> RuntimeAddress

  /// Hands the calls that have ended since to `keep`, per slot; what it took is forgotten. Calls may
  /// come twice, with the same `id`, after an agent was killed. Never throws: what fails is tried
  /// again with the next collection, and the log tells of it.
  func collectExecutions(_ keep: @escaping ExecutionKeeper) async

  /// Ends a user's running calls in the tenant's runtimes; how many there were.
  func cancel(user: Int64, of tenant: TenantCode) async throws(DeploymentError) -> Int

  /// Ends everything that ends with the agent, letting open calls end within a bounded time.
  func shutdown() async
}

extension Runtime {
  /// Removes both slots: where nothing else is kept for a tenant.
  public func forget(_ tenant: TenantCode) async throws(DeploymentError) {
    for kind in [RuntimeSlot.Kind.active, .trial] {
      await remove(RuntimeSlot(tenant: tenant, kind: kind))
    }
  }
}
