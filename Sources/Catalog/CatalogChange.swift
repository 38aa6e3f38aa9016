import UtilityModel

/// Which utility an entry of a change belongs to.
public enum EntryIdentity: Hashable, Sendable {
  /// One that has its number.
  case existing(Int32)
  /// The n-th new one of this change: numbers are assigned in the order of n, and an active entry
  /// and its draft share one by naming the same n.
  case new(Int)
}

/// What happens to a document's `filecontents`.
public enum ContentChange: Hashable, Sendable {
  /// They stay as they are.
  case keep
  /// They become the bytes of a blob.
  case set(blob: ObjectID)
  /// They are taken away.
  case remove
}

/// One document to write.
public struct EntryPut: Sendable {
  /// Whose document it is.
  public var identity: EntryIdentity
  /// The document; `id` and the stored `utils_used` are filled in by the store.
  public var entry: CatalogEntry
  /// The status under which this document stood before, or nil for a new document.
  public var replaces: EntryStatus?
  /// What happens to the file.
  public var contents: ContentChange

  /// A document to write.
  public init(
    identity: EntryIdentity, entry: CatalogEntry, replaces: EntryStatus?, contents: ContentChange
  ) {
    self.identity = identity
    self.entry = entry
    self.replaces = replaces
    self.contents = contents
  }
}

/// Everything that one reconcile writes for one tenant: all of it, or nothing.
public struct CatalogChange: Sendable {
  /// The tenant.
  public var tenant: TenantCode
  /// Documents to write, in any order: names may be swapped among them.
  public var puts: [EntryPut]
  /// Documents to delete; one that is gone already is no error.
  public var deletes: [EntryKey]
  /// Branches to record.
  public var statuses: [BranchStatus]
  /// Branches to forget.
  public var removedBranches: [String]
  /// Records that are appended to the audit.
  public var audit: [AuditRecord]
  /// Those of the blobs that are known to be beyond `CatalogLimits.residentFile`: a store may make them
  /// ready before it begins to write.
  public var large: Set<ObjectID> = []

  /// A change by its parts.
  public init(
    tenant: TenantCode, puts: [EntryPut] = [], deletes: [EntryKey] = [],
    statuses: [BranchStatus] = [], removedBranches: [String] = [], audit: [AuditRecord] = []
  ) {
    self.tenant = tenant
    self.puts = puts
    self.deletes = deletes
    self.statuses = statuses
    self.removedBranches = removedBranches
    self.audit = audit
  }
}

/// What a store has written: durable when a caller sees it.
public struct AppliedChange: Sendable {
  /// What became of a document's `filecontents`.
  public enum Contents: Hashable, Sendable {
    /// They stayed.
    case kept
    /// They are these bytes.
    case set([UInt8])
    /// They are new and larger than `CatalogLimits.residentFile`: ask the store.
    case large
    /// There are none.
    case removed
  }

  /// One written document.
  public struct Put: Sendable {
    /// The document with its number.
    public var entry: CatalogEntry
    /// The same for readers.
    public var item: CatalogItem
    /// The status under which it stood before, or nil.
    public var replaced: EntryStatus?
    /// What became of its file.
    public var contents: Contents
  }

  /// The tenant.
  public var tenant: TenantCode
  /// The numbers of the change's new utilities, by their n.
  public var identities: [Int: Int32]
  /// The written documents, in the change's order.
  public var puts: [Put]
  /// The deleted documents.
  public var deletes: [EntryKey]
}

/// Bounds of what is kept in memory.
public enum CatalogLimits {
  /// Files up to this many bytes are kept in memory; larger ones are read from the store.
  public static let residentFile = 256 << 10
  /// All files together take at most this many bytes of memory; what is beyond comes from the store.
  public static let residentTotal = 64 << 20
}
