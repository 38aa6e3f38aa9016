import UtilityModel

/// Writes one change inside of a transaction of MongoDB, or into a journal.
///
/// The server checks unique indexes write by write, so the order matters: documents are deleted
/// first, then those whose place or name another document of the change takes are parked under a
/// status of their own, and only then is anything written. So names may be swapped in any order.
/// Documents go out in batches as their files are read: a whole first sync is never held in memory.
struct MongoChangeWriter {
  let client: MongoClient
  /// The transaction, where the writes are done in one.
  private(set) var session: MongoSession?
  /// Takes the writes, where they are done later.
  private(set) var journal: MongoJournal?
  let catalog: MongoCatalog
  let names: TenantNames
  let change: CatalogChange
  let reading: @Sendable (ObjectID) throws -> [UInt8]
  private let parking: Parking

  /// A writer that wants `within` or `recorded` before it writes.
  init(
    client: MongoClient, catalog: MongoCatalog, names: TenantNames, change: CatalogChange,
    reading: @escaping @Sendable (ObjectID) throws -> [UInt8]
  ) {
    self.client = client
    self.catalog = catalog
    self.names = names
    self.change = change
    self.reading = reading
    parking = Parking(change)
  }

  /// So many documents, or bytes of files, go to the server at once.
  private static let batch = (documents: 200, bytes: 4 << 20)

  /// The same writer in a transaction.
  func within(_ session: MongoSession?) -> Self {
    var writer = self
    writer.session = session
    return writer
  }

  /// The same writer, whose writes a journal keeps.
  func recorded(in journal: MongoJournal) -> Self {
    var writer = self
    writer.journal = journal
    return writer
  }

  /// Writes the change. Throws `TransactionOverflow` where it is too large for a transaction.
  func apply() throws -> AppliedChange {
    let limit = catalog.options.transactionLimit
    guard session == nil || change.puts.count + change.deletes.count <= limit.documents else {
      throw TransactionOverflow()
    }
    let identities = try assignIdentities()
    let formers = try readFormers()
    if journal != nil { try checkRoom(formers) }
    try delete()
    try park(formers)
    let puts = try write(formers, identities)
    try record()
    return AppliedChange(
      tenant: change.tenant, identities: identities, puts: puts, deletes: change.deletes)
  }

  /// One ordered bulk write, done or kept for later.
  @discardableResult
  private func bulk(
    _ step: String, _ namespace: Namespace, _ fill: (MongoBulk) throws -> Void
  ) throws -> MongoBulk.Result {
    if let journal { return try journal.record(step, namespace, fill) }
    return try client.bulk(namespace, session: session, fill)
  }

  /// Tells of a write that was done.
  private func done(_ step: String) { if journal == nil { catalog.onStep(step) } }

  /// What finds a stored document: also when the write is done again, and faster than by its place.
  private func place(of former: StoredEntry, _ status: String) throws -> BSON {
    guard let id = former.objectID else {
      return MongoSchema.place(former.entry.id, status)
    }
    let filter = BSON()
    try filter.set(objectID: "_id", id)
    return filter
  }

  // MARK: What is there

  /// The stored document of each put, nil for the new ones, in the change's order.
  private func readFormers() throws -> [StoredEntry?] {
    var wanted: Set<Int32> = []
    for put in change.puts where put.replaces != nil {
      guard case .existing(let id) = put.identity else {
        throw conflict(put, "it replaces a document and has no number")
      }
      wanted.insert(id)
    }
    let stored = try read(wanted)
    var taken: Set<EntryKey> = []
    return try change.puts.map { put in
      guard let status = put.replaces, case .existing(let id) = put.identity else { return nil }
      let key = EntryKey(id: id, status: status)
      guard let former = stored[key] else {
        throw conflict(put, "its \(status) document \(id) is gone")
      }
      guard taken.insert(key).inserted else {
        throw conflict(put, "the change replaces the same document twice")
      }
      return former
    }
  }

  /// The owned documents of some numbers, without their files.
  func read(_ numbers: Set<Int32>) throws -> [EntryKey: StoredEntry] {
    var found: [EntryKey: StoredEntry] = [:]
    var rest = ArraySlice(numbers.sorted())
    while !rest.isEmpty {
      let some = Array(rest.prefix(1000))
      rest = rest.dropFirst(some.count)
      let filter = BSON {
        $0.set("id") { $0.setArray("$in", some) { $0.set($1, $2) } }
        $0.append(MongoSchema.owned())
      }
      try client.find(
        names.tasks, filter, session: session,
        options: { $0.set("projection") { $0.set("filecontents", Int32(0)) } }
      ) { document in
        let stored = try StoredEntry(document)
        found[stored.entry.key] = stored
      }
    }
    return found
  }

  // MARK: Numbers

  /// Takes a number for each new utility, in the order of their n; see `ChangeWriter`.
  func assignIdentities() throws -> [Int: Int32] {
    let new = Set(
      change.puts.compactMap { put in
        if case .new(let index) = put.identity { index } else { nil }
      })
    guard !new.isEmpty else { return [:] }
    let counter = try client.first(names.counters, Self.counter, session: session)
    let counted = max(1000, counter?.integer("value") ?? 0)
    // Foreign documents have numbers too.
    let top = try client.first(
      names.tasks, BSON { $0.set("id") { $0.set("$gt", counted) } }, session: session,
      options: {
        $0.set("sort") { $0.set("id", Int32(-1)) }
        $0.set("projection") { $0.set("id", Int32(1)) }
      })
    let floor = max(counted, top?.integer("id") ?? 0)
    if let journal { return try assign(new, above: floor, journal) }
    let reply = try client.write(
      names.database,
      BSON {
        $0.set("findAndModify", names.counters.collection)
        $0.set("query", Self.counter)
        $0.set("update", [Self.increment(by: Int64(new.count), floor: floor)])
        $0.set("upsert", true)
        $0.set("new", true)
      }, session: session)
    guard let value = reply.integer("value.value"), let last = Int32(exactly: value) else {
      throw noNumber(above: floor)
    }
    done("counter")
    let first = last - Int32(new.count) + 1
    return Dictionary(uniqueKeysWithValues: zip(new.sorted(), first...last))
  }

  /// What finds the counter.
  private static var counter: BSON { BSON { $0.set("_id", "tasks") } }

  /// The same where the counter is written later: only the holder of the lease counts.
  private func assign(
    _ new: Set<Int>, above floor: Int64, _ journal: MongoJournal
  ) throws -> [Int: Int32] {
    let last = floor + Int64(new.count)
    guard let last = Int32(exactly: last) else { throw noNumber(above: floor) }
    _ = try journal.record("counter", names.counters) {
      try $0.update(
        Self.counter, BSON { $0.set("$max") { $0.set("value", Int64(last)) } }, upsert: true)
    }
    return Dictionary(
      uniqueKeysWithValues: zip(new.sorted(), (last - Int32(new.count) + 1)...last))
  }

  private func noNumber(above floor: Int64) -> CatalogError {
    CatalogError(
      .failed, operation: "number the new utilities of", subject: "tenant \(change.tenant)",
      cause: "no 32-bit number is left above \(floor)",
      remedy: "look for a foreign document of that number in the tenant's tasks")
  }

  /// The pipeline stage that counts on from the counter or from `floor`, whichever is higher.
  private static func increment(by count: Int64, floor: Int64) -> BSON {
    BSON {
      $0.set("$set") {
        $0.set("value") {
          let highest = BSON {
            $0.setArray("$max", ["$value"]) { array, index, field in
              array.set(index, field)
              array.set("1", floor)
            }
          }
          $0.setArray("$add", [highest]) { array, index, term in
            array.set(index, term)
            array.set("1", count)
          }
        }
      }
    }
  }

  // MARK: Writing

  private func delete() throws {
    let stored = journal == nil ? [:] : try read(Set(change.deletes.map(\.id)))
    let removed = try bulk("delete", names.tasks) { bulk in
      for key in change.deletes {
        if journal == nil {
          try bulk.remove(MongoSchema.place(key))
        } else if let former = stored[key] {
          try bulk.remove(place(of: former, key.status.rawValue))
        }
      }
    }
    if removed.removed > 0 { done("delete") }
  }

  /// Moves out of the way what stands where another document of the change goes.
  private func park(_ formers: [StoredEntry?]) throws {
    let parked = try bulk("park", names.tasks) { bulk in
      for (put, former) in zip(change.puts, formers) {
        guard let former, parking.isNeeded(of: former.entry, for: put) else { continue }
        let key = former.entry.key
        try bulk.update(
          place(of: former, key.status.rawValue),
          BSON { $0.set("$set") { $0.set("status", Parking.status(of: key)) } })
      }
    }
    if parked.matched > 0 { done("park") }
  }

  private func write(
    _ formers: [StoredEntry?], _ identities: [Int: Int32]
  ) throws -> [AppliedChange.Put] {
    var puts: [AppliedChange.Put] = []
    puts.reserveCapacity(change.puts.count)
    var (rest, bytes) = (change.puts.indices, 0)
    while !rest.isEmpty {
      let batch = try writeBatch(rest, over: formers, identities)
      puts += batch.puts
      bytes += batch.bytes
      guard session == nil || bytes <= catalog.options.transactionLimit.bytes else {
        throw TransactionOverflow()
      }
      rest = batch.rest
    }
    return puts
  }

  /// Documents that went out together.
  struct Batch {
    var puts: [AppliedChange.Put] = []
    /// The bytes of their files.
    var bytes = 0
    /// The puts of the change that come after them.
    var rest: Range<Int>
  }

  /// Writes the first documents of `range`. `formers` are those that the change's puts replace, or
  /// empty where it replaces none.
  func writeBatch(
    _ range: Range<Int>, over formers: [StoredEntry?], _ identities: [Int: Int32]
  ) throws -> Batch {
    var (next, updates) = (range.lowerBound, 0)
    var batch = Batch(rest: range)
    let result: MongoBulk.Result
    do {
      result = try bulk("tasks", names.tasks) { bulk in
        while next < range.upperBound, bulk.count < Self.batch.documents,
          batch.bytes < Self.batch.bytes
        {
          let (put, former) = (change.puts[next], formers.isEmpty ? nil : formers[next])
          let applied = try prepare(put, over: former, identities)
          batch.bytes += applied.contents?.count ?? 0
          batch.puts.append(applied.put)
          if let former {
            updates += 1
            let status =
              parking.isNeeded(of: former.entry, for: put)
              ? Parking.status(of: former.entry.key) : former.entry.status.rawValue
            try bulk.update(
              place(of: former, status), update(applied, put.contents))
          } else {
            try bulk.insert(applied.put.entry.document(contents: applied.contents))
          }
          next += 1
        }
      }
    } catch let error as MongoError where error.isDuplicateKey {
      let put = change.puts[min(range.lowerBound + (error.index ?? 0), change.puts.count - 1)]
      throw conflict(put, "another entry has its number, or is live under its name")
    }
    guard journal != nil || result.matched == updates else {
      throw conflict(change.puts[range.lowerBound], "the change deletes one of its documents too")
    }
    done("tasks")
    batch.rest = next..<range.upperBound
    return batch
  }

  /// A document that is about to be written.
  private struct Prepared {
    var put: AppliedChange.Put
    var contents: [UInt8]?
  }

  private func prepare(
    _ put: EntryPut, over former: StoredEntry?, _ identities: [Int: Int32]
  ) throws -> Prepared {
    var entry = put.entry
    switch put.identity {
    case .existing(let id): entry.id = id
    case .new(let index): entry.id = identities[index] ?? 0
    }
    if let former { entry.keepPlatformFields(of: former.entry) }
    let bytes = try contents(put)
    let cipher = catalog.options.cipher
    let outcome: AppliedChange.Contents =
      switch bytes {
      case nil: put.contents == .keep && former != nil ? .kept : .removed
      case let bytes? where bytes.count <= CatalogLimits.residentFile: .set(bytes)
      default: .large
      }
    let json = entry.json(with: former?.unknown ?? UnknownMembers())
    return Prepared(
      put: AppliedChange.Put(
        entry: entry, item: CatalogItem(entry, json: json), replaced: put.replaces,
        contents: outcome),
      contents: bytes.map { cipher?.seal($0) ?? $0 })
  }

  private func update(_ prepared: Prepared, _ contents: ContentChange) -> BSON {
    BSON {
      $0.set("$set", prepared.put.entry.update(contents: prepared.contents))
      if contents == .remove { $0.set("$unset") { $0.set("filecontents", "") } }
    }
  }

  private func contents(_ put: EntryPut) throws -> [UInt8]? {
    guard case .set(let blob) = put.contents else { return nil }
    do { return try reading(blob) } catch {
      throw CatalogError(
        .contents, operation: "store the file of", subject: subject(put),
        cause: "blob \(blob) could not be read: \(error)", underlying: error)
    }
  }

  /// The audit and the branches.
  func record() throws {
    if !change.audit.isEmpty {
      try bulk("audit", catalog.core.audit) { bulk in
        for record in change.audit { try bulk.insert(record.document) }
      }
      done("audit")
    }
    guard !change.statuses.isEmpty || !change.removedBranches.isEmpty else { return }
    try bulk("state", names.state) { bulk in
      for status in change.statuses { try bulk.put(status) }
      for branch in change.removedBranches { try bulk.remove(BSON { $0.set("_id", branch) }) }
    }
    done("state")
  }

  func conflict(_ put: EntryPut, _ cause: String) -> CatalogError {
    CatalogError(
      .conflict, operation: "write", subject: subject(put), cause: cause,
      remedy: "observe the catalog and plan anew")
  }

  private func subject(_ put: EntryPut) -> String {
    "the \(put.entry.status) entry \(put.entry.name) of tenant \(change.tenant)"
  }
}
