import ArgumentParser
import Foundation
import UtilityModel

/// `sync-agent rollback`: serve an earlier good version of a utility.
struct RollbackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "Serve an earlier good version until a newer commit touches that utility.",
    discussion: """
      Without --to: the newest good version before the one that is served. The version that the \
      branch has ends a rollback.
      Example: sync-agent rollback demo parse_log --to 1a2b3c4d --reason 'incident 4711'
      """)

  @OptionGroup var options: CommonOptions
  @Argument(help: "The tenant.") var tenant: String
  @Argument(help: "The utility's name.") var name: String
  @Option(help: "A commit of the approved branch that has the wanted version.") var to: String?
  @Option(help: "Why; stands in the audit.") var reason = ""
  @Option(name: .customLong("as"), help: "Who decides; the login name by default.")
  var actor: String?

  func validate() throws {
    guard to != "" else { throw ValidationError("--to is empty: name a commit") }
  }

  func run() async throws {
    let configuration = try options.load()
    guard let tenant = try tenantArgument(tenant) else { return }
    let answer = try await WriterCall.answer(
      ControlSocket.Request(
        command: "rollback", tenant: tenant.rawValue, subject: name, revision: to,
        actor: try OperatorName.of(actor), reason: reason), configuration)
    let statuses = try JSONDecoder().decode([TenantStatus].self, from: answer)
    guard let branch = statuses.first?.branches.first else { return }
    let rollback = branch.rollbacks?[name]
    if let rollback, rollback.state != .applied {
      throw AgentError(
        "the rollback of `\(name)` is recorded, but not applied yet"
          + (branch.report?.error.map { ": \($0)" } ?? ""),
        "it is tried again; `sync-agent status --tenant \(tenant)` tells how it goes")
    }
    print(
      rollback.map { "\(tenant)  \(name)  rolled back to \($0.revision)" }
        ?? "\(tenant)  \(name)  as \(branch.branch) has it: \(branch.applied ?? "-")")
  }
}
