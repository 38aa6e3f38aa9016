import Foundation
import Glibc

/// Who an agent is to a container engine: what its containers are labelled with.
public enum EngineOwner {
  /// The name in `file`, made at the first call. Throws what file errors give. Blocks.
  ///
  /// Whoever loses the file loses its containers: they are then another's, and left alone.
  public static func load(from file: String) throws(DeploymentError) -> String {
    try load(from: file, or: ReleaseContainer.freshChannelName(), "the engine owner")
  }

  /// The secret in `file`, 256 random bits made at the first call. Throws what file errors give. Blocks.
  public static func loadSecret(from file: String) throws(DeploymentError) -> String {
    let words = (0..<4).map { _ in String(UInt64.random(in: 0...(.max)), radix: 16) }
    let fresh = words.map { String(repeating: "0", count: 16 - $0.count) + $0 }.joined()
    return try load(from: file, or: fresh, "the secret of the control channels")
  }

  /// What stands in `file`, hexadecimal digits; `fresh` where there is no such file.
  private static func load(
    from file: String, or fresh: String, _ subject: String
  ) throws(DeploymentError) -> String {
    do throws(SystemError) {
      if let known = try read(file) { return known }
      try Folder.make((file as NSString).deletingLastPathComponent)
      let staged = "\(file).tmp-\(ReleaseContainer.freshChannelName())"
      let output = try Descriptor.open(staged, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
      try output.writeAll(Array(fresh.utf8), as: subject)
      try output.sync(as: subject)
      // link(2) rather than rename(2): of two agents that start at once, one name stays.
      let made = link(staged, file) == 0 || errno == EEXIST
      let failure = SystemError("write \(subject)")
      unlink(staged)
      guard made, let known = try read(file) else { throw failure }
      return known
    } catch {
      throw error.deploymentError(.locate, subject: subject)
    }
  }

  private static func read(_ file: String) throws(SystemError) -> String? {
    guard let bytes = try Folder.contents(ofFile: file) else { return nil }
    let name = String(decoding: bytes, as: UTF8.self).filter { $0.isHexDigit }
    return name.isEmpty ? nil : name
  }
}
