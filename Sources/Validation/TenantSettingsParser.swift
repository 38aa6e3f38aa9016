import UtilityModel

/// Reads a repository's `tenant.yaml`.
///
/// Source: contract, section 2.
public enum TenantSettingsParser {
  /// The largest accepted file, in bytes.
  public static let sizeLimit = YAMLDocument.sizeLimit
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
    for (key, value) in root.map({ ($0.key, $0.value) }) {
      switch key.string {
      case "userid": settings.userid = reader.integer(value, "userid", 0...Int64.max)
      case "users": settings.users = users(value, with: &reader)
      case "policy": policy(value, into: &settings, with: &reader)
      default: reader.reportUnknown(at: key, known: keys)
      }
    }
    return (settings, reader.findings.sorted())
  }

  private static func users(
    _ node: YAMLNode, with reader: inout NodeReader
  ) -> [String: TenantSettings.User] {
    guard let mapping = reader.mapping(node, "users", "write `e-mail: {...}`") else {
      return [:]
    }
    var users: [String: TenantSettings.User] = [:]
    for (key, value) in mapping.map({ ($0.key, $0.value) }) {
      let email = key.string.lowercased()
      if case .mapping(let fields, _) = value {
        var user: TenantSettings.User?
        var username = ""
        for (field, value) in fields.map({ ($0.key, $0.value) }) {
          switch field.string {
          case "userid":
            user = reader.integer(value, "userid", 0...Int64.max).map { .init(userid: $0) }
          case "username": username = reader.text(value, "username") ?? ""
          default: reader.reportUnknown(at: field, known: ["userid", "username"])
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
    _ node: YAMLNode, into settings: inout TenantSettings, with reader: inout NodeReader
  ) {
    guard let mapping = reader.mapping(node, "policy", "write `medium: ...`") else { return }
    for (key, value) in mapping.map({ ($0.key, $0.value) }) {
      switch key.string {
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
        if case .alias = value { continue }
        let text = value.scalar?.string ?? ""
        settings.policy.removals = RemovalLimit(text)
        if settings.policy.removals == nil {
          reader.report(
            .metadataValue, at: value, "`policy.max_removals` is `\(text.prefix(40))`",
            "write a share such as 20%, or a number")
        }
      default:
        reader.reportUnknown(
          at: key, known: ["approval", "history", "max_removals", "medium", "signed"])
      }
    }
  }

  private static func choice<Choice: RawRepresentable<String>>(
    _ node: YAMLNode, _ name: String, _ choices: String, _ reader: inout NodeReader
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
