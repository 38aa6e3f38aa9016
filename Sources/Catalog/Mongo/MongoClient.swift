import CMongoC
import Glibc

/// A collection by its database and its name.
struct Namespace: Hashable, Sendable {
  var database: String
  var collection: String
}

/// A client of the pool, lent for one piece of work on one thread.
struct MongoClient {
  let pointer: OpaquePointer

  /// Runs a command on a database and gives the reply. Throws `MongoError`.
  @discardableResult
  func command(_ database: String, _ command: BSON, session: MongoSession? = nil) throws -> BSON {
    let options = try session.options()
    return try BSON.reply { reply, error in
      mongoc_client_command_with_opts(
        pointer, database, command.pointer, nil, options.pointer, reply, error)
    }
  }

  /// The same for a command that writes: with the client's write concern.
  @discardableResult
  func write(_ database: String, _ command: BSON, session: MongoSession? = nil) throws -> BSON {
    let options = try session.options()
    return try BSON.reply { reply, error in
      mongoc_client_write_command_with_opts(
        pointer, database, command.pointer, options.pointer, reply, error)
    }
  }

  /// Hands each document that matches to `body`, which may keep copies only.
  func find(
    _ namespace: Namespace, _ filter: BSON, session: MongoSession? = nil,
    options extra: (BSON) -> Void = { _ in }, _ body: (BSON) throws -> Void
  ) throws {
    let options = try session.options()
    extra(options)
    try withCollection(namespace) { collection in
      let cursor = mongoc_collection_find_with_opts(
        collection, filter.pointer, options.pointer, nil)
      defer { mongoc_cursor_destroy(cursor) }
      var document: OpaquePointer?
      while mongoc_cursor_next(cursor, &document) {
        if let document { try body(BSON(copying: document)) }
      }
      var error = bson_error_t()
      if mongoc_cursor_error_document(cursor, &error, &document) {
        throw MongoError(error, reply: document.map(BSON.init(copying:)))
      }
    }
  }

  /// The first document that matches, or nil.
  func first(
    _ namespace: Namespace, _ filter: BSON, session: MongoSession? = nil,
    options extra: (BSON) -> Void = { _ in }
  ) throws -> BSON? {
    var found: BSON?
    try find(
      namespace, filter, session: session,
      options: {
        extra($0)
        $0.set("limit", Int64(1))
      }
    ) { found = $0 }
    return found
  }

  /// How many documents match.
  func count(_ namespace: Namespace, _ filter: BSON) throws -> Int {
    let reply = try command(
      namespace.database,
      BSON {
        $0.set("count", namespace.collection)
        $0.set("query", filter)
      })
    return Int(reply.integer("n") ?? 0)
  }

  /// Runs an ordered bulk write that `fill` puts together; without operations nothing is sent.
  @discardableResult
  func bulk(
    _ namespace: Namespace, session: MongoSession? = nil, _ fill: (MongoBulk) throws -> Void
  ) throws -> MongoBulk.Result {
    try withCollection(namespace) { collection in
      let options = BSON { $0.set("ordered", true) }
      guard
        let pointer = mongoc_collection_create_bulk_operation_with_opts(
          collection, options.pointer)
      else { preconditionFailure("libmongoc makes every bulk operation") }
      defer { mongoc_bulk_operation_destroy(pointer) }
      if let session { mongoc_bulk_operation_set_client_session(pointer, session.pointer) }
      let bulk = MongoBulk(pointer: pointer)
      try fill(bulk)
      guard bulk.count > 0 else { return MongoBulk.Result() }
      let reply = try BSON.reply { mongoc_bulk_operation_execute(pointer, $0, $1) != 0 }
      return MongoBulk.Result(
        matched: Int(reply.integer("nMatched") ?? 0),
        upserted: Int(reply.integer("nUpserted") ?? 0),
        removed: Int(reply.integer("nRemoved") ?? 0))
    }
  }

  /// Runs `body` in a transaction that is durable on a majority when this returns.
  ///
  /// `body` runs again where the server says that this may help, for up to `patience` seconds.
  func transaction<Value>(
    patience: Double = 30, begin: (MongoSession) throws -> Void = { _ in },
    _ body: (MongoSession) throws -> Value
  ) throws -> Value {
    var error = bson_error_t()
    guard let pointer = mongoc_client_start_session(pointer, nil, &error) else {
      throw MongoError(error)
    }
    let session = MongoSession(pointer: pointer)
    defer { mongoc_client_session_destroy(pointer) }
    try begin(session)
    let deadline = ContinuousClock.now + .seconds(patience)
    var pause: UInt32 = 2000
    while true {
      guard mongoc_client_session_start_transaction(pointer, nil, &error) else {
        throw MongoError(error)
      }
      do {
        let value = try body(session)
        try commit(pointer, until: deadline)
        return value
      } catch {
        // The server forgets an abandoned transaction by itself; its answer changes nothing.
        if mongoc_client_session_in_transaction(pointer) {
          mongoc_client_session_abort_transaction(pointer, nil)
        }
        guard let failure = error as? MongoError, failure.isTransient,
          ContinuousClock.now < deadline
        else { throw error }
        usleep(UInt32.random(in: pause / 2...pause))
        pause = min(pause * 2, 250_000)
      }
    }
  }

  private func commit(
    _ session: OpaquePointer, until deadline: ContinuousClock.Instant
  ) throws {
    while true {
      do {
        _ = try BSON.reply { mongoc_client_session_commit_transaction(session, $0, $1) }
        return
      } catch let failure {
        guard failure.isUnknownCommit, ContinuousClock.now < deadline else { throw failure }
        usleep(50_000)
      }
    }
  }

  func withCollection<Value>(
    _ namespace: Namespace, _ body: (OpaquePointer) throws -> Value
  ) rethrows -> Value {
    guard
      let collection = mongoc_client_get_collection(
        pointer, namespace.database, namespace.collection)
    else { preconditionFailure("libmongoc makes every collection handle") }
    defer { mongoc_collection_destroy(collection) }
    return try body(collection)
  }
}

/// A session with an open transaction.
struct MongoSession {
  let pointer: OpaquePointer

  /// What the server knows it by.
  var id: BSON { BSON(copying: mongoc_client_session_get_lsid(pointer)) }
}

extension MongoSession? {
  /// The options that make an operation part of the session's transaction.
  func options() throws -> BSON {
    let options = BSON()
    guard let self else { return options }
    var error = bson_error_t()
    guard mongoc_client_session_append(self.pointer, options.pointer, &error) else {
      throw MongoError(error)
    }
    return options
  }
}

/// Operations of one ordered bulk write.
final class MongoBulk {
  /// What it did.
  struct Result {
    var matched = 0
    var upserted = 0
    var removed = 0
  }

  private let pointer: OpaquePointer?
  private let recording: ((BSON) throws -> Void)?
  /// How many operations there are.
  private(set) var count = 0

  init(pointer: OpaquePointer) {
    self.pointer = pointer
    recording = nil
  }

  /// Operations that are handed to `recording` and not done: each by a filter that finds the same
  /// document when it is done again.
  init(recording: @escaping (BSON) throws -> Void) {
    pointer = nil
    self.recording = recording
  }

  /// Whether an operation was recorded, where this bulk write is not done.
  private func record(_ build: (BSON) -> Void) throws -> Bool {
    guard let recording else { return false }
    try recording(BSON(build))
    count += 1
    return true
  }

  func insert(_ document: BSON) throws {
    let isRecorded = try record {
      $0.set("q") { $0.setNewID() }
      $0.set("u") { $0.set("$setOnInsert", document) }
      $0.set("upsert", true)
    }
    if isRecorded { return }
    try add { mongoc_bulk_operation_insert_with_opts(pointer, document.pointer, nil, $0) }
  }

  func update(_ filter: BSON, _ update: BSON, upsert: Bool = false) throws {
    let isRecorded = try record {
      $0.set("q", filter)
      $0.set("u", update)
      $0.set("upsert", upsert)
    }
    if isRecorded { return }
    let options = BSON { $0.set("upsert", upsert) }
    try add {
      mongoc_bulk_operation_update_one_with_opts(
        pointer, filter.pointer, update.pointer, options.pointer, $0)
    }
  }

  func updateMany(_ filter: BSON, _ update: BSON) throws {
    try add {
      mongoc_bulk_operation_update_many_with_opts(
        pointer, filter.pointer, update.pointer, nil, $0)
    }
  }

  func replace(_ filter: BSON, _ document: BSON, upsert: Bool) throws {
    let isRecorded = try record {
      $0.set("q", filter)
      $0.set("r", document)
    }
    if isRecorded { return }
    let options = BSON { $0.set("upsert", upsert) }
    try add {
      mongoc_bulk_operation_replace_one_with_opts(
        pointer, filter.pointer, document.pointer, options.pointer, $0)
    }
  }

  func remove(_ filter: BSON) throws {
    if try record({ $0.set("q", filter) }) { return }
    try add { mongoc_bulk_operation_remove_one_with_opts(pointer, filter.pointer, nil, $0) }
  }

  func removeMany(_ filter: BSON) throws {
    try add { mongoc_bulk_operation_remove_many_with_opts(pointer, filter.pointer, nil, $0) }
  }

  private func add(_ body: (UnsafeMutablePointer<bson_error_t>) -> Bool) throws {
    var error = bson_error_t()
    guard body(&error) else { throw MongoError(error) }
    count += 1
  }
}
