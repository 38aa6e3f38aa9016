import ArgumentParser
import Foundation
import UtilityModel

/// The answer to `tenant add`.
struct AddedTenant: Codable {
  var tenantcode: String
  /// The repository, an absolute path.
  var repository: String
  /// The branch that is to be pushed.
  var branch: String
  /// Whether the repository was there already, of a tenant that had been removed.
  var existed: Bool
  /// Whether it was made with the hook.
  var hook: Bool
  /// What it is fetched from, or nil.
  var upstream: String?
  /// Why that cannot be fetched yet, or nil.
  var problem: String?
}

extension TenantCommand {
  /// `sync-agent tenant add`.
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add a tenant, with an empty bare repository in repositories.root, or a mirror.",
      discussion: """
        With --from, the repository follows that one: https, ssh or file. With hook.install on, the pre-receive hook is put into the repository.
        Exit status: 0 added; 1 failed, for example because it is there already.
        Example: sync-agent tenant add acme
        """)

    @OptionGroup var options: CommonOptions
    @OptionGroup var work: WorkOptions
    @Argument(help: "The new tenant's code.") var tenant: String
    @OptionGroup var source: UpstreamOptions
    @Option(help: "text or json.") var format: OutputFormat = .text

    func run() async throws {
      let tenant = try TenantCommand.code(tenant)
      var request = try work.request("tenant-add", tenant)
      request.upstream = try source.upstream()
      let answer = try await WriterCall.answer(request, try options.load())
      let added = try JSONDecoder().decode(AddedTenant.self, from: answer)
      if let problem = added.problem {
        throw AgentError(
          "tenant \(added.tenantcode) is added, but its upstream cannot be fetched: \(problem)",
          "it is tried again; `sync-agent sync --tenant \(added.tenantcode)` tries at once")
      }
      if format == .json { return try Output.json(added) }
      if let upstream = added.upstream {
        return print("added tenant \(added.tenantcode), which follows \(upstream)")
      }
      if added.existed {
        return print(
          "took back tenant \(added.tenantcode), with its repository \(added.repository)")
      }
      print("added tenant \(added.tenantcode), with the empty repository \(added.repository)")
      if added.hook { print("pushes to it are judged by its pre-receive hook") }
      print("next, in a clone or a new repository with utilities below utils/, push them:")
      print("  git push \(added.repository) HEAD:\(added.branch)")
    }
  }
}
