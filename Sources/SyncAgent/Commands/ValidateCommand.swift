import ArgumentParser
import Foundation
import GitStore
import Reconciliation
import Reporting
import UtilityModel
import Validation

/// `sync-agent validate`: all findings at once.
struct ValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Judge utilities of a working tree or of a revision.",
    discussion: """
      With --base, or a range as --revision, only what changed since the two parted is judged, and
      what the change breaks for playbooks and callers is told.
      Exit status: 0 clean; 3 findings of HIGH; 1 failed.
      Examples: sync-agent validate .
                sync-agent validate --repo demo.git --revision feature --base main
                sync-agent validate --repo . --revision main..HEAD --format github
      """)

  /// How findings are printed.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, github, sarif
  }

  @OptionGroup var options: CommonOptions
  @Argument(help: "Folders or files of a working tree.") var paths: [String] = []
  @Option(help: "A repository, with --revision.") var repo: String?
  @Option(help: "The revision to judge, or a range A..B.") var revision: String?
  @Option(help: "Judge only what changed since this revision.") var base: String?
  @Option(help: "text, json, github or sarif.") var format: Format = .text

  func validate() throws {
    if repo == nil, paths.isEmpty { throw ValidationError("name a PATH, or --repo and --revision") }
    if repo != nil, !paths.isEmpty { throw ValidationError("name PATHs or --repo, not both") }
    if repo == nil, revision != nil || base != nil {
      throw ValidationError("--revision and --base need --repo")
    }
    if base != nil, revision?.contains("..") == true {
      throw ValidationError("give --base or a range, not both")
    }
  }

  func run() async throws {
    let configuration = try options.load()
    let logger = CommonOptions.silence
    let progress = JudgingProgress()
    let cache = try await BlockingCall.run { VerdictFolder.file(configuration) }
    let validator = Validator(
      limits: CheckerLimits(python: configuration.text("runtime.python")), cachePath: cache,
      width: max(2, ProcessInfo.processInfo.activeProcessorCount), progress: progress,
      logger: logger)
    let rules = ChangeReview.Rules(
      medium: MediumPolicy(rawValue: configuration.text("policy.medium")) ?? .warn,
      packages: configuration.allowedPackages)
    let bar = ProgressBar(progress)
    let answer: ValidationAnswer
    do {
      if let repo {
        let range = RevisionRange(
          revision ?? configuration.text("repositories.branch"), base: base)
        answer = try await .judging(
          repository: repo, range: range, rules: rules, validator: validator)
      } else {
        answer = try await .judging(paths: paths, rules: rules, validator: validator)
      }
    } catch {
      bar.stop()
      throw error
    }
    bar.stop()
    try print(answer)
    if answer.isRefused { throw ExitCode(3) }
  }

  private func print(_ answer: ValidationAnswer) throws {
    switch format {
    case .json: try Output.json(answer)
    case .sarif:
      try Output.json(SARIF(findings: answer.placedFindings, toolVersion: Version.text))
    case .github:
      Output.write(answer.placedFindings.map { GitHubAnnotations.line($0) + "\n" }.joined())
    case .text:
      let style = Output.style
      var text = ""
      for finding in answer.findings {
        let lines = FindingText.lines(
          finding, source: answer.sources[finding.path], style: style)
        text += lines.joined(separator: "\n") + "\n"
      }
      let refused = "\(answer.quarantined.count) would be quarantined"
      text += "checked \(answer.checked): "
      text += answer.isRefused ? style.paint(refused, .red) : style.paint(refused, .green)
      Output.write(text + "\n")
    }
  }
}

/// What is compared: a revision, and the one that it parted from.
struct RevisionRange: Sendable, Equatable {
  var revision: String
  var base: String?

  /// `A..B` and `A...B` are `B` with the base `A`; an end that is left out is HEAD.
  init(_ text: String, base: String?) {
    (revision, self.base) = (text, base)
    guard base == nil, let dots = text.range(of: "...") ?? text.range(of: "..") else { return }
    func end(_ part: Substring) -> String { part.isEmpty ? "HEAD" : String(part) }
    self.base = end(text[..<dots.lowerBound])
    revision = end(text[dots.upperBound...])
  }
}

/// The `validate` command's JSON. Source: contract, section 5.
struct ValidationAnswer: Encodable, Sendable {
  var checked = 0
  var findings: [Finding] = []
  var quarantined: [String] = []
  /// The files that findings are in, by path, for excerpts.
  var sources: [String: [UInt8]] = [:]
  /// What other programs put before a finding's path.
  var prefix = ""

  enum CodingKeys: CodingKey { case checked, findings, quarantined }

  var isRefused: Bool {
    !quarantined.isEmpty || findings.contains { $0.severity == .high }
  }

  /// The findings with the paths that a program in the current folder sees.
  var placedFindings: [Finding] {
    findings.map { finding in
      var finding = finding
      if !finding.path.isEmpty { finding.path = prefix + finding.path }
      return finding
    }
  }

  /// Judges working trees. Throws `AgentError` or `CheckerError`.
  static func judging(
    paths: [String], rules: ChangeReview.Rules, validator: Validator
  ) async throws -> ValidationAnswer {
    var answer = ValidationAnswer()
    for tree in try await WorkingTree.trees(at: paths, pool: BlockingCall.pool) {
      let revision = Revision(branch: "working-tree", commit: ObjectID.none)
      var judge = BranchJudge(
        revision: revision, mediumPolicy: rules.medium, packages: rules.packages,
        sparesModules: !tree.asksForModules)
      _ = try await judge.update(
        to: revision, changes: tree.changes, validator: validator, reading: tree.reading)
      answer.add(judge.state, where: tree.covers)
      answer.prefix = tree.prefix
      let places = answer.places
      let sources = await BlockingCall.pool.run {
        Dictionary(
          uniqueKeysWithValues: places.compactMap { path in
            tree.contents(of: path).map { (path, $0) }
          })
      }
      answer.sources.merge(sources) { $1 }
    }
    return answer
  }

  /// Judges a revision, or what changed up to it. Throws `GitError` or `CheckerError`.
  static func judging(
    repository path: String, range: RevisionRange, rules: ChangeReview.Rules, validator: Validator
  ) async throws -> ValidationAnswer {
    let (tip, start) = try await BlockingCall.run {
      let handle = try RepositoryHandle(path: path)
      let tip = try handle.resolve(range.revision)
      guard let base = range.base else { return (tip, nil as ObjectID?) }
      let start = try handle.resolve(base)
      return (tip, try handle.mergeBase(start, tip) ?? start)
    }
    let repository = ReviewedRepository(path: path)
    let review = try await ChangeReview.review(
      repository, branch: range.revision, from: start, to: tip,
      rules: rules, validator: validator, pool: BlockingCall.pool)
    var answer = ValidationAnswer()
    answer.checked = review.checked
    answer.findings = review.findings
    answer.quarantined = review.refused.map(\.name)
    answer.sources = try await SourceLines.read(review, in: repository)
    return answer
  }

  private mutating func add(_ state: BranchState, where include: (String) -> Bool) {
    for version in state.utilities.values where include(version.path) {
      checked += 1
      findings += version.findings
    }
    for refused in state.refused.values where include(refused.path) {
      checked += 1
      findings += refused.findings
      quarantined.append(refused.name)
    }
    findings += state.findings.filter { include($0.path) }
    findings = Array(Set(findings)).sorted()
    quarantined.sort()
  }

  /// The files that findings point into.
  private var places: Set<String> { Set(findings.filter { $0.line > 0 }.map(\.path)) }
}

/// The files that a review's findings point into.
enum SourceLines {
  /// Their bytes by path; a file that cannot be read has no excerpt. Throws `GitError`.
  static func read(
    _ review: ChangeReview, in repository: ReviewedRepository
  ) async throws -> [String: [UInt8]] {
    let places = Set(review.findings.filter { $0.line > 0 }.map(\.path))
    guard !places.isEmpty else { return [:] }
    return try await BlockingCall.run {
      let reader = try repository.reading()
      var sources: [String: [UInt8]] = [:]
      for path in places {
        guard let blob = review.blobs[PathKey(path)],
          case .bytes(let bytes) = reader.read(blob, limit: Validator.sourceLimit)
        else { continue }
        sources[path] = bytes
      }
      return sources
    }
  }
}
