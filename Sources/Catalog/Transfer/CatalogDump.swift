import Foundation
import Glibc
import Hashing
import UtilityModel

/// A dump in a file that was read through once: complete, unaltered, and readable with the keys at
/// hand.
public struct CatalogDump: Sendable {
  /// The file.
  public let path: String
  /// What its trailer says.
  public let summary: DumpWriter.Summary
  /// Its tenants, sorted by code.
  public let tenants: [TenantRecord]

  /// Longer lines are none of a dump: a file of 10 MiB, encrypted, as base64 and the rest.
  private static let lineLimit = 64 << 20

  /// Reads a file through and checks each record: that it means something, that it stands once, that
  /// its tenant is listed, and that its file is the one that its hash names, opened with `cipher`
  /// where it is encrypted. `progress` is told of each record. Blocks.
  ///
  /// Throws `CatalogError`: `corrupt` for a file that is truncated, altered or no dump, `wrongKey`.
  public init(
    checking path: String, cipher: ContentCipher?, _ progress: @Sendable () -> Void = {}
  ) throws(CatalogError) {
    var tenants: [TenantCode: TenantRecord] = [:]
    var seen: Set<String> = []
    self.path = path
    summary = try Self.read(path) { (record, document, number) throws(CatalogError) in
      defer { progress() }
      func refused(_ cause: String) -> CatalogError { Self.refused("line \(number): \(cause)") }
      let meaning: TransferDocument
      do throws(CatalogError) {
        meaning = try TransferDocument(record, document)
      } catch {
        throw refused(error.cause)
      }
      var place: String?
      switch meaning {
      case .tenant(let record):
        place = ""
        tenants[record.tenant] = record
      case .state(let status): place = status.branch
      case .entry(let entry, _, let contents):
        place = "\(entry.id) \(entry.status)"
        guard entry.status == .inactive || contents != nil else { throw refused("it has no file") }
        if let contents { try Self.check(contents, of: entry, cipher: cipher, number) }
      case .counter: place = ""
      case .execution(let call): place = call.id
      case .audit: break
      }
      if let place {
        guard seen.insert("\(record.collection) \(record.tenant) \(place)").inserted else {
          throw refused("it is there twice")
        }
        guard TenantCode(record.tenant).map({ tenants[$0] }) != nil else {
          throw refused("its tenant is not listed")
        }
      }
    }
    self.tenants = tenants.values.sorted { $0.tenant < $1.tenant }
  }

  private static func check(
    _ contents: [UInt8], of entry: CatalogEntry, cipher: ContentCipher?, _ number: Int
  ) throws(CatalogError) {
    let file = try ContentCipher.file(
      contents, filehash: entry.filehash, cipher: cipher,
      subject: "\(entry.name) of tenant \(entry.tenantcode)")
    guard SHA256.digest(of: file).hex == entry.filehash else {
      throw refused("line \(number): the file of \(entry.name) is not the one that its hash names")
    }
  }

  /// Hands each record to `body`, in order. Throws as `init`, also where the file changed since.
  func records(
    _ body: (TransferRecord, BSON) throws(CatalogError) -> Void
  ) throws(CatalogError) {
    let found = try Self.read(path) { (record, document, _) throws(CatalogError) in
      try body(record, document)
    }
    guard found == summary else { throw Self.refused("it changed while it was read") }
  }

  private static func read(
    _ path: String, _ body: (TransferRecord, BSON, _ line: Int) throws(CatalogError) -> Void
  ) throws(CatalogError) -> DumpWriter.Summary {
    guard let file = fopen(path, "re") else {
      throw refused("it cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var account = DumpWriter.Account()
    var trailer: BSON?
    var number = 0
    var buffer: UnsafeMutablePointer<CChar>?
    var room = 0
    defer { free(buffer) }
    while true {
      let count = getline(&buffer, &room, file)
      guard count > 0, let start = buffer else { break }
      number += 1
      guard trailer == nil else { throw refused("something follows its last line") }
      let line = Array(UnsafeRawBufferPointer(start: start, count: count))
      guard line.last == UInt8(ascii: "\n"), line.count <= lineLimit,
        let document = try? BSON(json: line)
      else {
        throw refused(
          number == 1 ? "it is no dump of a catalog" : "line \(number) is cut off or no JSON")
      }
      if number == 1 {
        guard document.string("format") == DumpWriter.format else {
          throw refused("it is no dump of a catalog")
        }
        guard document.integer("version") == Int64(DumpWriter.version) else {
          throw refused("its format is another version's")
        }
      } else if document.has("end") {
        trailer = document
        continue
      } else {
        guard let tenant = document.string("tenant"),
          let collection = document.string("collection")
            .flatMap(TransferRecord.Collection.init(rawValue:)),
          let content = document.document("document")
        else { throw refused("line \(number) is no record") }
        let record = TransferRecord(
          collection: collection, tenant: tenant, json: content.canonicalJSON)
        account.take(record, content)
        try body(record, content, number)
      }
      account.take(line: line)
    }
    let summary = account.finish()
    guard let trailer else { throw refused("its last line is missing: it is cut off") }
    guard trailer.string("sha256") == summary.sha256, trailer.string("content") == summary.content
    else { throw refused("it was altered: its digest is another one") }
    for collection in TransferRecord.Collection.allCases {
      let name = collection.rawValue
      guard trailer.integer("records.\(name)") == Int64(summary.counts[name] ?? 0) else {
        throw refused("it was altered: its records are not as many as it says")
      }
    }
    return summary
  }

  private static func refused(_ cause: String) -> CatalogError {
    CatalogError(
      .corrupt, operation: "import", subject: "the dump", cause: cause,
      remedy: "export the catalog again; nothing was changed")
  }
}
