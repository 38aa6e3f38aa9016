import Concurrency
import GitStore
import UtilityModel
import Validation

/// What a change from one commit to another asks for, judged at a cost that follows the change.
///
/// The rest of the tree is looked at only as far as it bears on the change: the names in it, the
/// shared modules that the changed utilities need, the tenant's settings. Where a change reaches
/// utilities that it does not touch (a shared module that is refused or removed, a stricter
/// `tenant.yaml`), all of both trees is judged.
public struct ChangeReview: Sendable {
  /// The judged commit on its branch.
  public var revision: Revision
  /// How many utilities were judged.
  public var checked = 0
  /// Everything that was found in what changed and in what it breaks, sorted.
  public var findings: [Finding] = []
  /// The utilities that would be refused, sorted by name.
  public var refused: [RefusedUtility] = []
  /// What happens to utilities, sorted by name.
  public var changes: [UtilityChange] = []
  /// The utilities that the branch would not serve any more, sorted: removed, or a draft from now on.
  public var withdrawn: [String] = []
  /// The blobs of the files that findings may be in, by path.
  public var blobs: [PathKey: ObjectID] = [:]

  /// Whether an approved branch must not take the change: something would be quarantined, or a
  /// file that belongs to no utility is refused.
  public var isRefused: Bool {
    !refused.isEmpty || findings.contains { $0.severity == .high }
  }

  /// What a review goes by.
  public struct Rules: Sendable {
    /// The operator's `policy.medium`.
    public var medium: MediumPolicy
    /// `runtime.packages.allow`.
    public var packages: PackageAllowList

    /// Rules by their parts.
    public init(medium: MediumPolicy, packages: PackageAllowList = .all) {
      self.medium = medium
      self.packages = packages
    }
  }

  /// Reviews what changed from `base` to `tip`; everything in `tip` where there is no `base`.
  ///
  /// Git is read on `pool`. Throws `GitError` or `CheckerError`.
  public static func review(
    _ repository: ReviewedRepository, branch: String, from base: ObjectID?, to tip: ObjectID,
    rules: Rules, validator: Validator, pool: BlockingPool
  ) async throws -> ChangeReview {
    let trees = try await pool.run { () throws(GitError) in
      try repository.read { (handle) throws(GitError) in
        try ReviewedTrees(in: handle, base: base, tip: tip)
      }
    }
    var review = ChangeReview(revision: Revision(branch: branch, commit: tip))
    guard !trees.changes.isEmpty else { return review }
    var judge = BranchJudge(
      revision: review.revision, mediumPolicy: rules.medium, packages: rules.packages,
      sparesModules: base != nil)
    let sources = trees.sources
    _ = try await judge.update(
      to: review.revision, changes: sources, validator: validator, reading: repository.reading)
    var names = trees.names
    if let base,
      try await reachesOthers(trees, &judge, validator: validator, reading: repository.reading)
    {
      let (state, affected) = try await judgeAll(
        repository, branch: branch, from: base, to: tip, rules: rules, validator: validator,
        pool: pool)
      names.formUnion(affected)
      review.fill(from: state, names: names, trees: trees, rules: rules)
    } else {
      review.fill(from: judge.state, names: names, trees: trees, rules: rules)
    }
    try await review.compare(
      trees, repository, hasBase: base != nil, validator: validator, pool: pool)
    for source in sources { review.blobs[PathKey(source.path)] = source.entry?.id }
    review.findings = Array(Set(review.findings)).sorted()
    return review
  }

  /// Whether utilities that the change does not touch may stand otherwise after it.
  private static func reachesOthers(
    _ trees: ReviewedTrees, _ judge: inout BranchJudge, validator: Validator,
    reading: @escaping BlobReaderFactory
  ) async throws -> Bool {
    let modules = trees.changes.filter {
      $0.path.hasBytes(before: "lib/") && $0.path.hasBytes(after: ".py")
    }
    if modules.contains(where: { $0.new?.mode.isFile != true }) { return true }
    let policy = judge.mediumPolicy
    if policy != .warn, trees.changes.contains(where: { $0.path == "tenant.yaml" }) { return true }
    let (findings, missing) = try await judge.consequences(
      ofModules: modules.map(\.path), validator: validator, reading: reading)
    return !missing.isEmpty
      || findings.contains { $0.severity == .high || policy != .warn }
  }

  /// Judges both trees whole: the newer state, and the names that stand otherwise in it.
  private static func judgeAll(
    _ repository: ReviewedRepository, branch: String, from base: ObjectID, to tip: ObjectID,
    rules: Rules, validator: Validator, pool: BlockingPool
  ) async throws -> (state: BranchState, affected: Set<String>) {
    func entries(_ from: ObjectID?, _ to: ObjectID) async throws -> [SourceChange] {
      try await pool.run { () throws(GitError) in
        try repository.read { (handle) throws(GitError) in
          try GitObserver.changes(in: handle, from: from, to: to)
        }
      }
    }
    var judge = BranchJudge(
      revision: Revision(branch: branch, commit: base), mediumPolicy: rules.medium,
      packages: rules.packages)
    _ = try await judge.update(
      to: judge.state.revision, changes: try await entries(nil, base), validator: validator,
      reading: repository.reading)
    let before = judge.state.refused
    _ = try await judge.update(
      to: Revision(branch: branch, commit: tip), changes: try await entries(base, tip),
      validator: validator, reading: repository.reading)
    let affected = judge.state.refused.filter { before[$0.key]?.findings != $0.value.findings }
    return (judge.state, Set(affected.keys))
  }

  private mutating func fill(
    from state: BranchState, names: Set<String>, trees: ReviewedTrees, rules: Rules
  ) {
    for name in names.sorted() {
      switch Standing(of: name, in: state) {
      case .absent: continue
      case .accepted(let version):
        findings += version.findings
        // A sidecar alone in another folder is refused beside the utility of its name.
        if let refusal = state.refused[name] {
          findings += refusal.findings
          refused.append(refusal)
        }
      case .refused(let refusal):
        findings += refusal.findings
        refused.append(refusal)
      }
      checked += 1
    }
    let changed = Set(trees.changes.map { PathKey($0.path) })
    findings += state.findings.filter { changed.contains(PathKey($0.path)) }
  }

  /// Adds what happens to the utilities by name, and what that breaks.
  private mutating func compare(
    _ trees: ReviewedTrees, _ repository: ReviewedRepository, hasBase: Bool, validator: Validator,
    pool: BlockingPool
  ) async throws {
    let (before, after) = trees.utilities
    guard hasBase else {
      changes = after.keys.sorted().map { UtilityChange(kind: .create, name: $0) }
      return
    }
    let reading = repository.reading
    func interfaces(_ files: [String: UtilityFiles]) async throws -> [String: UtilityInterface] {
      let found = try await validator.interfaces(
        of: files.values.sorted { $0.path < $1.path }, reading: reading)
      return Dictionary(found.map { ($0.name, $0) }) { first, _ in first }
    }
    let gone = before.filter { after[$0.key] == nil }
    let fresh = after.filter { before[$0.key] == nil }
    let head = before.isEmpty ? [:] : try await interfaces(after)
    let declared = head.compactMapValues { $0.metadata?.renamedFrom }
    let renames = try await pool.run { () throws(GitError) in
      try repository.read { (handle) throws(GitError) in
        try RenamePairs.find(in: handle, gone: gone, fresh: fresh, declared: declared)
      }
    }
    let base = before.isEmpty ? [:] : try await interfaces(before)
    if !before.isEmpty {
      findings += BreakingChange.findings(base: base, head: head, renames: renames)
    }
    let former = Set(renames.values)
    for name in after.keys {
      let kind: PlannedChange.Kind =
        before[name] != nil ? .update : renames[name] != nil ? .rename : .create
      changes.append(UtilityChange(kind: kind, name: name, from: renames[name]))
    }
    for name in gone.keys where !former.contains(name) {
      changes.append(UtilityChange(kind: .remove, name: name))
    }
    changes.sort { ($0.name, $0.kind.rawValue) < ($1.name, $1.kind.rawValue) }
    withdrawn = changes.compactMap { change in
      let former = base[change.kind == .rename ? change.from ?? "" : change.name]
      guard change.kind != .create, former?.metadata?.draft != true else { return nil }
      let isDraft = head[change.name]?.metadata?.draft == true
      return change.kind == .remove || isDraft ? change.name : nil
    }
  }
}
