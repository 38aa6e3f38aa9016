/// One accepted version of a utility: what a branch's tree says it is.
public struct UtilityVersion: Hashable, Sendable {
  /// The utility's name: the file's stem.
  public var name: String
  /// The `.py` file's path in the repository.
  public var path: String
  /// The `.py` file's blob.
  public var blob: ObjectID
  /// The sidecar's path in the repository.
  public var sidecarPath: String
  /// The sidecar's blob.
  public var sidecarBlob: ObjectID
  /// SHA-256 of the `.py` blob.
  public var filehash: Digest
  /// SHA-256 of the sidecar.
  public var metahash: Digest
  /// What the sidecar says.
  public var metadata: Metadata
  /// The MEDIUM findings that were let through.
  public var findings: [Finding]
  /// Paths of the shared modules that it needs, directly or through others, sorted.
  public var modules: [String]
  /// Where each of `metadata.packages` stands in the sidecar.
  public var packagePlaces: [FilePlace]

  /// A version by its parts.
  public init(
    name: String, path: String, blob: ObjectID, sidecarPath: String, sidecarBlob: ObjectID,
    filehash: Digest, metahash: Digest, metadata: Metadata, findings: [Finding], modules: [String],
    packagePlaces: [FilePlace] = []
  ) {
    self.name = name
    self.path = path
    self.blob = blob
    self.sidecarPath = sidecarPath
    self.sidecarBlob = sidecarBlob
    self.filehash = filehash
    self.metahash = metahash
    self.metadata = metadata
    self.findings = findings
    self.modules = modules
    self.packagePlaces = packagePlaces
  }
}

/// A utility whose version in a tree is refused: invalid is not absent.
public struct RefusedUtility: Hashable, Sendable {
  /// The utility's name: the stem of the file or of the orphaned sidecar.
  public var name: String
  /// The `.py` file's path, or the sidecar's where there is no `.py`.
  public var path: String
  /// The `.py` file's blob, where there is one.
  public var blob: ObjectID?
  /// Why, sorted.
  public var findings: [Finding]

  /// A refused utility by its parts.
  public init(name: String, path: String, blob: ObjectID?, findings: [Finding]) {
    self.name = name
    self.path = path
    self.blob = blob
    self.findings = findings
  }
}

/// A shared module of a tree.
public struct SharedModule: Hashable, Sendable {
  /// The file's path in the repository, below `lib/`.
  public var path: String
  /// The file's blob.
  public var blob: ObjectID
  /// SHA-256 of the blob.
  public var filehash: Digest

  /// A module by its parts.
  public init(path: String, blob: ObjectID, filehash: Digest) {
    self.path = path
    self.blob = blob
    self.filehash = filehash
  }
}

/// What one revision of a branch asks for, judged.
public struct BranchState: Sendable {
  /// The judged revision.
  public var revision: Revision
  /// The accepted utilities by name.
  public var utilities: [String: UtilityVersion]
  /// The refused utilities by name; a name stands in just one of the two.
  public var refused: [String: RefusedUtility]
  /// The shared modules by path.
  public var modules: [PathKey: SharedModule]
  /// Findings that belong to no single utility, sorted (a symbolic link under `lib/`, say).
  public var findings: [Finding]
  /// The repository's own settings: those of the last `tenant.yaml` that was not refused.
  public var settings: TenantSettings
  /// The blob of that `tenant.yaml`, nil where there was none.
  public var settingsBlob: ObjectID?

  /// A judged revision by its parts.
  public init(
    revision: Revision, utilities: [String: UtilityVersion] = [:],
    refused: [String: RefusedUtility] = [:], modules: [PathKey: SharedModule] = [:],
    findings: [Finding] = [], settings: TenantSettings = TenantSettings()
  ) {
    self.revision = revision
    self.utilities = utilities
    self.refused = refused
    self.modules = modules
    self.findings = findings
    self.settings = settings
  }
}
