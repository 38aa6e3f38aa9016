/// One configuration key: its name, default and meaning, and what a value must look like.
///
/// Source: contract, section 6.
struct ConfigurationKey: Sendable {
  /// What a value must look like.
  enum Kind: Sendable {
    case text
    case integer(ClosedRange<Int>)
    case duration
    case choice([String])
    case portRange
  }

  let name: String
  let kind: Kind
  let fallback: String?
  let help: String
  /// Whether the value is masked wherever it is shown.
  var isSecret = false
  /// Values that a later version will accept: named in the error.
  var planned: [String] = []

  /// `server.port` is `SERVER_PORT`.
  var environmentName: String {
    name.uppercased().split(separator: ".").joined(separator: "_")
  }

  /// All keys, in the order in which they are shown.
  static let all: [ConfigurationKey] = [
    .init(name: "server.host", kind: .text, fallback: "127.0.0.1", help: "address to listen on"),
    .init(
      name: "server.port", kind: .integer(0...65535), fallback: "8109", help: "port to listen on"),
    .init(
      name: "repositories.root", kind: .text, fallback: "./data/repos",
      help: "folder with one repository a tenant"),
    .init(name: "repositories.branch", kind: .text, fallback: "main", help: "the approved branch"),
    .init(
      name: "repositories.trial_branch", kind: .text, fallback: "trial", help: "the trial branch"),
    .init(
      name: "repositories.resync_interval", kind: .duration, fallback: "300",
      help: "seconds between two looks at everything, the safety net behind inotify"),
    .init(
      name: "catalog.url", kind: .text, fallback: "sqlite:./data/catalog.sqlite",
      help: "where the catalog is: sqlite:PATH", isSecret: true),
    .init(
      name: "runtime.driver", kind: .choice(["process", "none"]), fallback: "process",
      help: "what serves the utilities", planned: ["docker", "swarm"]),
    .init(
      name: "runtime.service", kind: .text, fallback: "python-utils", help: "the service's name"),
    .init(
      name: "runtime.trial_service", kind: .text, fallback: "python-utils-trial",
      help: "the trial service's name"),
    .init(
      name: "runtime.port", kind: .integer(1...65535), fallback: "8110",
      help: "the first tenant's port"),
    .init(
      name: "runtime.trial_port", kind: .integer(1...65535), fallback: "8111",
      help: "the first tenant's trial port"),
    .init(
      name: "runtime.port_range", kind: .portRange, fallback: "8200-8999",
      help: "ports of the further runtimes"),
    .init(
      name: "runtime.rest_url", kind: .text, fallback: nil,
      help: "address of a utility, with {service}, {port} and {name}"),
    .init(
      name: "runtime.memory", kind: .integer(16...1_048_576), fallback: "512",
      help: "memory of one utility's process in MiB"),
    .init(
      name: "runtime.python", kind: .text, fallback: "/usr/bin/python3",
      help: "interpreter of the checker and the runtime"),
    .init(
      name: "runtime.source", kind: .text, fallback: nil,
      help: "folder of the python-utils program; found beside the executable by default"),
    .init(
      name: "releases.root", kind: .text, fallback: "./data/releases",
      help: "folder of the releases"),
    .init(
      name: "releases.keep", kind: .integer(0...1000), fallback: "5",
      help: "former releases to keep, a tenant"),
    .init(
      name: "policy.medium", kind: .choice(["warn", "acknowledge", "block"]), fallback: "warn",
      help: "what a MEDIUM finding does"),
    .init(
      name: "policy.approval", kind: .choice(["none"]), fallback: "none",
      help: "what counts as approved", planned: ["merge", "signed"]),
    .init(
      name: "policy.history", kind: .choice(["any"]), fallback: "any",
      help: "whether a rewritten branch is applied", planned: ["fast-forward"]),
    .init(
      name: "log.level",
      kind: .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
      fallback: "info", help: "the least level to log"),
    .init(
      name: "log.format", kind: .choice(["json", "text"]), fallback: nil,
      help: "json, or text; by default text on a terminal"),
    .init(
      name: "agent.state", kind: .text, fallback: nil,
      help: "folder of the agent's lock, socket, ports and verdicts; beside the catalog by default"),
    .init(
      name: "agent.concurrency", kind: .integer(1...256), fallback: "4",
      help: "tenants that are reconciled at a time"),
  ]

  static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  /// What is wrong with `value`, or nil.
  func problem(with value: String) -> String? {
    switch kind {
    case .text:
      return value.isEmpty || value.contains("\0") ? "is empty or has a NUL character" : nil
    case .integer(let range):
      guard let number = Int(value), range.contains(number) else {
        return "must be an integer from \(range.lowerBound) to \(range.upperBound)"
      }
      return nil
    case .duration:
      return Self.seconds(value) == nil ? "must be seconds, such as 300 or 5m, at least 1" : nil
    case .choice(let choices):
      if choices.contains(value) { return nil }
      let known = choices.joined(separator: ", ")
      return planned.contains(value)
        ? "`\(value)` is not available in this build yet; use \(known)" : "must be one of \(known)"
    case .portRange:
      return Self.ports(value) == nil ? "must be a range of ports, such as 8200-8999" : nil
    }
  }

  /// `300`, `300s`, `5m` or `1h` in seconds.
  static func seconds(_ text: String) -> Double? {
    var digits = text
    var factor = 1.0
    if let unit = text.last, let scale = ["s": 1.0, "m": 60, "h": 3600][String(unit)] {
      digits.removeLast()
      factor = scale
    }
    guard let number = Double(digits), number.isFinite, number * factor >= 1 else { return nil }
    return number * factor
  }

  static func ports(_ text: String) -> ClosedRange<Int>? {
    let parts = text.split(separator: "-").compactMap { Int($0) }
    guard parts.count == 2, parts[0] >= 1, parts[0] <= parts[1], parts[1] <= 65535 else {
      return nil
    }
    return parts[0]...parts[1]
  }
}
