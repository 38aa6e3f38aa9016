import Foundation
import Hashing
import Synchronization
import UtilityModel

/// Writes records as a dump: JSON lines with a header, and a trailer that tells how many there are
/// and what their digests are.
///
/// One caller at a time. The format: `docs/moving.md`.
public final class DumpWriter: Sendable {
  /// What was written.
  public struct Summary: Sendable, Hashable {
    /// How many records of each collection.
    public var counts: [String: Int] = [:]
    /// How many files are encrypted.
    public var encrypted = 0
    /// SHA-256 of all lines before the trailer, ends of lines included.
    public var sha256 = ""
    /// SHA-256 of what the records mean: the same for the same content in every store.
    public var content = ""

    /// How many records there are in all.
    public var records: Int { counts.values.reduce(0, +) }
  }

  /// What both sides of a transfer keep account of.
  struct Account: ~Copyable {
    var summary = Summary()
    private var lines = SHA256()
    private var content = SHA256()

    init() {}

    mutating func take(line: [UInt8]) { lines.update(line) }

    mutating func take(_ record: TransferRecord, _ document: BSON) {
      summary.counts[record.collection.rawValue, default: 0] += 1
      content.update("\(record.collection.rawValue)\0\(record.tenant)\0")
      content.update(document.json)
      if record.collection == .tasks, let stored = document.binary("filecontents"),
        ContentCipher.isSealed(stored, filehash: document.string("filehash") ?? "")
      {
        summary.encrypted += 1
      }
    }

    consuming func finish() -> Summary {
      var summary = summary
      summary.sha256 = lines.finish().hex
      summary.content = content.finish().hex
      return summary
    }
  }

  static let format = "sync-agent catalog"
  static let version: Int32 = 1

  private let account = Mutex<Account>(Account())
  private let write: @Sendable ([UInt8]) throws(CatalogError) -> Void

  /// Begins a dump; `write` takes its bytes.
  ///
  /// - Parameters:
  ///   - agent: the version of this program.
  ///   - now: milliseconds since 1970.
  ///   - write: takes bytes, whole lines at a time; may block.
  /// - Throws: what `write` throws.
  public init(
    agent: String, now: Int64, _ write: @escaping @Sendable ([UInt8]) throws(CatalogError) -> Void
  ) throws(CatalogError) {
    self.write = write
    try put(
      BSON {
        $0.set("format", Self.format)
        $0.set("version", Self.version)
        $0.set("agent", agent)
        $0.set("exported_at", now)
      }.json)
  }

  /// Writes a record. Throws what the sink throws.
  public func add(_ record: TransferRecord) throws(CatalogError) {
    try account.withLock { (account) throws(CatalogError) in
      account.take(record, try BSON(json: record.json))
    }
    var line = Array(
      "{\"tenant\":\"\(record.tenant)\",\"collection\":\"\(record.collection.rawValue)\",\"document\":"
        .utf8)
    line += record.json
    line.append(UInt8(ascii: "}"))
    try put(line)
  }

  /// Writes the trailer and gives what it says. Throws what the sink throws.
  public func finish() throws(CatalogError) -> Summary {
    let summary = account.withLock { account in
      var done = Account()
      swap(&account, &done)
      return done.finish()
    }
    let trailer = BSON {
      $0.set("end", true)
      $0.set("records") { records in
        for collection in TransferRecord.Collection.allCases {
          let name = collection.rawValue
          records.set(name, Int64(summary.counts[name] ?? 0))
        }
      }
      $0.set("encrypted", Int64(summary.encrypted))
      $0.set("sha256", summary.sha256)
      $0.set("content", summary.content)
    }
    try write(trailer.json + [UInt8(ascii: "\n")])
    return summary
  }

  private func put(_ line: [UInt8]) throws(CatalogError) {
    let line = line + [UInt8(ascii: "\n")]
    account.withLock { $0.take(line: line) }
    try write(line)
  }
}
