import UtilityModel

/// A branch's tree, judged, and kept up to date at a cost that follows the change.
///
/// Confined to its owner: one update at a time.
public struct BranchJudge: Sendable {
  /// The judged state.
  public private(set) var state: BranchState
  private(set) var inventory = Inventory()
  private var verdicts: [PathKey: (pair: Inventory.Unit, verdict: Verdict)] = [:]
  private(set) var graph = ModuleGraph()
  private(set) var settingsFindings: [Finding] = []
  /// What is found in sidecars alone whose name has its `.py` elsewhere: no standing of that name.
  private(set) var strays: [PathKey: [Finding]] = [:]
  /// Git LFS pointers among the files that are neither utilities nor shared modules.
  private(set) var pointers: Set<PathKey> = []
  private let operatorPolicy: MediumPolicy
  private let allowedPackages: PackageAllowList
  /// Whether only those shared modules are judged that some judged file needs, or that changed.
  private let sparesModules: Bool

  /// An empty tree of a branch, under the operator's `policy.medium` and `runtime.packages.allow`.
  ///
  /// `settings` is the `tenant.yaml` that was in force before: it stays where the tree's is refused.
  /// With `sparesModules`, a module that no judged utility needs is only known to be there.
  public init(
    revision: Revision, mediumPolicy: MediumPolicy, packages: PackageAllowList = .all,
    settings: ObjectID? = nil, sparesModules: Bool = false
  ) {
    allowedPackages = packages
    state = BranchState(revision: revision)
    state.settingsBlob = settings
    operatorPolicy = mediumPolicy
    self.sparesModules = sparesModules
  }

  /// `policy.medium` as the operator and the repository want it together.
  public var mediumPolicy: MediumPolicy {
    max(operatorPolicy, state.settings.mediumPolicy ?? .warn)
  }

  /// What an update touched.
  public struct Update: Sendable {
    /// The names whose standing may have changed, or nil when any may have (settings).
    public var names: Set<String>?
    /// The versions that were accepted before, of the names touched.
    public var replaced: [String: UtilityVersion]
    /// The modules that were accepted before, of the paths touched.
    public var replacedModules: [PathKey: SharedModule]
  }

  /// Takes the changes of a new revision over.
  ///
  /// Throws `TooManyFiles`, `CheckerError`, or what `reading` throws; the judge is then of no
  /// further use.
  public mutating func update(
    to revision: Revision, changes: [SourceChange], validator: Validator,
    reading: @escaping BlobReaderFactory
  ) async throws -> Update {
    let touched = inventory.apply(changes)
    guard inventory.count <= Inventory.limit else { throw TooManyFiles(count: inventory.count) }
    var update = Update(names: nil, replaced: [:], replacedModules: [:])
    for path in touched.modules { update.replacedModules[path] = state.modules[path] }
    var everything = false
    if touched.settings || (inventory.settings == nil && state.settingsBlob != nil) {
      let before = state.settings
      try await readSettings(validator, reading)
      everything = state.settings != before
    }
    if sparesModules {
      try await judgeUnits(touched.units, validator, reading)
      try await judgeNeededModules(of: touched.modules, validator, reading)
    } else {
      try await judgeModules(touched.modules, validator, reading)
      try await judgeUnits(touched.units, validator, reading)
    }

    pointers.subtract(touched.others.keys)
    let others = touched.others.values.compactMap { $0 }
    for entry in try await validator.pointers(among: others, reading: reading) {
      pointers.insert(PathKey(entry.path))
    }

    var keys = touched.units
    if everything {
      keys.formUnion(inventory.units.keys)
    } else if !touched.modules.isEmpty {
      keys.formUnion(verdicts.filter { !$0.value.verdict.imports.isEmpty }.keys)
    }
    for key in keys { strays[key] = nil }
    let names = Set(keys.map { SourcePath.name(of: $0) })
    for name in names {
      update.replaced[name] = state.utilities.removeValue(forKey: name)
      state.refused[name] = nil
    }
    // All units of the names: a name is taken away as a whole above.
    for name in names {
      for key in (inventory.namesakes[name.lowercased()] ?? []).sorted()
      where SourcePath.name(of: key) == name {
        assemble(key)
      }
      if let findings = state.refused[name]?.findings, findings.count > FindingLimits.utility {
        state.refused[name]?.findings = FindingLimits.bounded(findings)
      }
    }
    state.revision = revision
    state.findings = looseFindings()
    update.names = everything ? nil : names
    return update
  }

  /// Reads `tenant.yaml`. One with a finding of HIGH counts for nothing: what was in force stays,
  /// since settings that are lost would let through what they keep out.
  private mutating func readSettings(
    _ validator: Validator, _ reading: @escaping BlobReaderFactory
  ) async throws {
    settingsFindings = []
    guard let entry = inventory.settings else {
      (state.settings, state.settingsBlob) = (TenantSettings(), nil)
      return
    }
    if entry.kind == .file {
      let (settings, findings) = try await validator.settings(entry.id, reading: reading)
      settingsFindings = findings
      if !findings.contains(where: { $0.severity == .high }) {
        (state.settings, state.settingsBlob) = (settings, entry.id)
        return
      }
    } else {
      settingsFindings = [Self.odd(entry)]
    }
    guard let former = state.settingsBlob else { return }
    let (settings, findings) = try await validator.settings(former, reading: reading)
    // A rewrite and a garbage collection may have taken it: then the settings known so far stay.
    if !findings.contains(where: { $0.severity == .high }) { state.settings = settings }
  }

  private mutating func judgeModules(
    _ paths: Set<PathKey>, _ validator: Validator, _ reading: @escaping BlobReaderFactory
  ) async throws {
    var requests: [VerdictRequest] = []
    for path in paths.sorted() {
      guard let entry = inventory.modules[path] else {
        graph.modules[path] = nil
        state.modules[path] = nil
        continue
      }
      guard entry.kind == .file, entry.isValidPath else {
        graph.modules[path] = .init(
          entry: entry, filehash: nil, findings: [Self.odd(entry)], imports: [])
        state.modules[path] = nil
        continue
      }
      requests.append(
        VerdictRequest(
          kind: .module, path: path.text, blob: entry.id, sidecarPath: "", sidecar: nil))
    }
    let verdicts = try await validator.judge(requests, reading: reading)
    for (request, verdict) in zip(requests, verdicts) {
      let key = PathKey(request.path)
      guard let entry = inventory.modules[key] else { continue }
      let hash = Digest(hex: verdict.filehash)
      let findings = Self.placed(verdict.source, at: request.path)
      graph.modules[key] = .init(
        entry: entry, filehash: hash, findings: findings, imports: verdict.imports)
      state.modules[key] =
        findings.contains { $0.severity == .high }
        ? nil : hash.map { SharedModule(path: request.path, blob: entry.id, filehash: $0) }
    }
  }

  /// Takes all of `paths` as present, and judges those that the judged utilities reach.
  private mutating func judgeNeededModules(
    of paths: Set<PathKey>, _ validator: Validator, _ reading: @escaping BlobReaderFactory
  ) async throws {
    for path in paths {
      graph.modules[path] = inventory.modules[path].map {
        .init(entry: $0, filehash: nil, findings: [], imports: [])
      }
    }
    let roots = verdicts.values.flatMap(\.verdict.imports)
    try await judgeModules(reachedFrom: roots, validator, reading)
  }

  /// Judges what `imports` reach, module by module until nothing new is reached.
  private mutating func judgeModules(
    reachedFrom imports: [String], _ validator: Validator, _ reading: @escaping BlobReaderFactory
  ) async throws {
    var judged: Set<PathKey> = []
    while true {
      let next = Set(graph.closure(of: imports).paths).subtracting(judged)
      if next.isEmpty { return }
      try await judgeModules(next, validator, reading)
      judged.formUnion(next)
    }
  }

  /// What shared modules at `paths` bring to whoever imports them: their findings and those of the
  /// modules that they reach, and the names that nothing stands behind.
  ///
  /// Only for a judge that spares modules, after an update that had them. Throws `CheckerError`, or
  /// what `reading` throws.
  public mutating func consequences(
    ofModules paths: [String], validator: Validator, reading: @escaping BlobReaderFactory
  ) async throws -> (findings: [Finding], missing: [String]) {
    let paths = paths.map { PathKey($0) }
    try await judgeModules(Set(paths), validator, reading)
    let imports = paths.flatMap { graph.modules[$0]?.imports ?? [] }
    try await judgeModules(reachedFrom: imports, validator, reading)
    let (reached, missing) = graph.closure(of: imports)
    let findings = Set(reached).union(paths).flatMap { graph.modules[$0]?.findings ?? [] }
    return (Array(Set(findings)).sorted(), missing)
  }

  private mutating func judgeUnits(
    _ keys: Set<PathKey>, _ validator: Validator, _ reading: @escaping BlobReaderFactory
  ) async throws {
    var pending: [(key: PathKey, request: VerdictRequest)] = []
    for key in keys.sorted() {
      guard let unit = inventory.units[key], let source = unit.source, source.kind == .file else {
        verdicts[key] = nil
        continue
      }
      if verdicts[key]?.pair == unit { continue }
      let sidecar = unit.sidecar.flatMap { $0.kind == .file ? $0 : nil }
      pending.append(
        (
          key,
          VerdictRequest(
            kind: .utility, path: source.path, blob: source.id, sidecarPath: sidecar?.path ?? "",
            sidecar: sidecar?.id)
        ))
    }
    let results = try await validator.judge(pending.map(\.request), reading: reading)
    for ((key, _), verdict) in zip(pending, results) {
      guard let unit = inventory.units[key] else { continue }
      verdicts[key] = (unit, verdict)
    }
  }

  /// Puts one unit where it belongs: accepted or refused.
  private mutating func assemble(_ key: PathKey) {
    guard let unit = inventory.units[key] else { return }
    let name = SourcePath.name(of: key)
    let path = unit.source?.path ?? unit.sidecar?.path ?? key.text
    var findings = formFindings(unit, key: key, name: name, path: path)
    if unit.source == nil, !twins(of: key, name: name).isEmpty {
      strays[key] = findings
      return
    }
    let verdict = verdicts[key]?.verdict
    var accepted: [Finding] = []
    var modulePaths: [String] = []
    if let verdict {
      findings += Self.placed(verdict.sidecar, at: unit.sidecar?.path ?? path)
      for (package, place) in zip(verdict.metadata?.packages ?? [], verdict.packagePlaces)
      where !allowedPackages.allows(package) {
        findings.append(
          Finding(
            path: unit.sidecar?.path ?? path, line: place.line, column: place.column,
            rule: .packageNotAllowed, message: "the package `\(package)` is not allowed here",
            hint: "use one of runtime.packages.allow (\(allowedPackages)), or ask the operator"))
      }
      var code = Self.placed(verdict.source, at: path)
      let (paths, missing) = graph.closure(of: verdict.imports)
      modulePaths = paths.map(\.text)
      for path in paths { code += graph.modules[path]?.findings ?? [] }
      code += missing.map { module in
        Finding(
          path: path, rule: .moduleMissing, message: "the shared module `\(module)` is not there",
          hint:
            "add \(module.split(separator: ".").joined(separator: "/")).py, or correct the import")
      }
      for finding in code {
        if finding.severity == .high || refuses(finding, verdict.metadata) {
          findings.append(finding)
        } else {
          accepted.append(finding)
        }
      }
    }
    if findings.isEmpty, let verdict, let source = unit.source, let sidecar = unit.sidecar,
      let metadata = verdict.metadata, let filehash = Digest(hex: verdict.filehash),
      let metahash = Digest(hex: verdict.metahash)
    {
      state.utilities[name] = UtilityVersion(
        name: name, path: source.path, blob: source.id, sidecarPath: sidecar.path,
        sidecarBlob: sidecar.id, filehash: filehash, metahash: metahash, metadata: metadata,
        findings: FindingLimits.bounded(accepted.sorted()), modules: modulePaths,
        packagePlaces: verdict.packagePlaces)
    } else {
      // Namesakes in two folders share one standing.
      let others = state.refused[name]?.findings ?? []
      state.refused[name] = RefusedUtility(
        name: name, path: state.refused[name]?.path ?? path,
        blob: state.refused[name]?.blob ?? unit.source?.id,
        findings: Array(Set(others + findings + accepted)).sorted())
    }
  }

  private func refuses(_ finding: Finding, _ metadata: Metadata?) -> Bool {
    switch mediumPolicy {
    case .warn: false
    case .acknowledge: metadata?.acknowledge.contains(finding.rule) != true
    case .block: true
    }
  }
}
