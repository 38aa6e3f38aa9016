import Foundation
import GRDB
import Hashing
import Logging
import Synchronization
import UtilityModel

/// Verdicts on disk, so that a file is judged once ever under the same rules.
///
/// Losing it costs time, never correctness: a cache that cannot be opened, read or written is said
/// in the log and worked without. Blocking: call it on a `Concurrency` thread.
public final class VerdictCache: Sendable {
  private let database: DatabaseQueue?
  private let rules: [UInt8]
  private let logger: Logger

  /// Opens or makes the cache in the file at `path`; `rules` is the digest of the rule set.
  ///
  /// A file that may only be read is read.
  public init(path: String?, rules: Digest, logger: Logger) {
    self.rules = Array(rules.bytes.prefix(8))
    self.logger = logger
    database = path.flatMap { Self.open($0, logger) }
  }

  private static func open(_ path: String, _ logger: Logger) -> DatabaseQueue? {
    for attempt in 0..<2 {
      do {
        return try openForWriting(path)
      } catch let error as DatabaseError where attempt == 0 && error.isCorruption {
        logger.warning("the verdict cache is damaged and is made anew")
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
      } catch {
        if let error = error as? DatabaseError, error.isRefusal,
          let queue = openForReading(path)
        {
          logger.debug("the verdict cache can only be read")
          return queue
        }
        logger.warning(
          "the verdict cache cannot be opened; files are judged again after a restart",
          metadata: ["error": "\(error)"])
        return nil
      }
    }
    return nil
  }

  private static func openForWriting(_ path: String) throws -> DatabaseQueue {
    var configuration = GRDB.Configuration()
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { database in
      try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")
    }
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    let isThere = try queue.read { try $0.tableExists("records") }
    if isThere { return queue }
    try queue.write { database in
      try database.execute(
        sql: """
          DROP TABLE IF EXISTS verdicts;
          CREATE TABLE IF NOT EXISTS records
          (rules BLOB NOT NULL, key BLOB NOT NULL, record BLOB NOT NULL,
           PRIMARY KEY (rules, key)) WITHOUT ROWID
          """)
    }
    return queue
  }

  /// A cache of another user, or on a read-only disk; nil where it cannot be read either.
  private static func openForReading(_ path: String) -> DatabaseQueue? {
    var configuration = GRDB.Configuration()
    configuration.readonly = true
    guard let queue = try? DatabaseQueue(path: path, configuration: configuration),
      (try? queue.read({ try $0.tableExists("records") })) == true
    else { return nil }
    return queue
  }

  /// The kept verdicts of `requests`, nil where there is none.
  func verdicts(for requests: [VerdictRequest]) -> [Verdict?] {
    guard let database else { return requests.map { _ in nil } }
    do {
      let rules = Data(rules)
      let records: [Data?] = try database.read { database in
        let statement = try database.cachedStatement(
          sql: "SELECT record FROM records WHERE rules = ? AND key = ?")
        return try requests.map { request in
          try Data.fetchOne(statement, arguments: [rules, Data(request.key)])
        }
      }
      return records.map { $0.flatMap { VerdictRecord.decode([UInt8]($0)) } }
    } catch {
      logger.warning("the verdict cache cannot be read", metadata: ["error": "\(error)"])
      return requests.map { _ in nil }
    }
  }

  /// Keeps the final ones of `verdicts`.
  func keep(_ verdicts: [(VerdictRequest, Verdict)]) {
    guard let database, !database.configuration.readonly,
      verdicts.contains(where: { $0.1.isFinal })
    else { return }
    do {
      try database.write { database in
        let statement = try database.cachedStatement(
          sql: "INSERT OR REPLACE INTO records (rules, key, record) VALUES (?, ?, ?)")
        for (request, verdict) in verdicts where verdict.isFinal {
          try statement.execute(
            arguments: [Data(rules), Data(request.key), Data(VerdictRecord.encode(verdict))])
        }
      }
    } catch {
      logger.warning("the verdict cache cannot be written", metadata: ["error": "\(error)"])
    }
  }
}

extension DatabaseError {
  fileprivate var isCorruption: Bool {
    resultCode == .SQLITE_CORRUPT || resultCode == .SQLITE_NOTADB
  }

  fileprivate var isRefusal: Bool {
    [.SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH].contains(resultCode)
  }
}
