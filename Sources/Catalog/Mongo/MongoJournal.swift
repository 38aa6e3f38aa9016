import UtilityModel

/// Makes a change whole where one transaction cannot: on a server without, or for a large change.
///
/// All writes of a change are first kept in the tenant's collection `intents`, each by the document's
/// `_id` and so that it may be done again; a last document says that they are complete. From then on the
/// change is done, by this agent or, where it was killed, by the next one that holds the lease; before,
/// nothing of it was. Source: write-ahead redo logging.
///
/// What decides goes through `Guard`: beginning, completing, and each write that is done. So an agent
/// that was paused for longer than its lease neither ends nor disturbs its successor's journal.
final class MongoJournal {
  private let client: MongoClient
  private let names: TenantNames
  private let onStep: (String) -> Void
  private let guarded: Guard
  private var count: Int32 = 0

  /// Runs a few writes where the lease is still the agent's: in a transaction with that comparison,
  /// where the server has them. Throws `CatalogError` (`fenced`) elsewhere.
  typealias Guard = ((MongoSession?) throws -> Void) throws -> Void

  /// The document that says that a journal is complete.
  private static var ready: BSON { BSON { $0.set("_id", "ready") } }
  /// A document of MongoDB has at most 16 MiB; a file of 10 MiB in base64 has 14.
  private static let room = 1 << 20

  /// An empty journal of a tenant; one that was not completed is thrown away.
  init(
    client: MongoClient, names: TenantNames, onStep: @escaping (String) -> Void,
    guarded: @escaping Guard
  ) throws {
    self.client = client
    self.names = names
    self.onStep = onStep
    self.guarded = guarded
    try guarded { session in
      try client.bulk(names.intents, session: session) { try $0.removeMany(BSON()) }
    }
  }

  /// Keeps one ordered bulk write for later. `matched` of the result is what it is going to be.
  func record(
    _ step: String, _ namespace: Namespace, _ fill: (MongoBulk) throws -> Void
  ) throws -> MongoBulk.Result {
    var (pending, bytes): ([BSON], Int) = ([], 0)
    let bulk = MongoBulk(recording: { operation in
      let size = operation.size
      if bytes > 0, bytes + size > Self.room { try self.keep(&pending, &bytes, step, namespace) }
      pending.append(operation)
      bytes += size
    })
    try fill(bulk)
    if !pending.isEmpty { try keep(&pending, &bytes, step, namespace) }
    return MongoBulk.Result(matched: bulk.count, upserted: 0, removed: bulk.count)
  }

  private func keep(
    _ operations: inout [BSON], _ bytes: inout Int, _ step: String, _ namespace: Namespace
  ) throws {
    let document = BSON {
      $0.set("_id", count)
      $0.set("step", step)
      $0.set("database", namespace.database)
      $0.set("collection", namespace.collection)
      $0.set("count", Int32(operations.count))
      $0.set("operations", operations)
    }
    try client.bulk(names.intents) { try $0.insert(document) }
    onStep("intent")
    count += 1
    (operations, bytes) = ([], 0)
  }

  /// Completes the journal: what is in it is going to be done.
  func complete() throws {
    guard count > 0 else { return }
    try guarded { session in
      try client.bulk(names.intents, session: session) { bulk in
        try bulk.insert(
          BSON {
            $0.append(Self.ready)
            $0.set("count", count)
          })
      }
    }
    onStep("ready")
  }

  /// Does what a complete journal says, and forgets it; without one nothing. May be repeated.
  ///
  /// A document that somebody else put in the way ends the change as a conflict. Throws `MongoError`
  /// and `CatalogError`.
  static func replay(
    _ client: MongoClient, _ names: TenantNames, onStep: (String) -> Void, guarded: Guard
  ) throws {
    guard let count = try client.first(names.intents, ready)?.integer("count") else { return }
    do {
      for number in 0..<Int32(clamping: count) {
        guard let kept = try client.first(names.intents, BSON { $0.set("_id", number) }) else {
          // Not the agent's doing. The branches come last: without them everything is planned anew.
          try guarded { try giveUp(client, names, $0) }
          throw conflict(names, "part \(number) of the change that was written down is gone")
        }
        let namespace = Namespace(
          database: kept.string("database") ?? names.database,
          collection: kept.string("collection") ?? "")
        try guarded { session in
          try client.bulk(namespace, session: session) { bulk in
            for index in 0..<(kept.integer("count") ?? 0) {
              guard let operation = kept.document("operations.\(index)") else { continue }
              try bulk.add(recorded: operation)
            }
          }
        }
        onStep(kept.string("step") ?? "")
      }
    } catch let error as MongoError where error.isDuplicateKey {
      try guarded { try giveUp(client, names, $0) }
      throw conflict(names, "another entry has its number, or is live under its name")
    }
    try guarded { session in
      try client.bulk(names.intents, session: session) {
        try $0.remove(ready)
        try $0.removeMany(BSON())
      }
    }
    onStep("done")
  }

  private static func conflict(_ names: TenantNames, _ cause: String) -> CatalogError {
    CatalogError(
      .conflict, operation: "write", subject: "an entry of tenant \(names.tenant)", cause: cause,
      remedy: "observe the catalog and plan anew")
  }

  /// Forgets a change that cannot be done, and brings back what it had moved out of the way.
  private static func giveUp(
    _ client: MongoClient, _ names: TenantNames, _ session: MongoSession?
  ) throws {
    try client.bulk(names.intents, session: session) { try $0.remove(ready) }
    try client.bulk(names.tasks, session: session) { bulk in
      for status in EntryStatus.allCases {
        let parked = MongoSchema.owned()
        parked.set("status", Parking.status(of: EntryKey(id: 0, status: status)))
        try bulk.updateMany(
          parked, BSON { $0.set("$set") { $0.set("status", status.rawValue) } })
      }
    }
  }
}

extension MongoBulk {
  /// Adds an operation that `recording` got. Throws `MongoError`.
  func add(recorded operation: BSON) throws {
    guard let filter = operation.document("q") else { return }
    if let document = operation.document("r") {
      try replace(filter, document, upsert: true)
    } else if let update = operation.document("u") {
      try self.update(filter, update, upsert: operation.integer("upsert") == 1)
    } else {
      try remove(filter)
    }
  }
}
