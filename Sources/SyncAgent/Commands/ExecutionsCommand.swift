import ArgumentParser
import Foundation
import UtilityModel

/// `sync-agent executions`: calls of utilities.
struct ExecutionsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "executions", abstract: "End running calls.",
    discussion: "Example: sync-agent executions cancel demo --user 1001",
    subcommands: [Cancel.self])

  struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End a user's running calls.",
      discussion: """
        Whose call it is, its caller says in the header X-User-Id. What is waiting for a worker is ended too.
        Exit status: 0 also where nothing ran; 1 failed.
        Example: sync-agent executions cancel demo --user 1001
        """)
    @OptionGroup var options: CommonOptions
    @Argument(help: "The tenant.") var tenant: String
    @Option(help: "The user's number.") var user: Int64
    @Option(help: "text or json.") var format: OutputFormat = .text

    func run() async throws {
      guard user >= 0 else { throw ValidationError("--user is a number from 0 on") }
      let configuration = try options.load()
      guard let tenant = try tenantArgument(tenant) else { return }
      let answer = try await WriterCall.answer(
        ControlSocket.Request(command: "cancel", tenant: tenant.rawValue, subject: "\(user)"),
        configuration)
      let ended = try JSONDecoder().decode(Cancelled.self, from: answer)
      if format == .json {
        try Output.json(ended)
      } else {
        print("ended \(ended.cancelled) \(ended.cancelled == 1 ? "call" : "calls") of user \(user)")
      }
    }
  }
}

/// The answer to `executions cancel`.
struct Cancelled: Codable {
  var tenantcode: String
  var user: Int64
  var cancelled: Int
}
