import GitStore
import UtilityModel
import Validation

/// What git says of one tenant's repository. Every function blocks.
enum GitObserver {
  /// The top-level names of a tree that matter.
  static let roots = ["utils", "lib", "tenant.yaml"]

  /// The tips of both branches, nil where there is none.
  struct Heads: Sendable, Equatable {
    var approved: ObjectID?
    /// What is to be judged of the trial branch: not its tip where that cannot be read.
    var trial: ObjectID?
    /// Why the trial branch stays where it was, or nil.
    var trialProblem: TrialProblem?
    var isEmpty = false
    /// Why the approved branch's tip is not to be applied, or nil.
    var held: HeldRevision?
    /// Whether the repository has the applied revision.
    var hasApplied = true
  }

  /// The trial branch's tip, or what makes it unreadable.
  struct TrialProblem: Sendable, Equatable {
    /// The tip, where there is one.
    var head: ObjectID?
    /// What is wrong with it.
    var reason: String

    /// Nil for an error that is not about what was pushed to the branch.
    init?(_ error: any Error, head: ObjectID?) {
      switch error {
      case let error as GitError where [.corrupt, .tooLarge].contains(error.code): break
      case is TooManyFiles: break
      default: return nil
      }
      self.head = head
      reason = "\(error)"
    }
  }

  /// The tips. Whoever may push to the trial branch does not stop the approved one: where its ref
  /// cannot be read, `lastTrial` stands for it.
  static func heads(
    in handle: borrowing RepositoryHandle, approved: String, trial: String, lastTrial: ObjectID?
  ) throws(GitError) -> Heads {
    var heads = Heads(approved: try handle.commit(ofBranch: approved))
    do throws(GitError) {
      heads.trial = try handle.commit(ofBranch: trial)
    } catch {
      guard let problem = TrialProblem(error, head: nil) else { throw error }
      heads.trial = lastTrial
      heads.trialProblem = problem
    }
    if heads.approved == nil, heads.trial == nil, heads.trialProblem == nil {
      heads.isEmpty = try handle.branches().isEmpty
    }
    return heads
  }

  /// What changed between two commits; nil as `from` gives everything.
  static func changes(
    in handle: borrowing RepositoryHandle, from: ObjectID?, to: ObjectID
  ) throws(GitError) -> [SourceChange] {
    let tree = try handle.commit(to).tree
    guard let from else {
      var changes: [SourceChange] = []
      for file in try handle.files(in: tree, under: roots) {
        changes.append(SourceChange(path: file.path, entry: entry(file)))
      }
      return changes
    }
    let old = try handle.commit(from).tree
    return try handle.changes(from: old, to: tree, under: roots).map { change in
      SourceChange(path: change.path, entry: change.new.map(entry))
    }
  }

  /// The candidates among `fresh` and `gone` (name to blob) whose files are at least half alike.
  ///
  /// Bounded: beyond a quarter of a million pairs only files that are equal are compared.
  static func renames(
    in handle: borrowing RepositoryHandle, fresh: [String: ObjectID], gone: [String: ObjectID]
  ) throws(GitError) -> [RenameCandidate] {
    var candidates: [RenameCandidate] = []
    let compares = fresh.count * gone.count <= 250_000
    var signatures: [ObjectID: ContentSignature] = [:]
    for (to, blob) in fresh {
      for (from, old) in gone {
        if blob == old {
          candidates.append(RenameCandidate(to: to, from: from, score: 100))
        } else if compares {
          let score = try signature(of: old, in: handle, &signatures)
            .similarity(to: signature(of: blob, in: handle, &signatures))
          if score >= 50 {
            candidates.append(RenameCandidate(to: to, from: from, score: min(score, 99)))
          }
        }
      }
    }
    return candidates
  }

  private static func signature(
    of id: ObjectID, in handle: borrowing RepositoryHandle,
    _ signatures: inout [ObjectID: ContentSignature]
  ) throws(GitError) -> ContentSignature {
    if let known = signatures[id] { return known }
    var bytes: [UInt8] = []
    do throws(GitError) {
      bytes = try handle.blob(id, limit: 1 << 20)
    } catch {
      // A file too large, or one that a garbage collection took: no candidate.
      guard [.tooLarge, .notFound, .corrupt].contains(error.code) else { throw error }
    }
    let signature = ContentSignature(bytes)
    signatures[id] = signature
    return signature
  }

  static func entry(_ file: TreeFile) -> SourceEntry {
    let kind: SourceEntry.Kind =
      switch file.mode {
      case .regular, .executable: .file
      case .symlink: .symbolicLink
      case .submodule: .submodule
      }
    return SourceEntry(path: file.path, id: file.id, kind: kind, isValidPath: file.validPath)
  }
}
