import UtilityModel

/// `runtime.driver: none`: the catalog is kept, and nothing is run.
public struct NoRuntime: Runtime {
  private let active: RuntimeAddress
  private let trial: RuntimeAddress

  /// The addresses that entries of the approved and of the trial branch name, for all tenants.
  public init(active: RuntimeAddress, trial: RuntimeAddress) {
    self.active = active
    self.trial = trial
  }

  /// False: there is nothing to deploy again.
  public var isEphemeral: Bool { false }

  /// Succeeds at once.
  public func deploy(
    _ release: Release, slot: RuntimeSlot, retiring: [RetiringUtility]
  ) async throws(DeploymentError) -> Deployed {
    Deployed(release: release.digest, port: address(for: slot).port)
  }

  /// Does nothing.
  public func retire(_ slot: RuntimeSlot) async throws(DeploymentError) {}

  /// Does nothing.
  public func remove(_ slot: RuntimeSlot) async {}

  /// Always nil.
  public func running(_ slot: RuntimeSlot) async -> Digest? { nil }

  /// Always empty.
  public func releasesInUse(by tenant: TenantCode) async -> Set<Digest> { [] }

  /// The fixed address of the slot's kind.
  public func address(of slot: RuntimeSlot) async throws(DeploymentError) -> RuntimeAddress {
    address(for: slot)
  }

  /// Does nothing.
  public func shutdown() async {}

  private func address(for slot: RuntimeSlot) -> RuntimeAddress {
    slot.kind == .active ? active : trial
  }
}
