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
  }
}

/// A tenant's catalog at one instant. Immutable, so that it is read without a lock.
public final class TenantSnapshot: Sendable {
  /// The tenant.
  public let tenant: TenantCode
  /// Every entry that the agent owns, sorted by `updateddate` descending, then by name, status
  /// and number.
  public let items: [CatalogItem]
  /// Hexadecimal digest of the content: equal content has an equal tag, also after a restart.
  public let etag: String

  /// A snapshot of items in any order.
  public init(tenant: TenantCode, items: [CatalogItem], etag: String) {
    self.tenant = tenant
    self.items = items.sorted(by: Self.precedes)
    self.etag = etag
  }

  /// A snapshot of items that stand in the default order already.
  init(tenant: TenantCode, sortedItems: [CatalogItem], etag: String) {
    self.tenant = tenant
    items = sortedItems
    self.etag = etag
  }

  /// The default order of lists.
  public static func precedes(_ lhs: CatalogItem, _ rhs: CatalogItem) -> Bool {
    if lhs.updateddate != rhs.updateddate { return lhs.updateddate > rhs.updateddate }
    if lhs.name != rhs.name { return lhs.name < rhs.name }
    if lhs.status != rhs.status { return lhs.status.rawValue < rhs.status.rawValue }
    return lhs.id < rhs.id
  }
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
