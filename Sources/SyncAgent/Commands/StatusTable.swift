import UtilityModel

/// Where tenants stand, as lines for people.
struct StatusTable {
  private static let head = [
    "TENANT", "BRANCH", "PHASE", "APPLIED", "RELEASE", "QUARANTINED", "NOTE",
  ]
  private static let gap = "  "
  /// Below this many columns of text, a note says nothing.
  private static let shortestNote = 12

  private let rows: [(cells: [String], phase: SyncPhase?)]

  /// A table of all branches, the tenants in the order given.
  init(_ statuses: [TenantStatus]) {
    var rows: [(cells: [String], phase: SyncPhase?)] = [(Self.head, nil)]
    for tenant in statuses {
      for branch in tenant.branches {
        var cells = Self.cells(tenant.tenantcode, branch)
        if branch.branch == tenant.branches.first?.branch, let error = tenant.upstream?.error {
          cells[6] = Self.visible("upstream: \(error)") + (cells[6].isEmpty ? "" : "; " + cells[6])
        }
        rows.append((cells, branch.phase))
      }
    }
    self.rows = rows
  }

  private static func cells(_ tenant: String, _ branch: BranchStatus) -> [String] {
    let applied = branch.applied.flatMap { Revision($0)?.commit.hex.prefix(12) }
    let refused = branch.report?.quarantined.map(\.name) ?? []
    return [
      tenant, branch.branch, branch.phase.rawValue, applied.map(String.init) ?? "-",
      branch.release.isEmpty ? "-" : String(branch.release.prefix(12)), "\(refused.count)",
      note(branch, refused),
    ].map { visible($0) }
  }

  /// What a person has to know or do.
  private static func note(_ branch: BranchStatus, _ refused: [String]) -> String {
    let reason: [String] =
      if let suspension = branch.suspension {
        [
          "suspended by \(suspension.actor)"
            + (suspension.reason.isEmpty ? "" : ": \(suspension.reason)")
        ]
      } else if let reason = branch.report?.held?.reason ?? branch.report?.error {
        [reason]
      } else {
        refused
      }
    let rolledBack = (branch.rollbacks ?? [:]).sorted { $0.key < $1.key }.map { name, rollback in
      "\(name) is rolled back to "
        + "\(Revision(rollback.revision).map { String($0.commit.hex.prefix(12)) } ?? "?") by "
        + rollback.actor
    }
    return (reason + rolledBack).joined(separator: ", ")
  }

  /// The table's lines; none is wider than `width` columns where that is given.
  func lines(width: Int?, coloured: Bool) -> [String] {
    guard rows.count > 1 else {
      return ["no tenants: `sync-agent tenant add TENANT` makes one"]
    }
    var widths = Self.head.indices.map { column in
      rows.map { $0.cells[column].count }.max() ?? 0
    }
    if let width { Self.fit(&widths, into: width) }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.cells.enumerated() where widths[column] > 0 {
        let isLast = column == row.cells.count - 1
        let text = Self.cut(cell, to: widths[column])
        let padded =
          isLast ? text : text + String(repeating: " ", count: widths[column] - text.count)
        let shown =
          coloured && column == 2 ? row.phase.map { Output.coloured(padded, $0) } ?? padded : padded
        line += (line.isEmpty ? "" : Self.gap) + shown
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  /// Narrows the columns: the note first, then the release, then the tenant's name.
  private static func fit(_ widths: inout [Int], into width: Int) {
    func excess() -> Int {
      let shown = widths.filter { $0 > 0 }
      return shown.reduce(0, +) + gap.count * max(0, shown.count - 1) - width
    }
    for (column, least) in [(6, shortestNote), (6, 0), (4, 0), (5, 0), (3, 7), (0, 8), (1, 6)] {
      guard excess() > 0 else { return }
      widths[column] = least == 0 ? 0 : min(widths[column], max(least, widths[column] - excess()))
    }
  }

  private static func cut(_ text: String, to width: Int) -> String {
    guard text.count > width else { return text }
    return width > 1 ? String(text.prefix(width - 1)) + "…" : String(text.prefix(width))
  }

  /// The text without line breaks and without what would drive the terminal.
  private static func visible(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: result += " "
      case .format: continue
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
