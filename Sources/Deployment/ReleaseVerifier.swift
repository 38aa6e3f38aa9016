import Concurrency
import Hashing
import UtilityModel

extension Release {
  /// Reads every file again and compares its hash with the manifest's. Blocks.
  ///
  /// Throws `corruptRelease`, naming the files, or a file error. The way out is to discard the
  /// release and to publish it again.
  public func verify() throws(DeploymentError) {
    var damaged: [String] = []
    do {
      for utility in manifest.utilities.values where try !isIntact(utility.file, utility.sha256) {
        damaged.append(utility.file)
      }
      for (path, sha256) in manifest.modules where try !isIntact(path, sha256) {
        damaged.append(path)
      }
    } catch {
      throw error.deploymentError(.open, subject: subject)
    }
    guard !damaged.isEmpty else { return }
    damaged.sort()
    let more = damaged.count > 5 ? " and \(damaged.count - 5) more" : ""
    throw DeploymentError(
      .open, .corruptRelease, subject: subject,
      cause: "what is on the disk is not what was published: "
        + "\(damaged.prefix(5).joined(separator: ", "))\(more)",
      remedy: "it is published anew from git")
  }

  private func isIntact(_ path: String, _ sha256: String) throws(SystemError) -> Bool {
    guard let bytes = try Folder.contents(ofFile: "\(directory)/\(path)") else { return false }
    return SHA256.digest(of: bytes).hex == sha256
  }

  /// Tells a damaged release from a bad one: publishing it anew helps only the former.
  func diagnosis(of error: DeploymentError, on pool: BlockingPool) async -> DeploymentError {
    guard error.code == .unhealthy else { return error }
    let damage: DeploymentError? = await pool.run {
      do throws(DeploymentError) {
        try verify()
        return nil
      } catch {
        return error
      }
    }
    guard let damage, damage.code == .corruptRelease else { return error }
    return DeploymentError(
      .deploy, .corruptRelease, subject: subject, cause: damage.cause, remedy: damage.remedy,
      log: error.log)
  }
}
