import UtilityModel
import Yams

/// Reads a repository's `tenant.yaml`.
///
/// Source: contract, section 2. Call it on a `Concurrency.Thread`: see `YAMLDocument`.
public enum TenantSettingsParser {
  private static let keys = ["users", "userid", "policy"]

  /// The settings, as far as they are fine, and what is wrong with the rest.
  public static func parse(
    _ bytes: [UInt8], path: String = "tenant.yaml"
  ) -> (settings: TenantSettings, findings: [Finding]) {
    let document = YAMLDocument(bytes: bytes, path: path)
    var settings = TenantSettings()
    var reader = NodeReader(path: path)
    reader.findings = document.findings
    guard let root = document.root else { return (settings, document.findings.sorted()) }
    for (key, value) in root {
      switch key.scalar?.string {
      case "userid": settings.userid = reader.integer(value, "userid", 0...Int64.max)
      case "users": settings.users = users(value, with: &reader)
      case "policy": settings.mediumPolicy = policy(value, with: &reader)
      case let name?: reader.reportUnknown(key: name, at: key, known: keys)
      case nil: break
      }
    }
    return (settings, reader.findings.sorted())
  }

  private static func users(
    _ node: Node, with reader: inout NodeReader
  ) -> [String: TenantSettings.User] {
    guard case .mapping(let mapping) = node else {
      reader.report(.metadataType, at: node, "`users` must be a mapping", "write `e-mail: {...}`")
      return [:]
    }
    var users: [String: TenantSettings.User] = [:]
    for (key, value) in mapping {
      guard let email = key.scalar?.string.lowercased() else { continue }
      if case .mapping(let fields) = value {
        var user: TenantSettings.User?
        var username = ""
        for (field, value) in fields {
          switch field.scalar?.string {
          case "userid":
            user = reader.integer(value, "userid", 0...Int64.max).map { .init(userid: $0) }
          case "username": username = reader.text(value, "username") ?? ""
          case let name?:
            reader.reportUnknown(key: name, at: field, known: ["userid", "username"])
          case nil: break
          }
        }
        user?.username = username
        if let user { users[email] = user }
      } else if let number = reader.integer(value, "users", 0...Int64.max) {
        users[email] = .init(userid: number)
      }
    }
    return users
  }

  private static func policy(_ node: Node, with reader: inout NodeReader) -> MediumPolicy? {
    guard case .mapping(let mapping) = node else {
      reader.report(.metadataType, at: node, "`policy` must be a mapping", "write `medium: ...`")
      return nil
    }
    var policy: MediumPolicy?
    for (key, value) in mapping {
      guard let name = key.scalar?.string else { continue }
      guard name == "medium" else {
        reader.reportUnknown(key: name, at: key, known: ["medium"])
        continue
      }
      guard let text = reader.text(value, "policy.medium") else { continue }
      policy = MediumPolicy(rawValue: text)
      if policy == nil {
        reader.report(
          .metadataValue, at: value, "`policy.medium` is `\(text.prefix(40))`",
          "write warn, acknowledge or block")
      }
    }
    return policy
  }
}
