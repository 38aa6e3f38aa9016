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
  public init(path: String?, rules: Digest, logger: Logger) {
    self.rules = Array(rules.bytes.prefix(8))
    self.logger = logger
    database = path.flatMap { Self.open($0, logger) }
  }

  private static func open(_ path: String, _ logger: Logger) -> DatabaseQueue? {
    for attempt in 0..<2 {
      do {
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
          try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.write { database in
          try database.execute(
            sql: """
              CREATE TABLE IF NOT EXISTS verdicts
              (rules BLOB NOT NULL, key BLOB NOT NULL, verdict TEXT NOT NULL,
               PRIMARY KEY (rules, key)) WITHOUT ROWID
              """)
        }
        return queue
      } catch let error as DatabaseError where attempt == 0 && error.isCorruption {
        logger.warning("the verdict cache is damaged and is made anew")
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
      } catch {
        logger.warning(
          "the verdict cache cannot be opened; files are judged again after a restart",
          metadata: ["error": "\(error)"])
        return nil
      }
    }
    return nil
  }

  /// The kept verdicts of `requests`, nil where there is none.
  func verdicts(for requests: [VerdictRequest]) -> [Verdict?] {
    guard let database else { return requests.map { _ in nil } }
    do {
      return try database.read { database in
        let statement = try database.cachedStatement(
          sql: "SELECT verdict FROM verdicts WHERE rules = ? AND key = ?")
        let decoder = JSONDecoder()
        return try requests.map { request in
          let text = try String.fetchOne(
            statement, arguments: [Data(rules), Data(request.key)])
          return try text.map { try decoder.decode(Verdict.self, from: Data($0.utf8)) }
        }
      }
    } catch {
      logger.warning("the verdict cache cannot be read", metadata: ["error": "\(error)"])
      return requests.map { _ in nil }
    }
  }

  /// Keeps the final ones of `verdicts`.
  func keep(_ verdicts: [(VerdictRequest, Verdict)]) {
    guard let database, verdicts.contains(where: { $0.1.isFinal }) else { return }
    do {
      try database.write { database in
        let statement = try database.cachedStatement(
          sql: "INSERT OR REPLACE INTO verdicts (rules, key, verdict) VALUES (?, ?, ?)")
        let encoder = JSONEncoder()
        for (request, verdict) in verdicts where verdict.isFinal {
          let text = String(decoding: try encoder.encode(verdict), as: UTF8.self)
          try statement.execute(arguments: [Data(rules), Data(request.key), text])
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
}
