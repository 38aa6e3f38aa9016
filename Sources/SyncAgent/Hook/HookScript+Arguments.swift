import Foundation
import GitStore
import Glibc

extension HookScript {
  private static let files = ["policy.allowed_signers", "policy.revoked_signers"]

  /// The script for what the configuration says now. Throws `AgentError`. Blocks.
  static func text(_ configuration: Configuration, failure: Failure) throws(AgentError) -> String {
    guard let agent = realpath("/proc/self/exe", nil) else {
      throw AgentError("this program's own path cannot be found", "mount /proc")
    }
    defer { free(agent) }
    return text(
      agent: String(cString: agent), arguments: arguments(configuration, failure: failure),
      failure: failure)
  }

  /// The options for the hook: it runs in another folder and another environment, so that every
  /// path is made absolute, and all but the file's own settings and the defaults are written out.
  private static func arguments(_ configuration: Configuration, failure: Failure) -> [String] {
    func absolute(_ path: String) -> String { URL(fileURLWithPath: path).path }
    var arguments = ["--fail", failure.rawValue]
    if let file = configuration.file { arguments += ["--config", absolute(file)] }
    arguments += ["--set", "agent.state=\(absolute(configuration.stateFolder))"]
    let mattering = [
      "repositories.", "policy.", "hook.", "runtime.packages.allow", "runtime.python",
    ]
    for key in ConfigurationKey.all
    where !key.isSecret && mattering.contains(where: key.name.hasPrefix) {
      guard let setting = configuration.setting(key.name), setting.source != "default" else {
        continue
      }
      if files.contains(key.name) {
        let paths = ConfigurationKey.list(setting.value).map(absolute).joined(separator: ",")
        arguments += ["--set", "\(key.name)=\(paths)"]
      } else if setting.source != "file" {
        arguments += ["--set", "\(key.name)=\(setting.value)"]
      }
    }
    return arguments
  }
}
