import CatalogAPI
import Foundation
import Yams

/// The effective configuration: flags over environment over file over defaults.
struct Configuration: Sendable {
  /// One value and where it comes from.
  struct Setting: Sendable {
    var value: String
    /// `flag --server.port`, `environment SERVER_PORT`, `file`, `default`.
    var source: String
  }

  private var settings: [String: Setting] = [:]
  /// The configuration file, where there is one.
  private(set) var file: String?

  /// The value of a key that has one.
  subscript(key: String) -> String? { settings[key]?.value }

  /// Where the value of a key comes from.
  func setting(_ key: String) -> Setting? { settings[key] }

  func text(_ key: String) -> String { settings[key]?.value ?? "" }
  func integer(_ key: String) -> Int { Int(text(key)) ?? 0 }

  /// Loads and checks everything. Throws `ConfigurationError` with every error at once.
  static func load(
    file: String?, flags: [String], environment: [String: String]
  ) throws(ConfigurationError) -> Configuration {
    var configuration = Configuration()
    var problems: [String] = []
    for key in ConfigurationKey.all {
      if let value = key.fallback {
        configuration.settings[key.name] = Setting(value: value, source: "default")
      }
    }
    if let path = file ?? environment["CONFIG_FILE"] {
      configuration.file = path
      for (name, value) in read(path, &problems).sorted(by: { $0.key < $1.key }) {
        configuration.take(name, value, source: "file", subject: "`\(name)`", &problems)
      }
    }
    for key in ConfigurationKey.all {
      if let value = environment[key.environmentName] {
        configuration.take(
          key.name, value, source: "environment \(key.environmentName)",
          subject: key.environmentName, &problems)
      }
    }
    configuration.takeAliases(environment, &problems)
    for flag in flags {
      // As a flag of its own, see `KeyFlags`.
      let isKey = flag.hasPrefix("--")
      guard let separator = flag.firstIndex(of: "=") else {
        problems.append(
          isKey ? "\(flag): give a value" : "--set \(flag): write it as key=value")
        continue
      }
      let name = String(flag[..<separator].dropFirst(isKey ? 2 : 0))
      configuration.take(
        name, String(flag[flag.index(after: separator)...]),
        source: isKey ? "flag --\(name)" : "flag --set",
        subject: isKey ? "--\(name)" : "--set \(name)", &problems)
    }
    problems += configuration.crossProblems
    problems += configuration.securityProblems
    problems += configuration.containerProblems
    problems += configuration.catalogProblems
    guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
    return configuration
  }

  mutating func take(
    _ name: String, _ value: String, source: String, subject: String, _ problems: inout [String]
  ) {
    guard let key = ConfigurationKey.byName[name] else {
      let nearest = ConfigurationKey.all.map(\.name).min {
        Self.distance($0, name) < Self.distance($1, name)
      }
      let hint = nearest.map { "; did you mean `\($0)`?" } ?? ""
      problems.append("\(subject): unknown key\(hint)")
      return
    }
    if let problem = key.problem(with: value) {
      problems.append("\(subject): \(problem)")
    } else {
      settings[name] = Setting(value: value, source: source)
    }
  }

  /// What is wrong between the keys of branches and ports.
  private var crossProblems: [String] {
    var problems: [String] = []
    if text("repositories.trial_branch") == text("repositories.branch") {
      problems.append(
        "repositories.trial_branch: is repositories.branch too; name another branch, which need not "
          + "be there")
    }
    if integer("runtime.trial_port") == integer("runtime.port") {
      problems.append("runtime.trial_port: is runtime.port too; set another port")
    }
    return problems
  }

  /// The letters in which two names differ, roughly: enough to choose a suggestion.
  private static func distance(_ one: String, _ other: String) -> Int {
    let difference = Array(one).difference(from: Array(other))
    return difference.insertions.count + difference.removals.count
  }

  /// The file's keys, flattened with dots.
  private static func read(_ path: String, _ problems: inout [String]) -> [String: String] {
    let text: String
    do {
      text = try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      problems.append("the configuration file \(path) cannot be read: give a readable file")
      return [:]
    }
    var values: [String: String] = [:]
    func keep(_ name: String, _ value: String) {
      guard values.updateValue(value, forKey: name) != nil else { return }
      problems.append("\(path): `\(name)` is written twice: keep one")
    }
    do {
      guard let root = try Yams.compose(yaml: text) else { return [:] }
      guard case .mapping = root else {
        problems.append("\(path): the file must be a mapping of keys")
        return [:]
      }
      var pending: [(String, Node)] = [("", root)]
      while let (prefix, node) = pending.popLast() {
        switch node {
        case .mapping(let mapping):
          for (key, value) in mapping {
            guard let name = key.scalar?.string else { continue }
            pending.append((prefix.isEmpty ? name : "\(prefix).\(name)", value))
          }
        case .scalar(let scalar): keep(prefix, scalar.string)
        case .sequence(let sequence):
          keep(prefix, sequence.compactMap { $0.scalar?.string }.joined(separator: ","))
        case .alias: problems.append("\(path): `\(prefix)` is an alias: write the value out")
        }
      }
    } catch {
      problems.append("\(path): \(error)")
    }
    return values
  }

  /// `server.cors.origins`, or nil where no other origin may read. Throws `CrossOrigin.Refusal`.
  func crossOrigin() throws(CrossOrigin.Refusal) -> CrossOrigin? {
    guard let origins = self["server.cors.origins"] else { return nil }
    return try CrossOrigin(origins: ConfigurationKey.list(origins))
  }

  /// A value as it may be shown: secrets are masked.
  func shown(_ key: ConfigurationKey) -> String? {
    guard let value = self[key.name] else { return nil }
    if key.isMasked { return "***" }
    return key.isSecret ? Self.masked(value) : value
  }

  /// The folder of the agent's own state.
  var stateFolder: String {
    if let folder = self["agent.state"] { return folder }
    let url = text("catalog.url")
    guard url.hasPrefix("sqlite:") else { return "./data/state" }
    var path = String(url.dropFirst("sqlite:".count))
    if path.hasPrefix("//") { path = String(path.dropFirst(2)) }
    return path + ".state"
  }
}

/// Everything that is wrong with a configuration.
struct ConfigurationError: Error, CustomStringConvertible {
  var problems: [String]
  var description: String {
    (["the configuration has \(problems.count == 1 ? "an error" : "\(problems.count) errors")"]
      + problems.map { "  \($0)" }).joined(separator: "\n")
  }
}

/// What a debugging log shows of a value that holds a configuration: no secret.
extension Configuration: CustomStringConvertible, CustomDebugStringConvertible {
  var description: String { "the configuration" }
  var debugDescription: String { description }
}
