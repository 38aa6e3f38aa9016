import CMongoC
import Synchronization
import UtilityModel

/// Watches the leases by a change stream: each write of a tenant changes its lease, in the same
/// transaction, so that one collection tells of all that followers have to read.
public final class MongoLeaseStream: Sendable {
  /// Why watching ended.
  public enum End: Sendable {
    /// `stop` was called.
    case stopped
    /// The server has no change streams for this agent, as this sentence tells: read now and then.
    case refused(String)
    /// The server does not know the token any more: read everything, and watch anew.
    case tokenLost
  }

  private let leases: MongoLeases
  /// A connection of its own, so that the pool's are left to those who read and write.
  private let connection: MongoConnection
  private let isStopped = Atomic(false)

  /// A stream of the changes of `leases`. Throws `CatalogError` (`configuration`).
  public init(_ leases: MongoLeases) throws(CatalogError) {
    self.leases = leases
    var options = leases.catalog.options
    options.maximumConnections = 2
    options.minimumConnections = 0
    connection = try MongoConnection(options)
  }

  /// Makes `run` end within half a second. Thread-safe.
  public func stop() { isStopped.store(true, ordering: .relaxed) }

  /// Hands each changed lease to `receive`, in order, with the token from which watching goes on
  /// after it. `token` is where to begin, nil for now. `idle` is called every half a second without a
  /// change.
  ///
  /// Both are called on a thread of the stream and must be quick. Throws `CatalogError` where the
  /// server is away: try again.
  public func run(
    from token: String?, idle: @escaping @Sendable () -> Void,
    _ receive: @escaping @Sendable (Lease?, _ token: String) -> Void
  ) async throws(CatalogError) -> End {
    let namespace = leases.catalog.core.leases
    return try await connection.run("watch the leases of") { client in
      do {
        let start = try token.map { try BSON(json: Array($0.utf8)) }
        try client.watch(namespace, from: start) { event, token in
          guard !self.isStopped.load(ordering: .relaxed) else { return false }
          guard let event else {
            idle()
            return true
          }
          let lease = event.document("fullDocument").flatMap { Lease($0) }
          receive(lease, String(decoding: token.canonicalJSON, as: UTF8.self))
          return true
        }
        return .stopped
      } catch let error as MongoError {
        if Self.lost.contains(error.code) { return .tokenLost }
        if Self.refusals.contains(error.code) { return .refused(error.message) }
        throw error
      }
    }
  }

  /// InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost. Source: `error_codes.yml`.
  private static let lost: Set<UInt32> = [260, 280, 286]
  /// Unauthorized, IllegalOperation, CommandNotFound, CommandNotSupported, an unknown stage, a standalone.
  private static let refusals: Set<UInt32> = [13, 20, 59, 115, 40324, 40573]
}

extension MongoClient {
  /// Hands each change of a collection to `body`, with the document as it is by then, and nil every
  /// half a second without one, for as long as `body` gives true. Throws `MongoError`.
  func watch(
    _ namespace: Namespace, from token: BSON?, _ body: (_ event: BSON?, _ token: BSON) -> Bool
  ) throws {
    let options = BSON {
      $0.set("maxAwaitTimeMS", Int64(500))
      $0.set("fullDocument", "updateLookup")
      if let token { $0.set("resumeAfter", token) }
    }
    try withCollection(namespace) { collection in
      let pipeline = BSON()
      let stream = withExtendedLifetime((pipeline, options)) {
        mongoc_collection_watch(collection, pipeline.pointer, options.pointer)
      }
      defer { mongoc_change_stream_destroy(stream) }
      while true {
        var event: OpaquePointer?
        if mongoc_change_stream_next(stream, &event), let event {
          guard let next = mongoc_change_stream_get_resume_token(stream),
            body(BSON(copying: event), BSON(copying: next))
          else { return }
        } else {
          var error = bson_error_t()
          var reply: OpaquePointer?
          if mongoc_change_stream_error_document(stream, &error, &reply) {
            throw MongoError(error, reply: reply.map(BSON.init(copying:)))
          }
          guard body(nil, BSON()) else { return }
        }
      }
    }
  }
}
