import Deployment
import UtilityModel

/// The process driver as a command sees it that only looks: recorded ports, nothing run.
struct RecordedRuntime: Runtime {
  let registry: PortRegistry
  let ports: PortRegistry.Ports
  let service: String
  let trialService: String

  var isEphemeral: Bool { true }

  func deploy(
    _ release: Release, slot: RuntimeSlot, retiring: [RetiringUtility]
  ) async throws(DeploymentError) -> Deployed {
    Deployed(release: release.digest, port: try await address(of: slot).port)
  }

  func retire(_ slot: RuntimeSlot) async throws(DeploymentError) {}
  func remove(_ slot: RuntimeSlot) async {}
  func running(_ slot: RuntimeSlot) async -> Digest? { nil }
  func releasesInUse(by tenant: TenantCode) async -> Set<Digest> { [] }

  func address(of slot: RuntimeSlot) async throws(DeploymentError) -> RuntimeAddress {
    let recorded = try registry.port(of: slot)
    return RuntimeAddress(
      service: slot.kind == .active ? service : trialService,
      port: recorded ?? (slot.kind == .active ? ports.active : ports.trial))
  }

  func shutdown() async {}
}
