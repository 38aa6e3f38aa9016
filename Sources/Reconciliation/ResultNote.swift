import UtilityModel

/// What a git note says of a commit: a block of lines for each branch, and nothing that changes
/// when nothing happened, so that writing it again is no change.
public struct ResultNote: Equatable, Sendable {
  /// The lines of each branch by its name; the first one has the outcome, the others are indented.
  private(set) var blocks: [String: [String]] = [:]

  private static let outcomes = ["applied", "quarantined", "held"]
  private static let lineLimit = 100

  /// An empty note.
  init() {}

  /// Reads what was written before; lines that no agent writes are dropped.
  public init(_ text: String) {
    var branch: String?
    for line in text.split(separator: "\n").prefix(10 * Self.lineLimit) {
      if line.hasPrefix("  ") {
        if let branch { blocks[branch]?.append(String(line)) }
      } else if let colon = line.lastIndex(of: ":"),
        Self.outcomes.contains(String(line[colon...].dropFirst(2)))
      {
        branch = String(line[..<colon])
        blocks[String(line[..<colon])] = [String(line)]
      } else {
        branch = nil
      }
    }
  }

  /// Whether the commit was applied to a branch, at least in part.
  public func tellsOfApplying(to branch: String) -> Bool {
    ["applied", "quarantined"].contains { blocks[branch]?.first == "\(branch): \($0)" }
  }

  /// Tells where a branch stands now, instead of what was told of it before.
  mutating func tell(_ status: BranchStatus) {
    var lines: [String] = []
    switch status.phase {
    case .synced: lines.append("\(status.branch): applied")
    case .degraded:
      lines.append("\(status.branch): quarantined")
      for utility in status.report?.quarantined ?? [] {
        for finding in utility.findings where finding.severity == .high {
          lines.append("  \(utility.name): " + Self.told(finding))
        }
      }
      lines += (status.report?.settingsFindings ?? []).map { "  " + Self.told($0) }
    case .held:
      lines.append("\(status.branch): held")
      lines.append("  \(status.report?.held?.reason ?? "")")
    case .syncing, .failed, .suspended: return
    }
    for (name, rollback) in (status.rollbacks ?? [:]).sorted(by: { $0.key < $1.key })
    where rollback.state == .applied {
      lines.append("  \(name): rolled back to \(rollback.revision)")
    }
    if lines.count > Self.lineLimit {
      let more = lines.count - Self.lineLimit
      lines = lines.prefix(Self.lineLimit) + ["  and \(more) more findings"]
    }
    blocks[status.branch] = lines.map(Self.printable)
  }

  private static func told(_ finding: Finding) -> String {
    "\(finding.path):\(finding.line):\(finding.column): \(finding.rule): \(finding.message)"
  }

  /// The note's text, in the order of the branches' names.
  var text: String {
    blocks.sorted { $0.key < $1.key }.flatMap(\.value).joined(separator: "\n") + "\n"
  }

  /// A line without anything that a terminal would obey: others wrote parts of it.
  private static func printable(_ line: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in line.unicodeScalars.prefix(1000) {
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator, .privateUse:
        result.append("?")
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}
