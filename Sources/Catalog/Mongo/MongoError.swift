import CMongoC

/// What libmongoc or the server said: a code, the labels that tell what may be tried again, and text.
struct MongoError: Error {
  var domain: UInt32
  var code: UInt32
  var message: String
  var labels: Set<String> = []
  /// Which operation of an ordered bulk write failed, from 0.
  var index: Int?

  /// An error with the reply that came with it.
  init(_ error: bson_error_t, reply: BSON? = nil) {
    domain = error.domain
    code = error.code
    message = withUnsafeBytes(of: error.message) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    guard let reply else { return }
    for label in ["TransientTransactionError", "UnknownTransactionCommitResult"]
    where mongoc_error_has_label(reply.pointer, label) {
      labels.insert(label)
    }
    // In a transaction and in a bulk write the server's own code stands in the reply.
    if let number = reply.integer("writeErrors.0.index") { index = Int(number) }
    if let number = reply.integer("writeErrors.0.code") { code = UInt32(clamping: number) }
  }

  /// A unique index has the key already.
  var isDuplicateKey: Bool { code == 11000 || code == 11001 }
  /// The whole transaction may be run again.
  var isTransient: Bool { labels.contains("TransientTransactionError") }
  /// The commit may be tried again: nobody knows whether it happened.
  var isUnknownCommit: Bool { labels.contains("UnknownTransactionCommitResult") }
  /// It passes by itself: the server is not ready, or took longer than it was given.
  var isPassing: Bool { isTransient || CatalogError.passing.contains(code) }
  /// The collection or index is there already.
  var exists: Bool { code == 48 }
  /// An index is there whose name or keys are those of the wanted one, and which is another.
  var isIndexConflict: Bool { code == 85 || code == 86 }
  /// There is no index of that name.
  var isUnknownIndex: Bool { code == 27 }
}

extension CatalogError {
  /// What an error of MongoDB means while doing `operation` to `subject`.
  init(_ error: MongoError, operation: String, subject: String) {
    let (code, cause, remedy) = Self.meaning(of: error)
    self.init(code, operation: operation, subject: subject, cause: cause, remedy: remedy)
  }

  /// Codes of the server that pass by themselves: not primary, stepping down, interrupted, timed out.
  /// Source: mongo's `error_codes.yml`, categories NotPrimaryError, ShutdownError, NetworkError.
  fileprivate static let passing: Set<UInt32> = [
    6, 7, 24, 50, 63, 64, 79, 89, 91, 100, 112, 134, 150, 175, 189, 202, 234, 244, 246, 251, 262,
    317, 384, 9001, 10058, 10107, 11600, 11602, 13388, 13435, 13436,
  ]

  private static func meaning(
    of error: MongoError
  ) -> (code: Code, cause: String, remedy: String) {
    if error.isDuplicateKey {
      return (
        .conflict, "a number or a live name is taken already", "observe the catalog and plan anew"
      )
    }
    let isServer =
      error.domain == MONGOC_ERROR_SERVER.rawValue
      || error.domain == MONGOC_ERROR_WRITE_CONCERN.rawValue
    switch (error.domain, error.code) {
    case (MONGOC_ERROR_CLIENT.rawValue, MONGOC_ERROR_CLIENT_AUTHENTICATE.rawValue),
      (MONGOC_ERROR_SCRAM.rawValue, _), (MONGOC_ERROR_SASL.rawValue, _),
      (_, 13) where isServer, (_, 18) where isServer, (_, 8000) where isServer:
      return (
        .unauthorized, "MongoDB refuses the agent's user",
        "check the user and the password of catalog.url, and the user's roles"
      )
    case (_, 14031) where isServer:
      return (.full, "the disk of MongoDB is full", "free some space on it")
    case (MONGOC_ERROR_SERVER_SELECTION.rawValue, _), (MONGOC_ERROR_STREAM.rawValue, _):
      // A refused password shows as a server that cannot be selected.
      if error.message.contains("uthentication failed") {
        return (
          .unauthorized, "MongoDB refuses the agent's user",
          "check the user and the password of catalog.url"
        )
      }
      return (
        .unavailable, "MongoDB cannot be reached (\(error.message))",
        "see that it runs and that catalog.url names it; it is tried again"
      )
    case _
    where error.isTransient || error.isUnknownCommit
      || isServer && passing.contains(error.code):
      return (.unavailable, "MongoDB is not ready (\(error.message))", "it is tried again")
    default:
      let text = error.message.lowercased()
      if text.contains("no space left") {
        return (.full, "the disk of MongoDB is full", "free some space on it")
      }
      return (.failed, "\(error.message) (code \(error.code))", "")
    }
  }
}
