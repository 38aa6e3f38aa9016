import Concurrency
import Foundation
import GRDB
import UtilityModel

/// The catalog in one SQLite file: the default, without any server.
///
/// Write-ahead logging with `synchronous = FULL`: a write is on the disk when its call returns, and
/// readers never wait for it. One thread writes, so that writes of this process happen in the
/// order of the calls; other processes wait for the file's lock, five seconds at most. No SQLite
/// call runs on the cooperative pool.
public final class EmbeddedCatalog: CatalogStore {
  /// How long to wait for another process, in seconds, before a write is `locked`.
  static let patience = 5.0

  let path: String
  let pool: DatabasePool
  private let checkpoints: Checkpoints
  private let writing: BlockingPool
  private let reading: BlockingPool
  private let active = ConnectionUse()
  private let onWrite: (@Sendable (Int) -> Void)?
  /// What seals files, or nil where they are stored in the clear.
  let cipher: ContentCipher?
  /// Every change is one transaction here.
  public let fillsInParts = false

  /// Opens the catalog in the file `path`, and makes it and its folder where there are none.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - cipher: what seals files; nil stores them in the clear.
  ///   - onWrite: called in the middle of a change's transaction after each written document, with
  ///     the count so far, on the writing thread: where crash tests end the process.
  /// - Throws: `CatalogError`.
  public static func open(
    path: String, cipher: ContentCipher? = nil, onWrite: (@Sendable (Int) -> Void)? = nil
  ) async throws(CatalogError) -> EmbeddedCatalog {
    let writing = BlockingPool(name: "catalog-write", width: 1)
    let (pool, checkpoints) = try await writing.run { () throws(CatalogError) in
      try Self.openPool(path: path)
    }
    return EmbeddedCatalog(
      path: path, pool: pool, checkpoints: checkpoints, writing: writing, cipher: cipher,
      onWrite: onWrite)
  }

  private init(
    path: String, pool: DatabasePool, checkpoints: Checkpoints, writing: BlockingPool,
    cipher: ContentCipher?, onWrite: (@Sendable (Int) -> Void)?
  ) {
    self.checkpoints = checkpoints
    self.cipher = cipher
    self.path = path
    self.pool = pool
    self.writing = writing
    self.onWrite = onWrite
    reading = BlockingPool(name: "catalog-read", width: 2)
  }

  /// Ends all use of the file; later calls fail. Blocks until running calls have ended.
  public func close() async throws(CatalogError) {
    let (pool, checkpoints, path) = (pool, checkpoints, path)
    try await writing.run { () throws(CatalogError) in
      do {
        pool.writeWithoutTransaction { checkpoints.leave($0) }
        try checkpoints.close()
        try pool.close()
      } catch {
        throw CatalogError(sqlite: error, operation: "close the catalog", path: path)
      }
    }
  }

  private static func openPool(
    path: String
  ) throws(CatalogError) -> (DatabasePool, Checkpoints) {
    do {
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw CatalogError(
        .readOnly, operation: "make the folder of the catalog", subject: path,
        cause: error.localizedDescription,
        remedy: "make the folder yourself, or let catalog.url name another")
    }
    do {
      var configuration = Configuration()
      configuration.busyMode = .timeout(patience)
      configuration.maximumReaderCount = 2
      // Counts where the file is made: a large file has a quarter of the pages then.
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA page_size = 16384") }
      let pool = try DatabasePool(path: path, configuration: configuration)
      try pool.writeWithoutTransaction { db in
        // GRDB opens WAL databases with NORMAL, which may lose the newest commits in a power cut.
        // The cache holds the change of a whole first sync: what does not fit is written twice.
        try db.execute(
          sql: """
            PRAGMA synchronous = FULL;
            PRAGMA cache_size = -65536;
            PRAGMA journal_size_limit = 16777216;
            """)
        try EmbeddedSchema.prepare(db, path: path)
      }
      let checkpoints = try Checkpoints(path: path, configuration: configuration)
      try pool.writeWithoutTransaction { try checkpoints.follow($0) }
      return (pool, checkpoints)
    } catch {
      throw CatalogError(sqlite: error, operation: "open the catalog", path: path)
    }
  }

  /// How many connections to the database are at work now.
  public var activeConnections: Int { active.count }

  /// Runs `body` on a reading thread, in one consistent view of the catalog.
  func read<Value: Sendable>(
    _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(CatalogError) -> Value {
    let (pool, path, active) = (pool, path, active)
    return try await reading.run { () throws(CatalogError) in
      active.begin()
      defer { active.end() }
      do { return try pool.read(body) } catch {
        throw CatalogError(sqlite: error, operation: operation, path: path)
      }
    }
  }

  /// Runs `body` on the writing thread, in one transaction that is durable at the end.
  func write<Value: Sendable>(
    _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(CatalogError) -> Value {
    let (pool, checkpoints, path, active) = (pool, checkpoints, path, active)
    return try await writing.run { () throws(CatalogError) in
      active.begin()
      defer { withExtendedLifetime(checkpoints) { active.end() } }
      do {
        return try pool.writeWithoutTransaction { db in
          var value: Value?
          try db.inTransaction(.immediate) {
            value = try body(db)
            return .commit
          }
          guard let value else { preconditionFailure("a committed transaction has a value") }
          return value
        }
      } catch {
        throw CatalogError(sqlite: error, operation: operation, path: path)
      }
    }
  }

  /// Writes a change whole or not at all; see `CatalogStore`.
  public func apply(
    _ change: CatalogChange, reading: @escaping @Sendable (ObjectID) throws -> [UInt8]
  ) async throws(CatalogError) -> AppliedChange {
    let (onWrite, cipher, ready) = (onWrite, cipher, await ready(change, reading))
    let applied = try await write("write the change of tenant \(change.tenant) to") { db in
      let writer = try ChangeWriter(
        db, change: change, reading: reading,
        stored: { ready[$0] ?? Data(cipher?.seal($1) ?? $1) }, onWrite: onWrite)
      return try writer.apply()
    }
    if change.puts.count >= Self.largeChange { await releaseCache() }
    return applied
  }

  /// A change's large files as they are stored, made before the one writer is asked for: all tenants wait
  /// for that, and to copy and seal some megabytes takes as long as many small changes.
  private func ready(
    _ change: CatalogChange, _ reading: @escaping @Sendable (ObjectID) throws -> [UInt8]
  ) async -> [ObjectID: Data] {
    guard !change.large.isEmpty else { return [:] }
    let (large, cipher) = (change.large.sorted { $0.hex < $1.hex }, cipher)
    return await self.reading.run {
      var (ready, room): ([ObjectID: Data], Int) = ([:], CatalogLimits.residentTotal)
      for blob in large {
        // What cannot be read, the writer tells of.
        guard let bytes = try? reading(blob), bytes.count <= room else { continue }
        ready[blob] = Data(cipher?.seal(bytes) ?? bytes)
        room -= bytes.count
      }
      return ready
    }
  }

  /// From this many documents on, a change's pages are not worth keeping in memory.
  private static let largeChange = 1000

  private func releaseCache() async {
    let pool = pool
    await writing.run { pool.writeWithoutTransaction { $0.releaseMemory() } }
  }
}
