import CLinux
import Foundation
import Glibc

/// The package environments on the disk: `<root>/<target>/<digest>/` with `site-packages` and
/// `environment.json`, written once, never changed, shared by all tenants.
///
/// A folder under a digest's name is complete: it is filled as `.tmp-*` beside it, synced, and
/// renamed. Every function blocks.
struct EnvironmentFolder: Sendable {
  /// What stands in `environment.json`.
  struct Manifest: Codable {
    var format = 1
    var digest: String
    var requirements: [String]
    /// What pip installed: `name-version`.
    var distributions: [String]
  }

  /// An absolute path.
  let root: String

  /// Where an environment is, or would be.
  func path(_ digest: String, target: String) -> String { "\(root)/\(target)/\(digest)" }

  /// Whether an environment is complete: its description, and each distribution that it names. One of
  /// which somebody removed a part is made again.
  func has(_ digest: String, target: String) -> Bool {
    let path = path(digest, target: target)
    // What cannot be read is as good as missing: it is made again, and that fails with a reason.
    guard let text = try? Folder.contents(ofFile: "\(path)/environment.json"),
      let manifest = try? JSONDecoder().decode(Manifest.self, from: Data(text))
    else { return false }
    let packages = "\(path)/site-packages"
    return access(packages, R_OK | X_OK) == 0
      && manifest.distributions.allSatisfy { access("\(packages)/\($0).dist-info", R_OK) == 0 }
  }

  /// An empty folder to fill, with `tmp` and `site-packages` in it.
  func stage(target: String) throws(SystemError) -> StagingFolder {
    let parent = "\(root)/\(target)"
    try Folder.make(parent)
    let staging = try StagingFolder(in: parent)
    for name in ["tmp", "site-packages"] { try Folder.make("\(staging.path)/\(name)") }
    return staging
  }

  /// Gives a filled folder its name.
  func publish(
    _ staging: StagingFolder, _ set: PackageSet, target: String
  ) throws(SystemError) {
    try Folder.remove("\(staging.path)/tmp")
    let installed = try Folder.entries(of: "\(staging.path)/site-packages")
      .filter { $0.hasSuffix(".dist-info") }.map { String($0.dropLast(".dist-info".count)) }
    var writer = ReleaseWriter(root: staging.descriptor)
    let manifest = Manifest(
      digest: set.digest, requirements: set.requirements, distributions: installed)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let text = try? encoder.encode(manifest) else {
      throw SystemError("write environment.json", errno: EINVAL)
    }
    try seal("\(staging.path)/site-packages")
    try writer.write(Array(text), named: "environment.json")
    guard linux_syncfs(staging.descriptor.number) == 0 else {
      throw SystemError("sync the file system")
    }
    if !has(set.digest, target: target) {
      // A folder without its description is damaged: it makes way.
      try Folder.discard(path(set.digest, target: target))
      try staging.rename(to: set.digest)
    }
  }

  /// Lets everybody read, and nobody write: servers run as somebody else.
  private func seal(_ folder: String) throws(SystemError) {
    let files = FileManager.default.enumerator(atPath: folder)
    guard chmod(folder, 0o755) == 0 else { throw SystemError("set the mode of \(folder)") }
    while let path = files?.nextObject() as? String {
      var status = stat()
      guard lstat("\(folder)/\(path)", &status) == 0 else { throw SystemError("inspect \(path)") }
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      guard isFolder || status.st_mode & S_IFMT == S_IFREG else {
        throw SystemError("take \(path), which is no file", errno: EINVAL)
      }
      let mode: mode_t = isFolder ? 0o755 : status.st_mode & 0o111 == 0 ? 0o444 : 0o555
      guard chmod("\(folder)/\(path)", mode) == 0 else {
        throw SystemError("set the mode of \(path)")
      }
    }
  }

  /// The digests that are there for `target`.
  func digests(target: String) throws(SystemError) -> Set<String> {
    Set(try Folder.entries(of: "\(root)/\(target)").filter { $0.utf8.count == 64 })
  }

  /// Removes environments, and what crashes left behind.
  func prune(target: String, unused: Set<String>) throws(SystemError) {
    for digest in unused { try Folder.discard(path(digest, target: target)) }
    for name in try Folder.entries(of: "\(root)/\(target)") {
      try StagingFolder.removeIfStale(name, in: "\(root)/\(target)")
    }
  }

  /// What environments were made for.
  func targets() throws(SystemError) -> Set<String> { Set(try Folder.entries(of: root)) }

  /// Removes all environments of an interpreter or an image.
  func removeTarget(_ target: String) throws(SystemError) {
    try Folder.discard("\(root)/\(target)")
  }
}
