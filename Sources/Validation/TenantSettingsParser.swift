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
      case "policy": policy(value, into: &settings, with: &reader)
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

  private static func policy(
    _ node: Node, into settings: inout TenantSettings, with reader: inout NodeReader
  ) {
    guard case .mapping(let mapping) = node else {
      reader.report(.metadataType, at: node, "`policy` must be a mapping", "write `medium: ...`")
      return
    }
    for (key, value) in mapping {
      switch key.scalar?.string {
      case "medium":
        settings.mediumPolicy = choice(value, "medium", "warn, acknowledge or block", &reader)
      case "approval":
        settings.policy.approval = choice(value, "approval", "none, merge or signed", &reader)
      case "signed":
        settings.policy.signatures = choice(value, "signed", "tip or all", &reader)
      case "history":
        settings.policy.history = choice(value, "history", "fast-forward or any", &reader)
      case "max_removals":
        // A bare number is an integer in YAML; both spellings are fine.
        let text = value.scalar?.string ?? ""
        settings.policy.removals = RemovalLimit(text)
        if settings.policy.removals == nil {
          reader.report(
            .metadataValue, at: value, "`policy.max_removals` is `\(text.prefix(40))`",
            "write a share such as 20%, or a number")
        }
      case let name?:
        reader.reportUnknown(
          key: name, at: key,
          known: ["approval", "history", "max_removals", "medium", "signed"])
      case nil: break
      }
    }
  }

  private static func choice<Choice: RawRepresentable<String>>(
    _ node: Node, _ name: String, _ choices: String, _ reader: inout NodeReader
  ) -> Choice? {
    guard let text = reader.text(node, "policy.\(name)") else { return nil }
    let choice = Choice(rawValue: text)
    if choice == nil {
      reader.report(
        .metadataValue, at: node, "`policy.\(name)` is `\(text.prefix(40))`", "write \(choices)")
    }
    return choice
  }
}
