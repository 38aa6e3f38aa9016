import UtilityModel

/// One file of a release: where it goes, and what its bytes must be.
struct ReleaseFile {
  let path: ReleasePath
  let blob: ObjectID
  let filehash: Digest

  /// The files of some contents. Throws `invalidName` for a path that would leave the release, and
  /// for two files in one place.
  static func files(
    of contents: ReleaseContents, subject: String
  ) throws(DeploymentError) -> [ReleaseFile] {
    var files: [ReleaseFile] = []
    files.reserveCapacity(contents.utilities.count + contents.modules.count)
    var taken: Set<ReleasePath> = []
    func add(
      _ path: ReleasePath?, _ name: String, _ blob: ObjectID, _ filehash: Digest
    ) throws(DeploymentError) {
      guard let path else {
        throw invalid("\"\(name)\" is no place inside a release", subject: subject)
      }
      guard taken.insert(path).inserted else {
        throw invalid("\"\(name)\" stands twice in it", subject: subject)
      }
      files.append(ReleaseFile(path: path, blob: blob, filehash: filehash))
    }
    for utility in contents.utilities {
      try add(
        ReleasePath(utility: utility.name), utility.name, utility.blob, utility.filehash)
    }
    for module in contents.modules {
      try add(ReleasePath(module: module.path), module.path, module.blob, module.filehash)
    }
    return files
  }

  /// The error of bytes that have another hash than promised.
  func mismatch(subject: String) -> DeploymentError {
    DeploymentError(
      .publish, .hashMismatch, subject: subject,
      cause: "the bytes of \(path.text) do not have the hash \(filehash.hex.prefix(12))",
      remedy: "check the repository with git fsck and the machine's memory")
  }

  private static func invalid(_ cause: String, subject: String) -> DeploymentError {
    DeploymentError(
      .publish, .invalidName, subject: subject, cause: cause,
      remedy: "rename the file in the repository", disposition: .stalled)
  }
}
