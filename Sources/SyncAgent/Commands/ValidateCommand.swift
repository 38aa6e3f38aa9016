import ArgumentParser
import Foundation
import GitStore
import Reconciliation
import UtilityModel
import Validation

/// `sync-agent validate`: all findings at once.
struct ValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Judge utilities of a working tree or of a revision.",
    discussion: """
      Exit status: 0 clean; 3 findings of HIGH; 1 failed.
      Examples: sync-agent validate .
                sync-agent validate --repo demo.git --revision main --base main~1
      """)

  @OptionGroup var options: CommonOptions
  @Argument(help: "Folders or files of a working tree.") var paths: [String] = []
  @Option(help: "A repository, with --revision.") var repo: String?
  @Option(help: "The revision to judge.") var revision: String?
  @Option(help: "Judge only what changed since this revision.") var base: String?
  @Option(help: "text or json.") var format: OutputFormat = .text

  func validate() throws {
    if repo == nil, paths.isEmpty { throw ValidationError("name a PATH, or --repo and --revision") }
    if repo != nil, !paths.isEmpty { throw ValidationError("name PATHs or --repo, not both") }
    if repo == nil, revision != nil || base != nil {
      throw ValidationError("--revision and --base need --repo")
    }
  }

  private struct Answer: Encodable {
    var checked = 0
    var findings: [Finding] = []
    var quarantined: [String] = []

    mutating func add(_ state: BranchState, names: Set<String>?, where include: (String) -> Bool) {
      for version in state.utilities.values
      where names?.contains(version.name) ?? include(version.path) {
        checked += 1
        findings += version.findings
      }
      for refused in state.refused.values
      where names?.contains(refused.name) ?? include(refused.path) {
        checked += 1
        findings += refused.findings
        quarantined.append(refused.name)
      }
      findings += state.findings.filter { include($0.path) }
      findings = Array(Set(findings)).sorted()
      quarantined.sort()
    }
  }

  func run() async throws {
    let configuration = try options.load()
    let logger = CommonOptions.logger(configuration, quiet: true)
    let validator = Validator(
      limits: CheckerLimits(python: configuration.text("runtime.python")), cachePath: nil,
      width: max(2, ProcessInfo.processInfo.activeProcessorCount), logger: logger)
    let policy = MediumPolicy(rawValue: configuration.text("policy.medium")) ?? .warn
    var answer = Answer()
    if let repo {
      let result = try await RevisionJudge.judge(
        repo: repo, revision: revision ?? configuration.text("repositories.branch"), base: base,
        policy: policy, validator: validator, pool: BlockingCall.pool)
      answer.add(result.state, names: result.names) { _ in result.names == nil }
    } else {
      for path in paths {
        let tree = try await BlockingCall.run { try WorkingTree(path: path) }
        let empty = Revision(branch: "working-tree", commit: WorkingTree.id(of: []))
        var judge = BranchJudge(revision: empty, mediumPolicy: policy)
        _ = try await judge.update(
          to: empty, changes: tree.changes, validator: validator, reading: tree.reading)
        answer.add(judge.state, names: nil, where: tree.covers)
      }
    }
    if format == .json {
      try Output.json(answer)
    } else {
      for finding in answer.findings { print(Output.text(finding)) }
      print("checked \(answer.checked): \(answer.quarantined.count) would be quarantined")
    }
    if answer.findings.contains(where: { $0.severity == .high }) || !answer.quarantined.isEmpty {
      throw ExitCode(3)
    }
  }
}
