import ArgumentParser
import Catalog
import CatalogAPI
import Foundation
import GitStore
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
    let store = try await configuration.openCatalog()
    let known = try await store.tenants().filter { $0.status != .removed }
    let statuses = try await store.allBranchStatuses()
    let approved = configuration.text("repositories.branch")
    let upstreams = UpstreamStore(root: configuration.text("repositories.root")).all().upstreams
    return known.map { record in
      let branches = (statuses[record.tenant] ?? []).sorted {
        ($0.branch == approved ? 0 : 1, $0.branch) < ($1.branch == approved ? 0 : 1, $1.branch)
      }
      var status = TenantStatus(
        tenantcode: record.tenant.rawValue, status: record.status(with: branches),
        branches: branches)
      status.upstream = upstreams[record.tenant]?.status
      return status
    }
  }

  /// One tenant, or all. Throws `AgentError` for one that is not known.
  static func read(
    _ configuration: Configuration, of tenant: TenantCode?
  ) async throws -> [TenantStatus] {
    let statuses = try await read(configuration)
    guard let tenant else { return statuses }
    let found = statuses.filter { $0.tenantcode == tenant.rawValue }
    guard !found.isEmpty else {
      throw AgentError(
        "no tenant `\(tenant)` is known",
        "`sync-agent tenant add \(tenant)` makes it")
    }
    return found
  }
}

/// `sync-agent status`: a table per tenant and branch.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show where every tenant's branches stand.",
    discussion: """
      Exit status: 0 all synced; 3 not; 1 failed. With --watch it goes on until it is ended.
      Example: sync-agent status --tenant demo --format json
      """)

  @OptionGroup var options: CommonOptions
  @Option(help: "One tenant instead of all.") var tenant: String?
  @Option(help: "text or json.") var format: OutputFormat = .text
  @Flag(help: "Go on and show each change; on a terminal in place, else one after the other.")
  var watch = false

  private struct Answer: Encodable { var tenants: [TenantStatus] }

  func run() async throws {
    let configuration = try options.load()
    let tenant = try tenantArgument(tenant)
    if watch {
      return try await StatusWatch(format: format) {
        try await StatusReader.read(configuration, of: tenant)
      }.run()
    }
    let statuses = try await StatusReader.read(configuration, of: tenant)
    if format == .json {
      try Output.json(Answer(tenants: statuses))
    } else {
      let table = StatusTable(statuses)
      for line in table.lines(width: Terminal.width, coloured: Output.isColoured) { print(line) }
    }
    let phases = statuses.flatMap(\.branches).map(\.phase)
    let isBehind = statuses.contains { $0.upstream?.error != nil }
    if isBehind || phases.contains(where: { $0 != .synced }) { throw ExitCode(3) }
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

  private static let nobody = "no tenant has the commit"

  /// Whether the repository at `path` has the commit, or cannot say that it has not.
  private static func knows(_ sha: String, _ path: String) async throws -> Bool {
    try await BlockingCall.run {
      do throws(GitError) {
        return try RepositoryHandle(path: path).commit(named: sha) != nil
      } catch {
        return ![.notFound, .emptyRepository].contains(error.code)
      }
    }
  }

  func run() async throws {
    guard (4...40).contains(sha.count), sha.allSatisfy(\.isHexDigit) else {
      throw ValidationError("`\(sha)` is no commit: write 4 to 40 hexadecimal digits")
    }
    let configuration = try options.load()
    let wanted = try tenantArgument(tenant)
    let agent = try await Agent.assemble(
      configuration, purpose: .looking, logger: CommonOptions.silence)
    let repositories = try await Repositories.list(configuration)
    var best = CommitFate(
      sha: sha, state: .unknown, branch: "", revision: "", reason: Self.nobody)
    for status in try await StatusReader.read(configuration, of: wanted) {
      let search = CommitSearch(
        sha: sha.lowercased(), status: status, path: repositories[status.tenantcode])
      let fate: CommitFate
      do {
        fate = try await agent.context.pool.run { try search.fate() }
      } catch is GitReadRefusal {
        throw AgentError(
          "several commits of tenant `\(status.tenantcode)` begin with \(sha)",
          "give more of its digits")
      }
      if fate.state != .unknown || wanted != nil { best = fate }
      if fate.state != .unknown { break }
      // What a repository that has the commit says of it tells more than that others have not.
      if wanted == nil, best.reason == Self.nobody,
        let path = repositories[status.tenantcode], try await Self.knows(sha, path)
      {
        best = fate
        best.reason = "tenant \(status.tenantcode): \(fate.reason)"
      }
    }
    if format == .json {
      try Output.json(best)
    } else {
      print("\(best.sha)  \(best.state.rawValue)  \(best.revision)  \(best.reason)")
    }
  }
}
