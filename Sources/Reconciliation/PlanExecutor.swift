import Catalog
import Deployment
import GitStore
import Logging
import UtilityModel
import Validation

/// Carries a plan out: the only writer. Each step may be repeated.
///
/// Order: the new release is healthy before the catalog points to it; the catalog stops pointing
/// before anything is removed. Source: contract, section 8.
struct PlanExecutor: Sendable {
  let tenant: TenantCode
  let context: ReconcileContext
  let logger: Logger

  /// Publishes and serves a release; gives its digest, "" where there is nothing to serve.
  func rollOut(
    _ contents: ReleaseContents?, _ kind: RuntimeSlot.Kind, _ repository: OpenRepository,
    for revision: Revision
  ) async throws -> String {
    guard let releases = context.releases, let contents else { return "" }
    let slot = RuntimeSlot(tenant: tenant, kind: kind)
    let digest = contents.digest
    let running = await context.runtime.running(slot)
    if running == digest { return digest.hex }
    let fallback = try await missingContents(contents, repository)
    var release = try await context.pool.run {
      try releases.publish(contents) { id in
        try Self.bytes(of: id, from: repository, else: fallback)
      }
    }
    release.revision = revision
    release.environments = try await Self.environments(of: release, in: context)
    FaultPoint.reached("release.published")
    let retiring = try await retiring(from: running, slot: slot, new: release, releases)
    var rollout = Rollout(
      tenantcode: tenant.rawValue, runtime: "\(kind)", release: digest.hex, state: .started)
    context.onRollout(rollout)
    do {
      _ = try await context.runtime.deploy(release, slot: slot, retiring: retiring)
      rollout.state = .live
      context.onRollout(rollout)
    } catch {
      rollout.state = .failed
      rollout.reason = "\(error)"
      context.onRollout(rollout)
      if error.code == .corruptRelease {
        // Damaged on the disk since it was published: the next try publishes it anew from git.
        let tenant = tenant
        try await context.pool.run { try releases.discard(digest, of: tenant) }
      }
      throw error
    }
    return digest.hex
  }

  /// The folders of the packages that a release needs. Throws `DeploymentError`.
  static func environments(
    of release: Release, in context: ReconcileContext
  ) async throws -> [String: String] {
    let needed = release.manifest.environments
    guard let environments = context.environments, !needed.isEmpty else { return [:] }
    return try await environments.folders(
      of: needed, for: "release \(release.digest.hex.prefix(12)) for tenant \(release.tenant)")
  }

  /// What the old release serves and the new one does not.
  private func retiring(
    from running: Digest?, slot: RuntimeSlot, new: Release, _ releases: ReleaseStore
  ) async throws -> [RetiringUtility] {
    guard let running else { return [] }
    let tenant = tenant
    let old = try await context.pool.run { try releases.release(running, of: tenant) }
    guard var old else { return [] }
    var names: [String] = []
    for (name, utility) in old.manifest.utilities.sorted(by: { $0.key < $1.key })
    where new.manifest.utilities[name] == nil {
      if !utility.env.isEmpty {
        do throws(DeploymentError) {
          let found = try await context.environments?.folders(
            of: [utility.env], for: "utility \(name) of tenant \(tenant)")
          old.environments.merge(found ?? [:]) { $1 }
        } catch {
          // It goes anyway: packages that are lost must not hold the new release up.
          logger.warning(
            "a utility that goes does not answer until the catalog is written",
            metadata: ["utility": "\(name)", "error": "\(error)"])
          continue
        }
      }
      names.append(name)
    }
    return names.map { RetiringUtility(name: $0, release: old) }
  }

  /// Files that the repository lost (a rewrite and a garbage collection) and the catalog has.
  private func missingContents(
    _ contents: ReleaseContents, _ repository: OpenRepository
  ) async throws -> [ObjectID: [UInt8]] {
    let blobs = contents.utilities
    let missing = try await context.pool.run {
      try repository.read { (handle) throws(GitError) in
        var missing: [ReleaseUtility] = []
        for utility in blobs {
          do throws(GitError) { _ = try handle.blobSize(utility.blob) } catch {
            missing.append(utility)
          }
        }
        return missing
      }
    }
    guard !missing.isEmpty else { return [:] }
    var found: [ObjectID: [UInt8]] = [:]
    let entries = try await context.store.entries(of: tenant)
    for utility in missing {
      for entry in entries where entry.filehash == utility.filehash.hex {
        if let bytes = try await context.store.contents(
          of: tenant, id: entry.id, status: entry.status)
        {
          found[utility.blob] = bytes
        }
      }
    }
    return found
  }

  private static func bytes(
    of id: ObjectID, from reader: OpenRepository, else fallback: [ObjectID: [UInt8]]
  ) throws -> [UInt8] {
    switch reader.read(id, limit: Validator.sourceLimit) {
    case .bytes(let bytes): return bytes
    case .tooLarge(let size):
      throw SyncError(description: "blob \(id) has \(size) bytes: too large for a release")
    case .unreadable(let cause):
      if let bytes = fallback[id] { return bytes }
      throw SyncError(description: "blob \(id) cannot be read: \(cause)")
    }
  }

  /// Writes the catalog: whole or not at all, durable when it returns.
  func apply(_ change: CatalogChange, _ repository: OpenRepository) async throws -> AppliedChange {
    // The store has one writer: while it waits for git, every tenant does.
    let blobs = change.puts.compactMap { put in
      if case .set(let blob) = put.contents { blob } else { nil }
    }
    var change = change
    change.large = await context.pool.run {
      repository.prefetch(blobs, limit: Validator.sourceLimit)
      return repository.kept(among: blobs, beyond: CatalogLimits.residentFile)
    }
    return try await context.store.apply(change) { id in
      FaultPoint.reached("catalog.writing")
      switch repository.read(id, limit: Validator.sourceLimit) {
      case .bytes(let bytes): return bytes
      case .tooLarge(let size):
        throw SyncError(description: "blob \(id) has \(size) bytes: too large for the catalog")
      case .unreadable(let cause):
        throw SyncError(description: "blob \(id) cannot be read: \(cause)")
      }
    }
  }

  /// What comes after the catalog points to the new release.
  func finish(active: ReleaseContents?, trial: ReleaseContents?) async throws {
    guard let releases = context.releases else { return }
    for (kind, contents) in [(RuntimeSlot.Kind.active, active), (.trial, trial)] {
      let slot = RuntimeSlot(tenant: tenant, kind: kind)
      if contents == nil {
        await context.runtime.remove(slot)
      } else {
        try await context.runtime.retire(slot)
      }
    }
    var inUse = await context.runtime.releasesInUse(by: tenant)
    for contents in [active, trial].compactMap({ $0 }) { inUse.insert(contents.digest) }
    let (tenant, keeping) = (tenant, inUse)
    do {
      try await context.pool.run { try releases.prune(tenant: tenant, keeping: keeping) }
    } catch {
      // Old releases cost room, not correctness.
      logger.warning("old releases cannot be pruned", metadata: ["error": "\(error)"])
    }
    await context.environments?.pruneSoon { try releases.environments() }
  }
}
