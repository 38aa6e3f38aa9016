import ArgumentParser
import Foundation

/// `sync-agent config`: the effective configuration.
struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Check or show the effective configuration.",
    discussion: "Example: sync-agent config show --config agent.yaml",
    subcommands: [Check.self, Show.self])

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Report every error of the configuration.",
      discussion: """
        Exit status: 0 fine; 1 with every error.
        Example: sync-agent config check --config agent.yaml
        """)
    @OptionGroup var options: CommonOptions

    func run() async throws {
      let configuration = try options.load()
      try await configuration.checkSecurityFiles()
      let missing = await configuration.missingFromEngine()
      guard missing.isEmpty else { throw ConfigurationError(problems: missing) }
      print("the configuration is fine")
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show every key with its value and source; secrets are masked.",
      discussion: "Example: sync-agent config show --format json")
    @OptionGroup var options: CommonOptions
    @Option(help: "text or json.") var format: OutputFormat = .text

    private struct Row: Encodable {
      var value: String?
      var source: String
    }

    func run() async throws {
      let configuration = try options.load()
      if format == .json {
        var rows: [String: Row] = [:]
        for key in ConfigurationKey.all {
          rows[key.name] = Row(
            value: configuration.shown(key),
            source: configuration.setting(key.name)?.source ?? "default")
        }
        try Output.json(rows)
        return
      }
      let width = ConfigurationKey.all.map(\.name.count).max() ?? 0
      for key in ConfigurationKey.all {
        let name = key.name.padding(toLength: width, withPad: " ", startingAt: 0)
        let source = configuration.setting(key.name)?.source ?? "default"
        print("\(name)  \(configuration.shown(key) ?? "-")  (\(source))")
      }
    }
  }
}
