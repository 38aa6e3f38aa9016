import Hashing
import UtilityModel

/// The life of a catalog entry.
///
/// Source: contract, section 1.
public enum EntryStatus: String, Sendable, Codable, Hashable, CaseIterable {
  /// From the approved branch.
  case active
  /// On the trial branch only, or marked `draft: true`.
  case draft
  /// Removed from git.
  case inactive
}

/// One entry as readers see it: what filters and orders need, and the answer's bytes.
///
/// An object, so that a snapshot of 10,000 entries in which one is new copies references alone.
public final class CatalogItem: Sendable {
  /// The entry's number, unique in its tenant, shared by an active entry and its draft.
  public let id: Int32
  /// The utility's name.
  public let name: String
  /// The name that people read.
  public let displayname: String
  /// What the utility does.
  public let description: String
  /// The category.
  public let category: String
  /// The status.
  public let status: EntryStatus
  /// The owner.
  public let userid: Int64
  /// When anything visible last changed, in milliseconds since 1970.
  public let updateddate: Int64
  /// The `.py` file's path in the repository.
  public let path: String
  /// The branch that last changed the entry.
  public let branch: String
  /// The entry as one JSON object in UTF-8, all fields but `filecontents`.
  public let json: [UInt8]
  /// SHA-256 of `json`: names the item's content, the file included (`json` has its hash).
  public let digest: Digest
  /// What a search for words looks into: name, displayname and description, folded.
  public let searchText: SearchText
  /// The `.py` file, where it is kept in memory.
  public let file: [UInt8]?

  /// An item by its parts.
  public init(
    id: Int32, name: String, displayname: String, description: String, category: String,
    status: EntryStatus, userid: Int64, updateddate: Int64, path: String, branch: String,
    json: [UInt8]
  ) {
    self.id = id
    self.name = name
    self.displayname = displayname
    self.description = description
    self.category = category
    self.status = status
    self.userid = userid
    self.updateddate = updateddate
    self.path = path
    self.branch = branch
    self.json = json
    digest = SHA256.digest(of: json)
    searchText = SearchText([name, displayname, description])
    file = nil
  }

  /// SHA-256 of the file as `json` says it, or "" without one. Read out anew at each call.
  public var filehash: String {
    var found = ""
    var reader = JSONReader(json)
    do throws(JSONSyntaxError) {
      try reader.object { reader, key throws(JSONSyntaxError) in
        if key == "filehash" { found = try reader.string() } else { _ = try reader.raw() }
      }
    } catch {
      // What the encoder of `json` wrote is JSON; anything else has no hash that could match.
      return ""
    }
    return found
  }

  /// An item with another one's content, and its file.
  private init(_ item: CatalogItem, file: [UInt8]) {
    id = item.id
    name = item.name
    displayname = item.displayname
    description = item.description
    category = item.category
    status = item.status
    userid = item.userid
    updateddate = item.updateddate
    path = item.path
    branch = item.branch
    json = item.json
    digest = item.digest
    searchText = item.searchText
    self.file = file
  }

  /// The same item with its file.
  func keeping(_ file: [UInt8]) -> CatalogItem { CatalogItem(self, file: file) }

  /// The item's place in its tenant.
  public var key: EntryKey { EntryKey(id: id, status: status) }
}

/// The catalog as readers see it. Nothing here writes.
public protocol CatalogReading: Sendable {
  /// A tenant's newest published snapshot, or nil where the tenant is unknown. Never blocks.
  func snapshot(of tenant: TenantCode) -> TenantSnapshot?

  /// The tenants that have a snapshot, sorted. Never blocks.
  func tenants() -> [TenantCode]

  /// The file of one entry, or nil where it has none (inactive). From memory; only contents too
  /// large to be kept there come from the store.
  func contents(of tenant: TenantCode, id: Int32, status: EntryStatus) async throws -> [UInt8]?
}
