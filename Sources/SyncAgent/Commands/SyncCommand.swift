import ArgumentParser
import Foundation
import Reconciliation
import UtilityModel

/// `sync-agent sync`: reconcile once and print the report.
struct SyncCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync", abstract: "Reconcile once and print the report.",
    discussion: """
      Exit status: 0 all applied; 3 some utility quarantined, or a revision held or its tenant \
      suspended; 1 failed.
      Example: sync-agent sync --tenant demo --wait
      """)

  @OptionGroup var options: CommonOptions
  @Option(help: "One tenant instead of all.") var tenant: String?
  @Flag(help: "Go on until nothing is due any more, at most 5 minutes.") var wait = false
  @Option(help: "text or json.") var format: OutputFormat = .text

  func run() async throws {
    let configuration = try options.load()
    let tenant = try tenantArgument(tenant)
    let deadline = ContinuousClock.now + .seconds(300)
    var statuses = try await once(configuration, tenant)
    while wait, ContinuousClock.now < deadline,
      statuses.contains(where: {
        $0.branches.contains { $0.nextRetry != nil && $0.phase == .failed || $0.awaitsPackages }
      })
    {
      try await Task.sleep(for: .seconds(1))
      statuses = try await once(configuration, tenant)
    }
    if format == .json {
      try Output.json(SyncSummary(statuses))
    } else {
      printText(statuses)
    }
    let phases = statuses.flatMap(\.branches).map(\.phase)
    if phases.contains(.failed) || statuses.contains(where: { $0.upstream?.error != nil }) {
      throw ExitCode(1)
    }
    if phases.contains(where: { $0 != .synced }) { throw ExitCode(3) }
  }

  private func once(
    _ configuration: Configuration, _ tenant: TenantCode?
  ) async throws -> [TenantStatus] {
    let answer = try await WriterCall.answer(
      ControlSocket.Request(command: "sync", tenant: tenant?.rawValue), configuration)
    return try JSONDecoder().decode([TenantStatus].self, from: answer)
  }

  private func printText(_ statuses: [TenantStatus]) {
    if statuses.isEmpty { print("no tenants: `sync-agent tenant add TENANT` makes one") }
    for tenant in statuses {
      if let error = tenant.upstream?.error {
        print("\(tenant.tenantcode)  the upstream cannot be fetched: \(error)")
      }
      for branch in tenant.branches {
        let phase = Output.coloured(branch.phase.rawValue, branch.phase)
        print(
          "\(tenant.tenantcode)  \(branch.applied ?? branch.observed ?? branch.branch)  \(phase)")
        let changes = (branch.report?.changes ?? [:]).sorted { $0.key < $1.key }
        if !changes.isEmpty {
          print("  " + changes.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        }
        for utility in branch.report?.quarantined ?? [] {
          print("  quarantined: \(utility.name)")
          for finding in utility.findings { print("    " + Output.text(finding)) }
        }
        for finding in branch.report?.settingsFindings ?? [] {
          print("  refused, the former settings stay: \(Output.text(finding))")
        }
        if let held = branch.report?.held { print("  held: \(held.reason)") }
        for note in branch.report?.notes ?? [] { print("  note: \(note.message)") }
        if let error = branch.report?.error { print("  failed: \(error)") }
      }
    }
  }
}

extension BranchStatus {
  /// Whether packages of its utilities are still being installed.
  fileprivate var awaitsPackages: Bool {
    (report?.quarantined ?? []).contains(where: \.awaitsPackages)
  }
}

/// The `sync` command's JSON. Source: contract, section 5.
struct SyncSummary: Encodable {
  struct Branch: Encodable {
    var branch: String
    var revision: String?
    var phase: SyncPhase
    var changes: [String: Int]
    var quarantined: [QuarantinedUtility]
    var findings: [Finding]
    var held: HeldRevision?
    var notes: [SyncNote]
    var error: String?

    enum CodingKeys: CodingKey {
      case branch, revision, phase, changes, quarantined, findings, held, notes, error
    }

    /// Every key is written, null where there is nothing.
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(branch, forKey: .branch)
      try container.encode(revision, forKey: .revision)
      try container.encode(phase, forKey: .phase)
      try container.encode(changes, forKey: .changes)
      try container.encode(quarantined, forKey: .quarantined)
      try container.encode(findings, forKey: .findings)
      try container.encode(held, forKey: .held)
      try container.encode(notes, forKey: .notes)
      try container.encode(error, forKey: .error)
    }
  }
  struct Tenant: Encodable {
    var tenantcode: String
    var upstream: UpstreamStatus?
    var branches: [Branch]
  }
  var tenants: [Tenant]

  init(_ statuses: [TenantStatus]) {
    tenants = statuses.map { tenant in
      Tenant(
        tenantcode: tenant.tenantcode, upstream: tenant.upstream,
        branches: tenant.branches.map { branch in
          Branch(
            branch: branch.branch, revision: branch.attempted ?? branch.applied,
            phase: branch.phase, changes: branch.report?.changes ?? [:],
            quarantined: branch.report?.quarantined ?? [],
            findings: branch.report?.findings ?? [], held: branch.report?.held,
            notes: branch.report?.notes ?? [], error: branch.report?.error)
        })
    }
  }
}
