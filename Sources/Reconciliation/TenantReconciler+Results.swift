import GitStore
import Logging
import UtilityModel

extension TenantReconciler {
  /// Writes where the branches stand into the repository: a note on each one's tip, and a ref to
  /// what runs. Writes nothing where that is there already, so that it may be called at each look.
  ///
  /// Branches are not touched and the refs are not watched, so that it never causes a look. A
  /// repository that cannot be written to is told of once in the log, and is no failure.
  func publishResults(_ repository: OpenRepository) async {
    guard context.settings.writesResults else { return }
    let branches = sorted(statuses)
    var problem: String?
    do {
      problem = try await context.pool.run {
        try repository.read { (handle) throws(GitError) in
          try Self.write(branches, into: handle)
        }
      }
    } catch {
      problem = "\(error)"
    }
    if let problem, problem != resultProblem {
      logger.notice(
        "results are not written into the repository", metadata: ["reason": "\(problem)"])
    }
    resultProblem = problem
  }

  /// Writes what is not there yet; gives why it may not, or nil. Blocks. Throws `GitError`.
  private static func write(
    _ branches: [BranchStatus], into handle: borrowing RepositoryHandle
  ) throws(GitError) -> String? {
    var notes: [ObjectID: ResultNote] = [:]
    var applied: [String: ObjectID] = [:]
    for status in branches {
      if let commit = status.applied.flatMap({ Revision($0)?.commit }),
        RevisionGate.isThere(commit, in: handle)
      {
        applied[ResultRef.applied(status.branch)] = commit
      }
      guard let tip = status.observed.flatMap({ Revision($0)?.commit }),
        RevisionGate.isThere(tip, in: handle)
      else { continue }
      var note =
        if let known = notes[tip] { known } else {
          ResultNote(try handle.resultNote(on: tip) ?? "")
        }
      note.tell(status)
      notes[tip] = note
    }
    var isWritable: Bool?
    for (commit, note) in notes where !note.blocks.isEmpty {
      guard try handle.resultNote(on: commit) != note.text else { continue }
      if isWritable == nil { isWritable = try !handle.isShared() }
      guard isWritable == true else { return shared }
      try handle.writeResultNote(note.text, on: commit)
    }
    for (name, commit) in applied.sorted(by: { $0.key < $1.key }) {
      if isWritable == nil, try handle.isShared() { return shared }
      try handle.setResultRef(name, to: commit)
    }
    return nil
  }

  private static let shared =
    "core.sharedRepository gives it to several users; set repositories.notes to off, or unset that"
}
