import Concurrency
import GRDB
import GRDBSQLite
import Synchronization

/// Moves what commits leave in the write-ahead log into the database file, on a thread of its own.
///
/// SQLite's own checkpoints run within whichever commit fills the log: a small change would wait for the
/// pages of another tenant's large one. Source: sqlite.org/wal.html, "Automatic Checkpoint".
final class Checkpoints: Sendable {
  /// How many bytes of log are worth a checkpoint.
  private static let enough = 4 << 20
  /// With so many the writer makes one itself, so that the log does not grow without end.
  private static let tooMany = 64 << 20

  private let queue: DatabaseQueue
  private let threads = BlockingPool(name: "checkpoint", width: 1)
  private let isDue = Mutex(false)
  /// The same bounds in pages of the database.
  private let limits = Mutex<(enough: Int32, tooMany: Int32)>((Int32.max, Int32.max))

  /// Opens a connection of its own to the database at `path`. Throws what SQLite says.
  init(path: String, configuration: Configuration) throws {
    queue = try DatabaseQueue(path: path, configuration: configuration)
  }

  /// Takes the writer's commits over, for as long as both live. `db` makes no checkpoints by itself then.
  func follow(_ db: Database) throws {
    let size = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 4096
    let context = Unmanaged.passUnretained(self).toOpaque()
    limits.withLock { $0 = (Int32(Self.enough / size), Int32(Self.tooMany / size)) }
    sqlite3_wal_hook(
      db.sqliteConnection,
      { context, connection, name, pages in
        guard let context else { return SQLITE_OK }
        let checkpoints = Unmanaged<Checkpoints>.fromOpaque(context).takeUnretainedValue()
        if checkpoints.committed(pages) {
          // What it cannot do now, the next one does.
          sqlite3_wal_checkpoint_v2(connection, name, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
        }
        return SQLITE_OK
      }, context)
  }

  /// Ends following; `db` is the writer's.
  func leave(_ db: Database) { sqlite3_wal_hook(db.sqliteConnection, nil, nil) }

  /// Closes the connection.
  func close() throws { try queue.close() }

  /// Whether the writer has to make a checkpoint itself, with `pages` in the log.
  private func committed(_ pages: Int32) -> Bool {
    let (enough, tooMany) = limits.withLock { $0 }
    guard pages >= enough else { return false }
    let isFirst = isDue.withLock { isDue in
      defer { isDue = true }
      return !isDue
    }
    if isFirst {
      Task { [self] in
        await threads.run { [self] in
          isDue.withLock { $0 = false }
          // A passive one waits for nobody; where it fails, the log grows until the next one.
          try? queue.writeWithoutTransaction { db in
            // Closed meanwhile: SQLite does not look whether there is a connection.
            guard db.sqliteConnection != nil else { return }
            _ = try db.checkpoint(.passive)
          }
        }
      }
    }
    return pages >= tooMany
  }
}
