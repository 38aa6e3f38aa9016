import Catalog
import UtilityModel

/// Compares what git says with what the catalog has. Pure and total: values in, values out.
///
/// Source: contract, sections 3 and 8.
public enum Planner {
  /// The plan that makes the catalog what the branches say.
  public static func plan(_ input: PlanInput) -> Plan {
    var planning = Planning(input: input)
    planning.run()
    return planning.plan
  }

  /// The names that a plan looks at, sorted: the scope and whatever shares a number with it.
  static func names(of input: PlanInput) -> [String] { Planning(input: input).scopedNames() }
}

/// One run of the planner.
private struct Planning {
  let input: PlanInput
  var plan = Plan()

  init(input: PlanInput) { self.input = input }

  private func approved(_ name: String) -> Standing {
    Standing(of: name, in: input.approved, missing: input.missingPackages)
  }

  private func trial(_ name: String) -> Standing {
    Standing(of: name, in: input.trial, missing: input.missingPackages)
  }

  mutating func run() {
    plan.notes = input.historyNotes + (input.lineage?.notes ?? [])
    let names = scopedNames()
    let assignment = IdentityAssignment(
      names: names, input: input, approved: approved, trial: trial)
    var subjects: [EntryIdentity: Subject] = [:]
    for (name, identity) in assignment.approved.sorted(by: { $0.key < $1.key }) {
      subjects[identity, default: Subject()].approved = name
    }
    for (name, identity) in assignment.trial.sorted(by: { $0.key < $1.key }) {
      subjects[identity, default: Subject()].trial = name
    }
    // Numbers whose names all went.
    for name in names {
      for entry in input.observed.entries(named: name) where entry.status != .inactive {
        let identity = EntryIdentity.existing(entry.id)
        if subjects[identity] == nil { subjects[identity] = Subject() }
      }
    }
    for id in input.identities.values.flatMap(\.values) where subjects[.existing(id)] == nil {
      subjects[.existing(id)] = Subject()
    }
    var settlement = Settlement()
    for (identity, subject) in subjects.sorted(by: { Self.order($0.key) < Self.order($1.key) }) {
      settlement.wishes.append(wish(identity, subject))
    }
    settlement.settle(&plan.notes)
    for wish in settlement.wishes { settle(wish) }
    keepIdentities(settlement.wishes, names: names)
    plan.changes.sort { ($0.name, $0.kind.rawValue) < ($1.name, $1.kind.rawValue) }
    plan.notes.sort { ($0.name, $0.message) < ($1.name, $1.message) }
    listRefusals()
  }

  private static func order(_ identity: EntryIdentity) -> (Int, Int) {
    switch identity {
    case .existing(let id): (0, Int(id))
    case .new(let index): (1, index)
    }
  }

  /// The names to plan, sorted: the scope and whatever shares a number with it.
  func scopedNames() -> [String] {
    guard var scope = input.scope else {
      var all = Set(input.observed.names)
      all.formUnion(input.approved.utilities.keys)
      all.formUnion(input.approved.refused.keys)
      all.formUnion(input.trial?.utilities.keys.map { $0 } ?? [])
      all.formUnion(input.trial?.refused.keys.map { $0 } ?? [])
      return all.sorted()
    }
    for candidate in input.renames { scope.formUnion([candidate.to, candidate.from]) }
    for (name, id) in input.identities.values.joined() {
      scope.insert(name)
      for status in EntryStatus.allCases {
        if let entry = input.observed[id, status] { scope.insert(entry.name) }
      }
    }
    // Drafts that have no entry because one of the trial branch stands for them.
    if input.trial != nil || input.hadTrial {
      for version in input.approved.utilities.values
      where version.metadata.draft && input.observed.liveID(version.name) == nil {
        scope.insert(version.name)
      }
    }
    for name in scope where input.observed.liveID(name) == nil {
      for branch in [input.approved, input.trial].compactMap({ $0 }) {
        if let from = branch.utilities[name]?.metadata.renamedFrom { scope.insert(from) }
      }
    }
    var waiting = Array(scope)
    while let name = waiting.popLast() {
      for entry in input.observed.entries(like: name) {
        for status in EntryStatus.allCases {
          guard let sibling = input.observed[entry.id, status] else { continue }
          if scope.insert(sibling.name).inserted { waiting.append(sibling.name) }
        }
      }
    }
    return scope.sorted()
  }

  /// What the branches want of one utility.
  private mutating func wish(_ identity: EntryIdentity, _ subject: Subject) -> Wish {
    var documents: [EntryStatus: CatalogEntry] = [:]
    if case .existing(let id) = identity {
      for status in EntryStatus.allCases { documents[status] = input.observed[id, status] }
    }
    var wish = Wish(identity: identity, subject: subject, documents: documents)
    let main = input.approved.revision.branch
    let trialBranch = input.trial?.revision.branch ?? ""
    let approvedStanding = subject.approved.map(approved) ?? .absent
    let trialStanding = subject.trial.map(trial) ?? .absent
    var draftOfApproved: UtilityVersion?
    if let version = approvedStanding.version {
      if version.metadata.draft {
        draftOfApproved = version
      } else {
        wish.active = .version(version, branch: main)
      }
    } else if let refusal = approvedStanding.refusal {
      if let document = documents[.active] {
        wish.active = .quarantined(document, refusal, branch: main)
      } else if let document = documents[.draft], document.sync.branch == main {
        wish.draft = .quarantined(document, refusal, branch: main)
      }
    }
    if let version = trialStanding.version {
      let same = approvedStanding.version.map {
        $0.name == version.name && $0.blob == version.blob && $0.sidecarBlob == version.sidecarBlob
      }
      if same != true { wish.draft = .version(version, branch: trialBranch) }
    } else if let refusal = trialStanding.refusal, let document = documents[.draft],
      document.sync.branch == trialBranch
    {
      wish.draft = .quarantined(document, refusal, branch: trialBranch)
    }
    if let version = draftOfApproved {
      if wish.draft == nil {
        wish.draft = .version(version, branch: main)
        wish.isDraftOfApproved = true
      } else if wish.draft?.name != version.name {
        plan.superseded.insert(version.name)
      }
    }
    return wish
  }

  /// Brings one utility's documents to what is wanted of it.
  private mutating func settle(_ wish: Wish) {
    let (identity, active, draft) = (wish.identity, wish.active, wish.draft)
    if case .quarantined(let document, let refusal, _) = active {
      plan.activePins[document.name] = refusal.name
    }
    if case .quarantined(let document, let refusal, _) = draft {
      plan.trialPins[document.name] = refusal.name
    }
    if let name = wish.lostDraft { plan.superseded.insert(name) }
    var rest = wish.documents
    if let active {
      let source =
        rest[.active] ?? (draft == nil ? rest[.draft] : nil) ?? rest[.inactive]
      if let source { rest[source.status] = nil }
      put(identity, active, status: .active, source: source)
    }
    if let draft {
      let source = rest[.draft] ?? (active == nil ? rest[.active] : nil) ?? rest[.inactive]
      if let source { rest[source.status] = nil }
      put(identity, draft, status: .draft, source: source)
    }
    if active == nil, draft == nil {
      guard let source = rest[.active] ?? rest[.draft] else {
        if wish.subject.isGone, let source = rest[.inactive] { renameRemoved(wish, source) }
        return
      }
      rest[source.status] = nil
      remove(wish, source)
    }
    for left in rest.values.sorted(by: { $0.key < $1.key }) {
      plan.deletes.append(left.key)
      if left.status != .inactive {
        let kind: PlannedChange.Kind = active == nil ? .remove : .status
        plan.changes.append(
          PlannedChange(
            kind: kind, name: left.name, id: left.id, branch: left.sync.branch, old: left))
      }
    }
  }

  /// Remembers the numbers that the entries will not show.
  private mutating func keepIdentities(_ wishes: [Wish], names: [String]) {
    let main = input.approved.revision.branch
    let planned = Set(names)
    for (branch, known) in input.identities {
      guard branch == main || input.trial != nil else { continue }
      for (name, id) in known where !planned.contains(name) {
        guard (branch == main ? approved(name) : trial(name)).isPresent else { continue }
        plan.identities[branch, default: [:]][name] = id
      }
    }
    for wish in wishes {
      guard case .existing(let id) = wish.identity else { continue }
      let shown = wish.active?.name ?? wish.draft?.name
      if let name = wish.subject.approved, shown?.lowercased() != name.lowercased() {
        plan.identities[main, default: [:]][name] = id
      }
      let tried = wish.draft?.name ?? wish.active?.name
      if let name = wish.subject.trial, let trial = input.trial,
        tried?.lowercased() != name.lowercased()
      {
        plan.identities[trial.revision.branch, default: [:]][name] = id
      }
    }
  }

  private mutating func put(
    _ identity: EntryIdentity, _ wanted: Wish.Wanted, status: EntryStatus, source: CatalogEntry?
  ) {
    var entry: CatalogEntry
    var contents = ContentChange.keep
    let branch: String
    switch wanted {
    case .version(let version, let from):
      branch = from
      entry = build(version, status: status, branch: branch, source: source)
      if source == nil || source?.status == .inactive || source?.filehash != entry.filehash {
        contents = .set(blob: version.blob)
      }
    case .quarantined(let document, let refusal, let from):
      branch = from
      entry = document
      entry.status = status
      entry.quarantine = quarantine(document, refusal, branch: branch)
    }
    if let source, source.status == status, !entry.differs(from: source) { return }
    entry.createddate = source?.createddate ?? input.now
    entry.updateddate = input.now
    if let source {
      entry.id = source.id
    } else if case .existing(let id) = identity {
      entry.id = id
    }
    plan.puts.append(
      EntryPut(identity: identity, entry: entry, replaces: source?.status, contents: contents))
    plan.changes.append(
      PlannedChange(
        kind: kind(entry, source, identity), name: entry.name,
        from: source.flatMap { $0.name == entry.name ? nil : $0.name },
        id: entry.id == 0 ? nil : entry.id, branch: branch, old: source, new: entry))
  }

  private func kind(
    _ entry: CatalogEntry, _ source: CatalogEntry?, _ identity: EntryIdentity
  ) -> PlannedChange.Kind {
    guard let source else { return .create }
    if source.status == .inactive { return .revive }
    if source.name != entry.name { return .rename }
    if source.filehash == entry.filehash, source.metahash == entry.metahash,
      source.status != entry.status
    {
      return .status
    }
    return .update
  }

  private func build(
    _ version: UtilityVersion, status: EntryStatus, branch: String, source: CatalogEntry?
  ) -> CatalogEntry {
    let address = status == .active ? input.activeAddress : input.trialAddress
    let known = input.provenance[branch]?[version.name]
    // Without new provenance the files did not change since the entry was written.
    let provenance =
      known ?? source.flatMap(Self.provenance)
      ?? Provenance(
        commit: branchState(branch).revision.commit, author: "", authorEmail: "", authoredAt: 0,
        committer: "", approvedBy: "")
    let settings = branchState(branch).settings
    let userid =
      version.metadata.userid ?? settings.users[provenance.authorEmail.lowercased()]?.userid
      ?? settings.userid ?? 0
    var entry = EntryBuilder.entry(
      id: source?.id ?? 0, tenant: input.tenant, version: version, status: status, userid: userid,
      restURL: address.url(of: version.name), port: "\(address.port)",
      env: PackageEnvironment.digest(of: version.metadata.packages), provenance: provenance,
      branch: branch, created: source?.createddate ?? input.now,
      updated: source?.updateddate ?? input.now, now: input.now)
    if branch == input.approved.revision.branch {
      entry.sync.rollback = input.rollbacks[version.name]
    }
    return entry
  }

  private static func provenance(_ entry: CatalogEntry) -> Provenance? {
    Revision(entry.sync.revision).map {
      Provenance(
        commit: $0.commit, author: entry.sync.author, authorEmail: entry.sync.authorEmail,
        authoredAt: entry.sync.authoredAt, committer: entry.sync.committer,
        approvedBy: entry.sync.approvedBy)
    }
  }

  private func branchState(_ branch: String) -> BranchState {
    if let trial = input.trial, trial.revision.branch == branch { return trial }
    return input.approved
  }

  private func quarantine(
    _ document: CatalogEntry, _ refusal: RefusedUtility, branch: String
  ) -> QuarantineRecord {
    if let commit = input.provenance[branch]?[refusal.name]?.commit {
      return QuarantineRecord(
        revision: Revision(branch: branch, commit: commit).description, findings: refusal.findings)
    }
    let head = branchState(branch).revision.description
    return QuarantineRecord(
      revision: document.quarantine?.revision ?? head, findings: refusal.findings)
  }

  private mutating func remove(_ wish: Wish, _ source: CatalogEntry) {
    var entry = source
    entry.status = .inactive
    entry.quarantine = nil
    entry.sync.rollback = nil
    entry.updateddate = input.now
    entry.sync.syncedAt = input.now
    nameRemoved(&entry, wish, source)
    if let provenance = input.provenance[source.sync.branch]?[source.name] {
      entry.sync.revision =
        Revision(branch: source.sync.branch, commit: provenance.commit).description
      entry.sync.author = provenance.author
      entry.sync.authorEmail = provenance.authorEmail
      entry.sync.authoredAt = provenance.authoredAt
      entry.sync.committer = provenance.committer
      entry.sync.approvedBy = provenance.approvedBy
    }
    plan.puts.append(
      EntryPut(identity: wish.identity, entry: entry, replaces: source.status, contents: .remove))
    plan.changes.append(
      PlannedChange(
        kind: .remove, name: source.name, id: source.id, branch: source.sync.branch, old: source,
        new: entry))
  }

  /// Gives a utility that went without a live entry the last name that it had in git: it may have come
  /// by that while another one's draft stood there.
  private mutating func renameRemoved(_ wish: Wish, _ source: CatalogEntry) {
    var entry = source
    entry.updateddate = input.now
    nameRemoved(&entry, wish, source)
    plan.puts.append(
      EntryPut(identity: wish.identity, entry: entry, replaces: .inactive, contents: .keep))
  }

  /// Puts the entry of a utility that went where a revival looks for it: under its last name, and
  /// after those that went under that before.
  private func nameRemoved(_ entry: inout CatalogEntry, _ wish: Wish, _ source: CatalogEntry) {
    if let name = lastName(wish, source), name != source.name {
      let isTried = source.port == "\(input.trialAddress.port)"
      let address = isTried ? input.trialAddress : input.activeAddress
      EntryBuilder.rename(&entry, to: name, restURL: address.url(of: name))
    }
    if let last = input.lineage?.lastHolders[entry.name.lowercased()], last != source.id {
      // Several may go in one sync.
      entry.updateddate -= 1
    }
  }

  /// The name that a utility had before it went, where its entry may have another.
  private func lastName(_ wish: Wish, _ source: CatalogEntry) -> String? {
    if let name = input.lineage?.lastNames[source.id] { return name }
    guard wish.subject.isGone else { return nil }
    let branches = [input.approved.revision.branch, input.trialBranch]
    return branches.filter { source.status == .inactive || $0 == source.sync.branch }
      .compactMap { input.identities[$0]?.filter { $0.value == source.id }.keys.min() }.first
  }

  /// Every refused name, in scope or not: reports tell the whole state.
  private mutating func listRefusals() {
    func list(_ branch: BranchState?) -> [QuarantinedUtility] {
      guard let branch else { return [] }
      var refused = branch.refused.values.map {
        QuarantinedUtility(name: $0.name, findings: $0.findings)
      }
      for version in branch.utilities.values where !version.metadata.packages.isEmpty {
        let standing = Standing(of: version.name, in: branch, missing: input.missingPackages)
        guard let refusal = standing.refusal else { continue }
        refused.append(QuarantinedUtility(name: version.name, findings: refusal.findings))
      }
      return FindingLimits.bounded(refused.sorted { $0.name < $1.name })
    }
    plan.quarantined = list(input.approved)
    plan.trialQuarantined = list(input.trial)
  }
}
