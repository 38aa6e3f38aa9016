import CatalogAPI
import GitStore
import Reconciliation
import UtilityModel

/// What became of a commit: the branches' states, and git for what lies between.
struct CommitFateFinder: Sendable {
  let board: StatusBoard
  let reconciler: Reconciler
  let reader: GitReader
  private let ancestry = AncestryCache()

  init(board: StatusBoard, reconciler: Reconciler, reader: GitReader) {
    self.board = board
    self.reconciler = reconciler
    self.reader = reader
  }

  /// The fate of the commit that `sha` names in full or in short; nil where the tenant is unknown.
  /// Throws `GitReadRefusal`.
  func fate(of sha: String, in tenant: TenantCode) async throws -> CommitFate? {
    guard let status = board.status(of: tenant) else { return nil }
    let path = await reconciler.repositories()[tenant]
    let search = CommitSearch(sha: sha, status: status, path: path, ancestry: ancestry)
    return try await reader.run(for: tenant) { try search.fate() }
  }
}

/// The search for one commit in one tenant's repository.
struct CommitSearch: Sendable {
  let sha: String
  let status: TenantStatus
  /// The repository, nil where it is gone.
  let path: String?
  var ancestry = AncestryCache()

  /// The commit's fate. Blocks. Throws `GitReadRefusal.ambiguous`: what cannot be read is told in
  /// the reason.
  func fate() throws -> CommitFate {
    guard let path else { return unknown("the tenant's repository is gone") }
    do {
      let handle = try RepositoryHandle(path: path)
      guard let commit = try GitReader.commit(sha, in: handle) else {
        return unknown("the repository has no such commit")
      }
      for branch in status.branches {
        if let fate = try fate(of: commit, on: branch, handle) { return fate }
      }
      return try former(commit, handle) ?? unknown("no watched branch has it", commit.hex)
    } catch let error as GitError {
      return unknown("the repository cannot be read: \(error.cause)")
    }
  }

  private func unknown(_ reason: String, _ sha: String? = nil) -> CommitFate {
    CommitFate(sha: sha ?? self.sha, state: .unknown, branch: "", revision: "", reason: reason)
  }

  /// The fate of a commit that a branch has, nil where it has not.
  private func fate(
    of commit: ObjectID, on branch: BranchStatus, _ handle: borrowing RepositoryHandle
  ) throws(GitError) -> CommitFate? {
    func fate(_ state: CommitFate.State, _ reason: String) -> CommitFate {
      CommitFate(
        sha: commit.hex, state: state, branch: branch.branch, revision: branch.applied ?? "",
        reason: reason)
    }
    let applied = branch.applied.flatMap { Revision($0)?.commit }
    if commit == applied {
      let refused = Self.refused(branch.report)
      let rolledBack = (branch.rollbacks ?? [:]).keys.sorted()
      let besides =
        rolledBack.isEmpty ? "" : "; rolled back: \(rolledBack.joined(separator: ", "))"
      guard let report = branch.report, !refused.isEmpty else {
        return fate(.applied, "it is what runs" + besides)
      }
      let names = refused.joined(separator: ", ")
      return Self.touchesRefused(commit, report, handle)
        ? fate(.quarantined, "applied but for \(names)" + besides)
        : fate(.applied, "it is what runs; still refused: \(names)" + besides)
    }
    if let applied, try Self.isThere(applied, handle),
      try ancestry.isAncestor(commit, of: applied, in: handle)
    {
      return fate(.superseded, "\(applied.hex.prefix(12)) is newer and runs")
    }
    guard let head = try handle.commit(ofBranch: branch.branch), head != applied,
      try ancestry.isAncestor(commit, of: head, in: handle)
    else { return nil }
    if branch.phase == .held, let held = branch.report?.held,
      let observed = branch.observed.flatMap({ Revision($0)?.commit }),
      try Self.isThere(observed, handle),
      try ancestry.isAncestor(commit, of: observed, in: handle)
    {
      return fate(.held, held.reason)
    }
    if status.status == .suspended {
      return fate(
        .pending,
        "the tenant is suspended: `sync-agent tenant resume \(status.tenantcode)` lets it go on")
    }
    return fate(.pending, branch.report?.error ?? "it is about to be applied")
  }

  /// Whether the repository has a commit: a rewrite and a garbage collection may have taken it.
  private static func isThere(
    _ commit: ObjectID, _ handle: borrowing RepositoryHandle
  ) throws(GitError) -> Bool {
    try handle.commit(named: commit.hex) != nil
  }

  // MARK: What is refused

  /// The refused utilities by name, and `tenant.yaml` where that is refused.
  private static func refused(_ report: SyncReport?) -> [String] {
    guard let report else { return [] }
    return report.quarantined.map(\.name) + (report.refusesSettings ? ["tenant.yaml"] : [])
  }

  /// Whether a commit changes, against its first parent, files on which it depends what is refused;
  /// also where git cannot tell.
  private static func touchesRefused(
    _ commit: ObjectID, _ report: SyncReport, _ handle: borrowing RepositoryHandle
  ) -> Bool {
    let changes: [TreeChange]
    do throws(GitError) {
      let parent = try handle.commit(commit).parents.first
      changes = try handle.changes(
        from: parent, to: commit, under: ["utils", "lib", "tenant.yaml"])
    } catch {
      return true
    }
    let names = Set(report.quarantined.map(\.name))
    let findings = report.quarantined.flatMap(\.findings)
    let paths = Set((findings + report.settingsFindings).map { PathKey($0.path) })
    // Which module leads to the one with the finding is not told: any may.
    let needsModules = findings.contains {
      $0.path.hasBytes(before: "lib/") || $0.rule == Rule.moduleMissing.rawValue
    }
    // Refused by `policy.medium` alone, which `tenant.yaml` may have tightened.
    let followsPolicy = report.quarantined.contains { utility in
      utility.findings.allSatisfy { $0.severity == .medium }
    }
    return changes.contains { change in
      if paths.contains(PathKey(change.path)) { return true }
      if change.path == "tenant.yaml" { return followsPolicy }
      if change.path.hasBytes(before: "lib/") { return needsModules }
      return utilityName(of: change.path).map(names.contains) ?? false
    }
  }

  /// The name of the utility that a file below `utils/` belongs to, or nil.
  private static func utilityName(of path: String) -> String? {
    let file = path.split(separator: "/").last ?? ""
    guard let dot = file.lastIndex(of: "."),
      [".py", ".yaml", ".yml"].contains(String(file[dot...]))
    else { return nil }
    return UtilityName.of(stem: file[..<dot])
  }

  // MARK: What was rewritten

  /// Up to so many notes are looked through for a commit that has none itself.
  private static let noteLimit = 2000

  /// The fate of a commit that no branch has any more, and that the agent's notes say was applied: by
  /// itself, or with a later one.
  private func former(
    _ commit: ObjectID, _ handle: borrowing RepositoryHandle
  ) throws(GitError) -> CommitFate? {
    func fate(_ branch: BranchStatus, _ what: String) -> CommitFate {
      CommitFate(
        sha: commit.hex, state: .superseded, branch: branch.branch,
        revision: branch.applied ?? "",
        reason: "\(what); \(branch.branch) was rewritten and does not have it any more")
    }
    if let note = try handle.resultNote(on: commit).map({ ResultNote($0) }),
      let branch = status.branches.first(where: { note.tellsOfApplying(to: $0.branch) })
    {
      return fate(branch, "it was applied")
    }
    var applied: [String: [ObjectID]] = [:]
    for id in try handle.notedCommits(limit: Self.noteLimit) {
      guard try Self.isThere(id, handle),
        let note = try handle.resultNote(on: id).map({ ResultNote($0) })
      else { continue }
      for branch in status.branches where note.tellsOfApplying(to: branch.branch) {
        applied[branch.branch, default: []].append(id)
      }
    }
    for branch in status.branches {
      guard let tips = applied[branch.branch], try handle.isAncestor(commit, ofAny: tips) else {
        continue
      }
      return fate(branch, "it was applied with a later commit")
    }
    return nil
  }
}
