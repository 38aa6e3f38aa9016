/// One document of a tenant's collection `tasks`, but for its `filecontents`.
///
/// One document stands for one utility in one status. The wire names are the LLD's; the ones that
/// Swift spells differently are named beside their property. Made by `EntryBuilder` or read from
/// a store. Source: LLD, "tasks Collection"; contract, section 3.
public struct CatalogEntry: Sendable, Hashable {
  /// The utility's name.
  public var name = ""
  /// The utility's number in its tenant; 0 until a store has assigned it.
  public var id: Int32 = 0
  /// The name that people read.
  public var displayname = ""
  /// What the utility does.
  public var description = ""
  /// Always "customutils".
  public var type = ""
  /// The form's input fields as JSON in a string.
  public var fields = ""
  /// When the utility came into the catalog, in milliseconds since 1970.
  public var createddate: Int64 = 0
  /// When anything visible last changed, in milliseconds since 1970.
  public var updateddate: Int64 = 0
  /// The status.
  public var status = EntryStatus.active
  /// `tasks_tag`: "custom_utils_" and the name.
  public var tasksTag = ""
  /// `task_handler`: always "Utils".
  public var taskHandler = ""
  /// `rest_url`: where the runtime answers.
  public var restURL = ""
  /// Always "POST".
  public var method = ""
  /// The tenant's code.
  public var tenantcode = ""
  /// The name with ".py".
  public var filename = ""
  /// PEP 508 requirements, in order.
  public var packages: [String] = []
  /// The runtime's port.
  public var port = ""
  /// The folder that the platform shows; the agent keeps nothing there.
  public var foldername = ""
  /// The owner.
  public var userid: Int64 = 0
  /// Whether this is a custom utility: true in every entry that the agent owns.
  public var customutils = true
  /// `integration_id`: always -1.
  public var integrationID: Int32 = -1
  /// `utils_used`: set by the platform; an update keeps what the stored document says.
  public var utilsUsed = false
  /// `rest_end`: the name between slashes.
  public var restEnd = ""
  /// `input_params`: the call's parameters as JSON in a string.
  public var inputParams = ""
  /// Free-form run-time parameters.
  public var parameters = ""
  /// The name with "()".
  public var functionname = ""
  /// The declared outputs as JSON in a string.
  public var outputfields = ""
  /// `playbook_name`: the playbooks that use the utility. Where the sidecar names none, the list is
  /// the platform's, and an update keeps it.
  public var playbookNames: [String] = []
  /// The category.
  public var category = ""
  /// Lower-case hexadecimal SHA-256 of the `.py` blob.
  public var filehash = ""
  /// The same of the sidecar.
  public var metahash = ""
  /// Digest of the package environment, or "" without packages.
  public var env = ""
  /// The refused newest version, or nil.
  public var quarantine: QuarantineRecord?
  /// What last changed the entry.
  public var sync: SyncStamp

  init(sync: SyncStamp) { self.sync = sync }

  /// The entry's place in its tenant.
  public var key: EntryKey { EntryKey(id: id, status: status) }

  /// Whether anything visible is different, so that a write and a new `updateddate` are due.
  ///
  /// Left aside: `createddate`, `updateddate`, `sync.synced_at`, which tell of the writing and not
  /// of the thing written, and what the platform keeps on `other`, the stored document.
  public func differs(from other: CatalogEntry) -> Bool {
    var (entry, other) = (self, other)
    entry.keepPlatformFields(of: other)
    other.createddate = createddate
    other.updateddate = updateddate
    other.sync.syncedAt = sync.syncedAt
    return entry != other
  }

  /// Takes over what the platform has set on the stored document.
  mutating func keepPlatformFields(of stored: CatalogEntry) {
    utilsUsed = stored.utilsUsed
    if playbookNames.isEmpty { playbookNames = stored.playbookNames }
  }
}

/// Where an entry stands in its tenant: an active entry and its draft share the number.
public struct EntryKey: Sendable, Hashable, Comparable {
  /// The utility's number.
  public var id: Int32
  /// The status.
  public var status: EntryStatus

  /// A place.
  public init(id: Int32, status: EntryStatus) {
    self.id = id
    self.status = status
  }

  /// Orders by number, then by status.
  public static func < (lhs: Self, rhs: Self) -> Bool {
    if lhs.id != rhs.id { return lhs.id < rhs.id }
    return lhs.status.rawValue < rhs.status.rawValue
  }
}
