import Hashing
import UtilityModel

/// One utility that a release serves.
public struct ReleaseUtility: Hashable, Sendable {
  /// Its name: a file's stem, and the last part of its address.
  public var name: String
  /// SHA-256 of the file.
  public var filehash: Digest
  /// The file's blob in the tenant's repository.
  public var blob: ObjectID
  /// The time limit of a call in seconds, 1 to 3600.
  public var timeout: Int
  /// The digest of its package environment, "" without packages.
  public var env: String

  /// A utility by its parts.
  public init(name: String, filehash: Digest, blob: ObjectID, timeout: Int, env: String = "") {
    self.name = name
    self.filehash = filehash
    self.blob = blob
    self.timeout = timeout
    self.env = env
  }
}

/// What one runtime is to serve: the immutable set of files that a release is made of.
public struct ReleaseContents: Hashable, Sendable {
  /// The tenant whose runtime it is.
  public var tenant: TenantCode
  /// The utilities, in any order.
  public var utilities: [ReleaseUtility]
  /// The shared modules, in any order.
  public var modules: [SharedModule]

  /// Contents by their parts.
  public init(tenant: TenantCode, utilities: [ReleaseUtility], modules: [SharedModule] = []) {
    self.tenant = tenant
    self.utilities = utilities
    self.modules = modules
  }

  /// The release's name: SHA-256 over its utilities (name, hash, time limit, environment) and its
  /// shared modules (path, hash), sorted.
  ///
  /// The same content has the same digest whatever the order, the tenant or the commit. Fields end
  /// in a zero byte, which no name contains, so that no two contents share a canonical form.
  public var digest: Digest {
    var hasher = SHA256()
    hasher.update("sync-agent release \(ReleaseManifest.currentFormat)\0")
    for utility in utilities.sorted(by: { $0.name < $1.name }) {
      hasher.update(
        "utility\0\(utility.name)\0\(utility.filehash.hex)\0\(utility.timeout)\0\(utility.env)\0")
    }
    for module in modules.sorted(by: { $0.path < $1.path }) {
      hasher.update("module\0\(module.path)\0\(module.filehash.hex)\0")
    }
    return hasher.finish()
  }
}

/// A release on the disk.
public struct Release: Hashable, Sendable {
  /// The tenant whose release it is.
  public let tenant: TenantCode
  /// Its name, the digest of its contents.
  public let digest: Digest
  /// Its folder, an absolute path.
  public let directory: String
  /// What it serves.
  public let manifest: ReleaseManifest
  /// The commit that it is to be deployed for, where that is known.
  public var revision: Revision?
  /// The folders of the package environments that its utilities need, by digest.
  public var environments: [String: String] = [:]

  init(tenant: TenantCode, digest: Digest, directory: String, manifest: ReleaseManifest) {
    self.tenant = tenant
    self.digest = digest
    self.directory = directory
    self.manifest = manifest
  }

  /// "release 0123456789ab for tenant demo".
  var subject: String { Self.subject(digest, tenant) }

  static func subject(_ digest: Digest, _ tenant: TenantCode) -> String {
    "release \(digest.hex.prefix(12)) for tenant \(tenant)"
  }
}
