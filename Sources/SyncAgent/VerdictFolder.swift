import Foundation
import Glibc

/// Where a command that judges keeps verdicts.
enum VerdictFolder {
  /// The cache's file: the agent's own where its folder is there, else one of the user's, which is
  /// made; nil where neither can be had. Blocks.
  ///
  /// Source of the second: XDG Base Directory Specification, `XDG_CACHE_HOME`.
  static func file(_ configuration: Configuration) -> String? {
    let state = configuration.stateFolder
    if access(state, R_OK | X_OK) == 0,
      access("\(state)/verdicts.sqlite", R_OK) == 0
        || access(state, W_OK) == 0
    {
      return "\(state)/verdicts.sqlite"
    }
    let environment = ProcessInfo.processInfo.environment
    var root = environment["XDG_CACHE_HOME"] ?? ""
    if !root.hasPrefix("/") {
      guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
      root = home + "/.cache"
    }
    let folder = root + "/sync-agent"
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      // A cache is worked without.
      return nil
    }
    // Whoever may write there could write verdicts.
    var status = stat()
    guard stat(folder, &status) == 0, status.st_uid == geteuid(),
      status.st_mode & (S_IWGRP | S_IWOTH) == 0
    else { return nil }
    return "\(folder)/verdicts.sqlite"
  }
}
