import ArgumentParser
import Catalog
import Foundation
import Reconciliation
import UtilityModel

/// Reads where the tenants stand: from the running agent, or from the catalog without one.
enum StatusReader {
  static func read(_ configuration: Configuration) async throws -> [TenantStatus] {
    let state = try StateFolder(path: configuration.stateFolder)
    let request = ControlSocket.Request(command: "status", tenant: nil)
    if let reply = try await BlockingCall.run({ try ControlSocket.ask(request, in: state) }),
      let body = reply.body
    {
      return try JSONDecoder().decode([TenantStatus].self, from: Data(body.utf8))
    }
    guard case .sqlite(let path) = try CatalogURL(configuration.text("catalog.url")) else {
      return []
    }
    let store = try await EmbeddedCatalog.open(path: path)
    let known = try await store.tenants().map(\.tenant)
    let statuses = try await store.allBranchStatuses()
    let approved = configuration.text("repositories.branch")
    return known.map { tenant in
      let branches = (statuses[tenant] ?? []).sorted {
        ($0.branch == approved ? 0 : 1, $0.branch) < ($1.branch == approved ? 0 : 1, $1.branch)
      }
      return TenantStatus(tenantcode: tenant.rawValue, branches: branches)
    }
  }
}

/// `sync-agent status`: a table per tenant and branch.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show where every tenant's branches stand.",
    discussion: """
      Exit status: 0 all synced; 3 not; 1 failed.
      Example: sync-agent status --tenant demo --format json
      """)

  @OptionGroup var options: CommonOptions
  @Option(help: "One tenant instead of all.") var tenant: String?
  @Option(help: "text or json.") var format: OutputFormat = .text

  private struct Answer: Encodable { var tenants: [TenantStatus] }

  func run() async throws {
    let configuration = try options.load()
    let tenant = try tenantArgument(tenant)
    var statuses = try await StatusReader.read(configuration)
    if let tenant {
      statuses = statuses.filter { $0.tenantcode == tenant.rawValue }
      guard !statuses.isEmpty else {
        throw AgentError(
          "no tenant `\(tenant)` is known",
          "make its repository `\(tenant).git` in repositories.root")
      }
    }
    if format == .json {
      try Output.json(Answer(tenants: statuses))
    } else {
      printTable(statuses)
    }
    let phases = statuses.flatMap(\.branches).map(\.phase)
    if phases.contains(where: { $0 != .synced }) { throw ExitCode(3) }
  }

  private func printTable(_ statuses: [TenantStatus]) {
    var rows = [["TENANT", "BRANCH", "PHASE", "APPLIED", "RELEASE", "QUARANTINED", "NOTE"]]
    var phases: [SyncPhase?] = [nil]
    for tenant in statuses {
      for branch in tenant.branches {
        let applied = branch.applied.flatMap { Revision($0)?.commit.hex.prefix(12) }
        rows.append([
          tenant.tenantcode, branch.branch, branch.phase.rawValue, applied.map(String.init) ?? "-",
          branch.release.isEmpty ? "-" : String(branch.release.prefix(12)),
          "\(branch.report?.quarantined.count ?? 0)", branch.report?.error ?? "",
        ])
        phases.append(branch.phase)
      }
    }
    if rows.count == 1 {
      print("no tenants: make a repository TENANT.git in repositories.root")
      return
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    for (row, phase) in zip(rows, phases) {
      let cells = row.enumerated().map { index, cell in
        let padded =
          index == row.count - 1
          ? cell
          : cell.padding(
            toLength: widths[index], withPad: " ", startingAt: 0)
        return index == 2 ? phase.map { Output.coloured(padded, $0) } ?? padded : padded
      }
      print(cells.joined(separator: "  "))
    }
  }
}

/// `sync-agent where`: what became of a commit.
struct WhereCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "where", abstract: "Tell what became of a commit.",
    discussion: "Example: sync-agent where 1a2b3c4d --tenant demo")

  @OptionGroup var options: CommonOptions
  @Argument(help: "The commit, 4 to 40 hexadecimal digits.") var sha: String
  @Option(help: "One tenant instead of all.") var tenant: String?
  @Option(help: "text or json.") var format: OutputFormat = .text

  func run() async throws {
    guard (4...40).contains(sha.count), sha.allSatisfy(\.isHexDigit) else {
      throw ValidationError("`\(sha)` is no commit: write 4 to 40 hexadecimal digits")
    }
    let configuration = try options.load()
    let wanted = try tenantArgument(tenant)
    let agent = try await Agent.assemble(
      configuration, purpose: .looking, logger: CommonOptions.logger(configuration, quiet: true))
    let repositories = try await Repositories.list(configuration)
    var best = CommitFate(
      sha: sha, state: .unknown, branch: "", revision: "", reason: "no tenant has the commit")
    for status in try await StatusReader.read(configuration)
    where wanted == nil || status.tenantcode == wanted?.rawValue {
      let fate = await CommitFateFinder.fate(
        of: sha, branches: status.branches, path: repositories[status.tenantcode],
        context: agent.context)
      if fate.state != .unknown || wanted != nil { best = fate }
      if fate.state != .unknown { break }
    }
    if format == .json {
      try Output.json(best)
    } else {
      print("\(best.sha)  \(best.state.rawValue)  \(best.revision)  \(best.reason)")
    }
  }
}
