import ArgumentParser
import Foundation
import UtilityModel

/// `sync-agent tenant`: work on tenants.
struct TenantCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tenant", abstract: "List, add, copy, suspend, resume and remove tenants.",
    discussion: "Example: sync-agent tenant add acme",
    subcommands: [
      List.self, Add.self, Copy.self, Suspend.self, Resume.self, Remove.self,
    ])

  /// A tenant's code as it was given. Throws `AgentError`: exit status 1, as for all that is wrong
  /// with a tenant.
  static func code(_ text: String) throws(AgentError) -> TenantCode {
    guard let tenant = TenantCode(text) else {
      throw AgentError(
        "`\(text)` is no tenant code",
        "write 1 to 48 of a-z, 0-9, - and _, a letter or digit first")
    }
    return tenant
  }

  struct Suspend: TenantDecision {
    static let command = "suspend"
    static let configuration = CommandConfiguration(
      abstract: "Stop reconciling a tenant; what runs goes on running.",
      discussion: "Example: sync-agent tenant suspend demo --reason 'incident 4711'")

    @OptionGroup var options: CommonOptions
    @OptionGroup var decision: DecisionOptions
    @Argument(help: "The tenant.") var tenant: String
  }

  struct Resume: TenantDecision {
    static let command = "resume"
    static let configuration = CommandConfiguration(
      abstract: "Reconcile a suspended tenant again.",
      discussion: "Example: sync-agent tenant resume demo --reason 'incident 4711 is closed'")

    @OptionGroup var options: CommonOptions
    @OptionGroup var decision: DecisionOptions
    @Argument(help: "The tenant.") var tenant: String
  }
}

/// A decision on a tenant that needs a reason and nothing else.
protocol TenantDecision: AsyncParsableCommand {
  /// The command of the control socket.
  static var command: String { get }
  var options: CommonOptions { get }
  var decision: DecisionOptions { get }
  var tenant: String { get }
}

extension TenantDecision {
  func run() async throws {
    try await decision.decide(Self.command, TenantCommand.code(tenant), try options.load())
  }
}

/// Who works on a tenant, and why where that is to be told.
struct WorkOptions: ParsableArguments {
  @Option(help: "Why; stands in the audit.") var reason: String?
  @Option(name: .customLong("as"), help: "Who does it; the login name by default.")
  var actor: String?

  /// A request of the control socket. Throws a `ValidationError` where nobody can be named.
  func request(
    _ command: String, _ tenant: TenantCode, subject: String? = nil
  ) throws -> ControlSocket.Request {
    ControlSocket.Request(
      command: command, tenant: tenant.rawValue, subject: subject,
      actor: try OperatorName.of(actor), reason: reason ?? "")
  }
}
