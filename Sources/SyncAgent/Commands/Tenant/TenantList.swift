import ArgumentParser
import Foundation
import UtilityModel

extension TenantCommand {
  /// `sync-agent tenant list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the tenants.", discussion: "Example: sync-agent tenant list --format json")

    @OptionGroup var options: CommonOptions
    @Option(help: "text or json.") var format: OutputFormat = .text

    private struct Row: Encodable {
      var tenantcode: String
      var status: TenantState
      var createddate: Int64
    }
    private struct Answer: Encodable { var tenants: [Row] }

    func run() async throws {
      let agent = try await Agent.assemble(
        try options.load(), purpose: .looking, logger: CommonOptions.silence)
      let branches = try await agent.store.allBranchStatuses()
      let rows = try await agent.store.tenants().map {
        Row(
          tenantcode: $0.tenant.rawValue, status: $0.status(with: branches[$0.tenant] ?? []),
          createddate: $0.createddate)
      }
      if format == .json { return try Output.json(Answer(tenants: rows)) }
      if rows.isEmpty { print("no tenants: `sync-agent tenant add TENANT` makes one") }
      let width = rows.map(\.tenantcode.count).max() ?? 0
      for row in rows {
        print(
          row.tenantcode.padding(toLength: width, withPad: " ", startingAt: 0) + "  "
            + row.status.rawValue + note(row))
      }
    }

    private func note(_ row: Row) -> String {
      switch row.status {
      case .active: ""
      case .suspended: "  `sync-agent tenant resume \(row.tenantcode)` ends that"
      case .orphaned:
        "  its repository is gone or unreadable: bring it back, or "
          + "`sync-agent tenant remove \(row.tenantcode) --confirm`"
      case .removed:
        "  its repository is left alone; `sync-agent tenant add \(row.tenantcode)` takes it back"
      }
    }
  }
}
