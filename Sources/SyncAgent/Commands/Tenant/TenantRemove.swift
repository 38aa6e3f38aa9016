import ArgumentParser
import Foundation
import Reconciliation
import UtilityModel

extension TenantCommand {
  /// `sync-agent tenant remove`.
  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove a tenant from the catalog and the runtime; its repository stays.",
      discussion: """
        Without --confirm it says what would go, does nothing and exits with 1.
        Exit status: 0 removed; 1 not confirmed, or failed.
        Example: sync-agent tenant remove acme --confirm --reason 'contract 12 has ended'
        """)

    @OptionGroup var options: CommonOptions
    @OptionGroup var work: WorkOptions
    @Argument(help: "The tenant.") var tenant: String
    @Flag(help: "Do it.") var confirm = false

    func run() async throws {
      let tenant = try TenantCommand.code(tenant)
      let answer = try await WriterCall.answer(
        try work.request(confirm ? "tenant-remove" : "tenant-removal", tenant),
        try options.load())
      let removal = try JSONDecoder().decode(TenantRemoval.self, from: answer)
      print(confirm ? "removed tenant \(tenant):" : "tenant \(tenant) would be removed:")
      for line in Self.lines(removal) { print("  " + line) }
      if confirm { return }
      throw AgentError("nothing was removed", "add --confirm to remove tenant `\(tenant)`")
    }

    private static func lines(_ removal: TenantRemoval) -> [String] {
      let counts = removal.entries.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
      let entries =
        counts.isEmpty ? "no entries" : "its entries, \(counts.joined(separator: ", "))"
      let repository =
        removal.hasRepository
        ? "stays: its repository, which is left alone until `tenant add \(removal.tenantcode)`"
        : "its record"
      return [
        "\(entries) in the catalog", "where its branches stand",
        "\(removal.executions) recorded calls",
        "what runs of it, with its ports", "\(removal.releases) releases on the disk", repository,
        "stays: its audit, and its highest id, so that none is used again",
      ]
    }
  }
}
