import ArgumentParser
import Catalog
import Foundation
import Glibc
import Reconciliation
import UtilityModel

/// Who uses a command, as it stands in the audit.
enum OperatorName {
  /// The name given, or that of the login. Throws a `ValidationError` where nobody can be named.
  static func of(_ given: String?) throws -> String {
    let environment = ProcessInfo.processInfo.environment
    for candidate in [given, environment["SUDO_USER"], loginName, environment["USER"]] {
      if let candidate, !candidate.isEmpty { return candidate }
    }
    throw ValidationError("who decides cannot be told: name them with --as")
  }

  private static var loginName: String? {
    getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) }
  }
}

/// Who decides, and why.
struct DecisionOptions: ParsableArguments {
  @Option(help: "Why; stands in the audit, so that it is better given.") var reason: String?
  @Option(name: .customLong("as"), help: "Who decides; the login name by default.")
  var actor: String?

  /// The name in the audit. Throws a `ValidationError` where nobody can be named.
  func name() throws -> String { try OperatorName.of(actor) }

  func validate() throws {
    guard let reason else { return }
    guard reason.contains(where: { !$0.isWhitespace }) else {
      throw ValidationError("--reason is empty: say why, or leave it out")
    }
  }

  /// Has a decision made and prints where the tenant then stands.
  func decide(
    _ command: String, _ tenant: TenantCode, subject: String = "", _ configuration: Configuration
  ) async throws {
    let answer = try await WriterCall.answer(
      ControlSocket.Request(
        command: command, tenant: tenant.rawValue, subject: subject, actor: try name(),
        reason: reason ?? ""), configuration)
    for status in try JSONDecoder().decode([TenantStatus].self, from: answer) {
      for branch in status.branches {
        print(
          "\(status.tenantcode)  \(branch.applied ?? branch.branch)  "
            + Output.coloured(branch.phase.rawValue, branch.phase))
        if let approval = branch.approval, command == "approve" {
          print(
            "  \(approval.subject.prefix(12)) is let through when it is pushed to "
              + "`\(branch.branch)`, unless another revision is applied before")
        }
      }
    }
  }
}

/// `sync-agent approve`: let a held revision through.
struct ApproveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Let a held revision through; recorded with who and why.",
    discussion: """
      A commit that the pre-receive hook refused as held is approved ahead, with all 40 digits, and \
      pushed again.
      Example: sync-agent approve demo 1a2b3c4d --reason 'the old tools are retired'
      """)

  @OptionGroup var options: CommonOptions
  @OptionGroup var decision: DecisionOptions
  @Argument(help: "The tenant.") var tenant: String
  @Argument(help: "The commit, 4 to 40 hexadecimal digits; 40 ahead of its push.") var sha: String

  func run() async throws {
    guard (4...40).contains(sha.count), sha.allSatisfy(\.isHexDigit) else {
      throw ValidationError("`\(sha)` is no commit: write 4 to 40 hexadecimal digits")
    }
    let configuration = try options.load()
    guard let tenant = try tenantArgument(tenant) else { return }
    try await decision.decide("approve", tenant, subject: sha, configuration)
  }
}

/// `sync-agent audit`: who decided what, and what the agent held, quarantined and removed.
struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Tell who decided what and why, newest first.",
    discussion: "Example: sync-agent audit --tenant demo --limit 20")

  @OptionGroup var options: CommonOptions
  @Option(help: "One tenant instead of all.") var tenant: String?
  @Option(help: "At most so many records.") var limit = 100
  @Option(help: "text or json.") var format: OutputFormat = .text

  private struct Answer: Encodable { var records: [AuditRecord] }

  func validate() throws {
    guard (1...100_000).contains(limit) else {
      throw ValidationError("--limit \(limit): give a number from 1 to 100000")
    }
  }

  func run() async throws {
    let tenant = try tenantArgument(tenant)
    let agent = try await Agent.assemble(
      try options.load(), purpose: .looking, logger: CommonOptions.silence)
    let records = try await agent.store.auditRecords(of: tenant, limit: limit, offset: 0).records
    if format == .json { return try Output.json(Answer(records: records)) }
    if records.isEmpty { print("no records") }
    for record in records {
      let date = Date(timeIntervalSince1970: Double(record.at) / 1000).ISO8601Format()
      let change =
        record.before.isEmpty && record.after.isEmpty
        ? "" : "  \(record.before.isEmpty ? "-" : record.before) -> \(record.after)"
      print(
        "\(date)  \(record.tenantcode)  \(record.action.rawValue)  \(record.actor)  "
          + "\(record.subject)\(change)\n    \(record.reason)")
    }
  }
}
