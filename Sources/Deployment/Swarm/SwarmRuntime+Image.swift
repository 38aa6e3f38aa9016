import Foundation
import Logging
import UtilityModel

extension SwarmRuntime {
  /// The image of a release in the registry, by digest: made and pushed where the registry has it not.
  ///
  /// Throws `EngineFailure`, `SystemError`, `DeploymentError`.
  func publishImage(
    _ release: Release, _ slot: RuntimeSlot, base: String, retiring: [RetiringUtility],
    to registry: String
  ) async throws -> String {
    let image = ReleaseImage(
      release, retiring: retiring, base: base,
      repository: ImageReference.repository(of: slot.tenant, in: registry))
    let auth = try await credentials()
    do throws(EngineFailure) {
      if let digest = try await engine.digest(of: image.reference, auth: auth) {
        return image.reference.pinned(digest)
      }
    } catch {
      throw registryFailure(error, release)
    }
    let description = try await engine.describeImage(base)
    let folder = configuration.images
    let pool = pool
    // Its files go with it.
    let staging = try await pool.run { () throws(SystemError) in
      try Folder.make(folder)
      for name in try Folder.entries(of: folder) {
        try StagingFolder.removeIfStale(name, in: folder)
      }
      return try StagingFolder(in: folder)
    }
    let archive = try await pool.run { () throws in
      try image.archive(on: description, in: staging.path, pool: pool)
    }
    try await engine.load(archive)
    let digest: String
    do throws(EngineFailure) {
      digest = try await engine.push(image.reference, auth: auth)
    } catch {
      throw registryFailure(error, release)
    }
    logger.info(
      "a release's image is in the registry",
      metadata: [
        "tenant_code": "\(slot.tenant)", "release": "\(release.digest.hex.prefix(12))",
        "image": "\(image.reference.pinned(digest))", "bytes": "\(archive.size)",
      ])
    return image.reference.pinned(digest)
  }

  /// What the engine is told of the agent for the registry.
  func credentials() async throws(DeploymentError) -> String {
    guard let registry = configuration.registry else { return RegistryCredentials.none }
    let file = configuration.registryCredentials
    return try await pool.run { () throws(DeploymentError) in
      try RegistryCredentials.header(for: ImageReference.host(of: registry), from: file)
    }
  }

  private func registryFailure(_ error: EngineFailure, _ release: Release) -> any Error {
    guard case .refused = error.kind else { return error }
    return DeploymentError(
      .deploy, .engineRefused, subject: release.subject,
      cause: "the registry does not take its image: \(error.message)",
      remedy: "check runtime.registry and runtime.registry_credentials; it is tried again")
  }

  /// Removes this engine's images of the tenant's releases but those that its services name.
  ///
  /// One whose last task still ends goes after the next deployment.
  func pruneImages(of tenant: TenantCode) async {
    guard let registry = configuration.registry else { return }
    let repository = ImageReference.repository(of: tenant, in: registry)
    do {
      var kept: Set<String> = []
      for kind in [RuntimeSlot.Kind.active, .trial] {
        guard let service = try await service(of: RuntimeSlot(tenant: tenant, kind: kind)) else {
          continue
        }
        for labels in [service.spec, service.previousSpec].compactMap({ $0?.labels }) {
          if let release = labels[ContainerLabel.release] { kept.insert(release) }
        }
      }
      for image in try await engine.images(label: "\(ReleaseImage.label)=release") {
        let names = image.repoTags ?? []
        guard !names.isEmpty, names.allSatisfy({ $0.hasPrefix("\(repository):") }) else { continue }
        let releases = names.map {
          String($0.dropFirst(repository.count + 1).prefix { $0 != "-" })
        }
        if kept.isDisjoint(with: releases) { try await engine.removeImage(image.id) }
      }
    } catch {
      logger.warning(
        "old images cannot be removed yet",
        metadata: ["tenant_code": "\(tenant)", "error": "\(error)"])
    }
  }
}
