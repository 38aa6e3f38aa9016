import Foundation
import Glibc
import UtilityModel

/// The releases on the disk: `<root>/<tenant>/<digest>/`, written once, never changed.
///
/// A folder under a release's name is complete: it is written as `.tmp-*` beside it, synced, and
/// renamed. Files are 0444, folders 0755, so that `rm -r` works for their owner. Every function
/// blocks: call them on a `BlockingPool`. One publisher per tenant at a time; pruning beside a
/// publisher is safe.
public struct ReleaseStore: Sendable {
  private let root: String
  private let keep: Int

  /// The store at `root` (`releases.root`), keeping `keep` releases a tenant (`releases.keep`).
  /// Nothing is touched yet.
  public init(root: String, keep: Int) {
    self.root = URL(fileURLWithPath: root).path
    self.keep = max(0, keep)
  }

  /// Makes a release of some contents, reading each blob through `reading`.
  ///
  /// Hashes every file that it writes: on a mismatch nothing is published. A release that is there
  /// already is given back untouched, without reading a blob. Throws `invalidName`,
  /// `unreadableBlob`, `hashMismatch`, `diskFull`, `readOnly`, `fileSystem`.
  public func publish(
    _ contents: ReleaseContents, reading: (ObjectID) throws -> [UInt8]
  ) throws(DeploymentError) -> Release {
    let manifest = ReleaseManifest(contents)
    let digest = contents.digest
    let subject = Release.subject(digest, contents.tenant)
    let files = try ReleaseFile.files(of: contents, subject: subject)
    let release = Release(
      tenant: contents.tenant, digest: digest, directory: path(digest, of: contents.tenant),
      manifest: manifest)
    let description = try encode(manifest, subject: subject)
    do {
      if try contentsOfFile(release.directory + "/release.json") == description { return release }
      try makeFolders(for: contents.tenant)
      // A folder with another description than its name promises is damaged: it makes way.
      try discard(release.directory)
      let staging = try StagingFolder(in: folder(of: contents.tenant))
      var writer = ReleaseWriter(root: staging.descriptor)
      for file in files {
        let bytes = try read(file, subject: subject, reading)
        let written = try writer.write(bytes, to: file.path)
        guard written == file.filehash else { throw file.mismatch(subject: subject) }
      }
      try writer.write(description, named: "release.json")
      try writer.sync()
      try staging.rename(to: digest.hex)
      return release
    } catch let error as SystemError {
      throw error.deploymentError(.publish, subject: subject)
    } catch let error as DeploymentError {
      throw error
    } catch {
      throw DeploymentError(
        .publish, .fileSystem, subject: subject, cause: "\(error)",
        remedy: "check the file system of the data folder; it is tried again")
    }
  }

  /// A published release, or nil where there is none. Throws `corruptRelease`, `fileSystem`.
  public func release(_ digest: Digest, of tenant: TenantCode) throws(DeploymentError) -> Release? {
    let subject = Release.subject(digest, tenant)
    let directory = path(digest, of: tenant)
    let description: [UInt8]?
    do {
      description = try contentsOfFile(directory + "/release.json")
    } catch {
      throw error.deploymentError(.open, subject: subject)
    }
    guard let description else { return nil }
    do {
      let manifest = try JSONDecoder().decode(ReleaseManifest.self, from: Data(description))
      guard manifest.release == digest.hex else { throw corruption(subject, "another digest") }
      return Release(tenant: tenant, digest: digest, directory: directory, manifest: manifest)
    } catch let error as DeploymentError {
      throw error
    } catch {
      throw corruption(subject, "\(error)")
    }
  }

  /// A tenant's published releases, newest first; a tenant that has none gives an empty list.
  public func releases(of tenant: TenantCode) throws(DeploymentError) -> [Digest] {
    let folder = folder(of: tenant)
    do {
      return try entries(of: folder).compactMap { name -> (Digest, Int64)? in
        guard name.utf8.count == 64, let digest = Digest(hex: name) else { return nil }
        var status = stat()
        guard lstat("\(folder)/\(name)", &status) == 0 else { return nil }
        let time = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        return (digest, time)
      }
      .sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0 < $1.0 }
      .map(\.0)
    } catch {
      throw error.deploymentError(.open, subject: "the releases of tenant \(tenant)")
    }
  }

  /// Removes what nobody needs: all but the newest `keep` releases and those of `inUse`, and what
  /// crashed publishers left behind.
  public func prune(tenant: TenantCode, keeping inUse: Set<Digest>) throws(DeploymentError) {
    let spare = try releases(of: tenant).filter { !inUse.contains($0) }.dropFirst(keep)
    do {
      for digest in spare { try discard(path(digest, of: tenant)) }
      for name in try entries(of: folder(of: tenant)) {
        try StagingFolder.removeIfStale(name, in: folder(of: tenant))
      }
    } catch {
      throw error.deploymentError(.prune, subject: "the releases of tenant \(tenant)")
    }
  }

  /// The digests of the package environments that the releases of all tenants name. A release that
  /// cannot be read names none: it is published anew. Throws `fileSystem`.
  public func environments() throws(DeploymentError) -> Set<String> {
    do {
      return try entries(of: root).compactMap { TenantCode($0) }.reduce(into: []) { found, tenant in
        for digest in try releases(of: tenant) {
          let release: Release?
          do throws(DeploymentError) { release = try self.release(digest, of: tenant) } catch {
            guard error.code == .corruptRelease else { throw error }
            continue
          }
          found.formUnion(release?.manifest.environments ?? [])
        }
      }
    } catch let error as DeploymentError {
      throw error
    } catch let error as SystemError {
      throw error.deploymentError(.open, subject: "the releases")
    } catch {
      throw SystemError("list the releases", errno: EIO).deploymentError(
        .open, subject: "the releases")
    }
  }

  /// Removes one release, for example a damaged one that is to be published again.
  public func discard(_ digest: Digest, of tenant: TenantCode) throws(DeploymentError) {
    do {
      try discard(path(digest, of: tenant))
    } catch {
      throw error.deploymentError(.prune, subject: Release.subject(digest, tenant))
    }
  }

  /// Removes all releases of a tenant that is gone.
  public func removeTenant(_ tenant: TenantCode) throws(DeploymentError) {
    do {
      try discard(folder(of: tenant))
    } catch {
      throw error.deploymentError(.prune, subject: "the releases of tenant \(tenant)")
    }
  }
}

extension ReleaseStore {
  private func folder(of tenant: TenantCode) -> String { "\(root)/\(tenant.rawValue)" }

  private func path(_ digest: Digest, of tenant: TenantCode) -> String {
    "\(folder(of: tenant))/\(digest.hex)"
  }

  private func makeFolders(for tenant: TenantCode) throws(SystemError) {
    try Folder.make(folder(of: tenant))
  }

  /// Renames first, so that a half-removed folder never bears a release's name.
  private func discard(_ path: String) throws(SystemError) {
    try Folder.discard(path)
  }

  private func entries(of folder: String) throws(SystemError) -> [String] {
    try Folder.entries(of: folder)
  }

  private func contentsOfFile(_ path: String) throws(SystemError) -> [UInt8]? {
    try Folder.contents(ofFile: path)
  }

  private func encode(
    _ manifest: ReleaseManifest, subject: String
  ) throws(DeploymentError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(manifest))
    } catch {
      throw DeploymentError(
        .publish, .invalidName, subject: subject, cause: "\(error)",
        remedy: "report this as a defect", disposition: .stalled)
    }
  }

  private func read(
    _ file: ReleaseFile, subject: String, _ reading: (ObjectID) throws -> [UInt8]
  ) throws(DeploymentError) -> [UInt8] {
    do {
      return try reading(file.blob)
    } catch {
      throw DeploymentError(
        .publish, .unreadableBlob, subject: subject,
        cause: "cannot read \(file.path.text) (blob \(file.blob.hex.prefix(12))): \(error)",
        remedy: "check the repository with git fsck")
    }
  }

  private func corruption(_ subject: String, _ cause: String) -> DeploymentError {
    DeploymentError(
      .open, .corruptRelease, subject: subject, cause: "its release.json is damaged (\(cause))",
      remedy: "it is published anew from git")
  }
}
