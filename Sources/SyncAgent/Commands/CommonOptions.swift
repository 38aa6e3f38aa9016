import ArgumentParser
import Foundation
import Glibc
import Logging
import Reporting
import Telemetry
import UtilityModel

/// How an answer is printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case text
  case json
}

/// The options of every command that needs the configuration.
struct CommonOptions: ParsableArguments {
  @Option(help: "Configuration file, JSON or YAML.")
  var config: String?

  @Option(name: .customLong("set"), help: ArgumentHelp("One key.", valueName: "key=value"))
  var settings: [String] = []

  /// The effective configuration. Throws `ConfigurationError`.
  func load() throws -> Configuration {
    try Configuration.load(
      file: config, flags: settings, environment: ProcessInfo.processInfo.environment)
  }

  /// The log of an agent.
  static func logger(_ configuration: Configuration) -> Logger {
    let level = Logger.Level(rawValue: configuration.text("log.level")) ?? .info
    let terminal = isatty(STDERR_FILENO) == 1
    let format = configuration["log.format"] ?? (terminal ? "text" : "json")
    let coloured = terminal && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
    return Logger(label: "sync-agent") { label in
      let scope = RequestScope.metadataProvider
      if format == "json" {
        return JSONLogHandler(label: label, level: level, metadataProvider: scope)
      }
      return TextLogHandler(
        label: label, level: level, coloured: coloured, metadataProvider: scope)
    }
  }
}

extension CommonOptions {
  /// A log that says nothing: for a command, whose errors are one sentence, and for a hook, whose
  /// every line goes to whoever pushed.
  static let silence = Logger(label: "sync-agent") { _ in SwiftLogNoOpLogHandler() }
}

/// Printing answers.
enum Output {
  /// Writes to standard output, all at once.
  static func write(_ text: String) { write(text, to: STDOUT_FILENO) }

  /// Writes to standard error, all at once.
  static func writeError(_ text: String) { write(text, to: STDERR_FILENO) }

  private static func write(_ text: String, to descriptor: Int32) {
    var rest = ArraySlice(text.utf8.map { $0 })
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      // A reader that went away has seen what it wanted.
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// How text is written to standard output.
  static var style: TextStyle { TextStyle(isColoured: isColoured) }

  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// A finding as one or two lines, without its source.
  static func text(_ finding: Finding) -> String {
    FindingText.lines(finding, source: nil, style: style).joined(separator: "\n    ")
  }

  /// Whether standard output is a terminal that wants colour.
  static var isColoured: Bool {
    isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
  }

  static func coloured(_ text: String, _ phase: SyncPhase) -> String {
    guard isColoured else { return text }
    let code =
      switch phase {
      case .synced: 32
      case .syncing: 36
      case .degraded, .held, .suspended: 33
      case .failed: 31
      }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }
}

/// A tenant given on the command line. Throws a `ValidationError`.
func tenantArgument(_ text: String?) throws -> TenantCode? {
  guard let text else { return nil }
  guard let tenant = TenantCode(text) else {
    throw ValidationError(
      "`\(text)` is no tenant code: write 1 to 48 of a-z, 0-9, - and _, a letter or digit first")
  }
  return tenant
}
