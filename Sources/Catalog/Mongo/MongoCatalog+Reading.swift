import UtilityModel

extension MongoCatalog {
  /// The owned entries of a tenant, sorted by number, then status.
  public func entries(of tenant: TenantCode) async throws(CatalogError) -> [CatalogEntry] {
    try await stored(of: tenant).map(\.entry)
  }

  /// The same for readers.
  public func items(of tenant: TenantCode) async throws(CatalogError) -> [CatalogItem] {
    try await stored(of: tenant).map(\.item)
  }

  /// The owned entries of a tenant, or those of some numbers, sorted.
  func stored(
    of tenant: TenantCode, numbers: [Int32]? = nil
  ) async throws(CatalogError) -> [StoredEntry] {
    let (names, fence) = (try names(of: tenant), LeaseFence.current)
    return try await connection.run("read the entries of tenant \(tenant) from") { client in
      try self.recover(names, reading: fence, client)
      var entries: [StoredEntry] = []
      let filter = BSON {
        if let numbers { $0.set("id") { $0.setArray("$in", numbers) { $0.set($1, $2) } } }
        $0.append(MongoSchema.owned())
      }
      try client.find(
        names.tasks, filter,
        options: { $0.set("projection") { $0.set("filecontents", Int32(0)) } }
      ) { if !Parking.isParked($0) { entries.append(try StoredEntry($0)) } }
      return entries.sorted { $0.entry.key < $1.entry.key }
    }
  }

  /// Hands every tenant with owned entries to `receive`; see `CatalogStore`. One whose documents cannot
  /// be read is left out, which `unreadable` tells: it holds no other up.
  public func load(
    contentsUpTo limit: Int, _ receive: @escaping @Sendable (LoadedTenant) -> Void
  ) async throws(CatalogError) {
    var unreadable: [TenantCode: CatalogError] = [:]
    for record in try await tenants() {
      do throws(CatalogError) {
        try await load(record.tenant, contentsUpTo: limit, receive)
      } catch {
        guard error.code == .corrupt else { throw error }
        unreadable[record.tenant] = error
      }
    }
    setUnreadable(unreadable)
  }

  private func load(
    _ tenant: TenantCode, contentsUpTo limit: Int,
    _ receive: @escaping @Sendable (LoadedTenant) -> Void
  ) async throws(CatalogError) {
    let names = try names(of: tenant)
    try await connection.run("load the entries of tenant \(tenant) from") { client in
      var loaded = LoadedTenant(tenant: tenant, items: [], contents: [:])
      try client.find(
        names.tasks, MongoSchema.owned(),
        options: { options in
          if limit == 0 { options.set("projection") { $0.set("filecontents", Int32(0)) } }
        }
      ) { document in
        guard !Parking.isParked(document) else { return }
        let stored = try StoredEntry(document)
        loaded.items.append(stored.item)
        guard limit > 0, let bytes = try self.file(of: document, stored.entry.filehash),
          bytes.count <= limit
        else { return }
        loaded.contents[stored.entry.key] = bytes
      }
      if !loaded.items.isEmpty { receive(loaded) }
    }
  }

  /// The file of one owned entry, or nil where it has none.
  public func contents(
    of tenant: TenantCode, id: Int32, status: EntryStatus
  ) async throws(CatalogError) -> [UInt8]? {
    let names = try names(of: tenant)
    return try await connection.run("read the file of entry \(id) of tenant \(tenant) from") {
      let document = try $0.first(
        names.tasks, MongoSchema.place(EntryKey(id: id, status: status)),
        options: {
          $0.set("projection") {
            $0.set("filecontents", Int32(1))
            $0.set("filehash", Int32(1))
          }
        })
      return try document.flatMap { try self.file(of: $0, $0.string("filehash") ?? "") }
    }
  }

  /// A document's file, opened where it is sealed. Throws `CatalogError` (`wrongKey`).
  private func file(of document: BSON, _ filehash: String) throws -> [UInt8]? {
    guard let stored = document.binary("filecontents") else { return nil }
    return try ContentCipher.file(
      stored, filehash: filehash, cipher: options.cipher, subject: "an entry of the catalog")
  }

  /// Seals a tenant's files under the newest key; see `CatalogStore`.
  public func reseal(
    _ tenant: TenantCode, _ progress: @escaping @Sendable () -> Void
  ) async throws(CatalogError) -> Int {
    guard let cipher = options.cipher else { throw CatalogError.noKey }
    let names = try names(of: tenant)
    return try await connection.run("seal the files of tenant \(tenant) in") { client in
      var written = 0
      for key in try self.places(names, client) {
        defer { progress() }
        let filter = MongoSchema.place(key)
        guard let document = try client.first(names.tasks, filter),
          let stored = document.binary("filecontents"), !cipher.isCurrent(stored),
          let file = try self.file(of: document, document.string("filehash") ?? "")
        else { continue }
        // Only the file that was read is replaced; under one hash it is the same in the clear. Both
        // the old bytes and the new ones in one update could be more than a message may hold.
        filter.set("filehash", document.string("filehash") ?? "")
        filter.set("filecontents") { $0.set("$exists", true) }
        let update = BSON { $0.set("$set") { $0.set(binary: "filecontents", cipher.seal(file)) } }
        written += try client.bulk(names.tasks) { try $0.update(filter, update) }.matched
      }
      return written
    }
  }

  /// The places of a tenant's documents that have a file.
  private func places(_ names: TenantNames, _ client: MongoClient) throws -> [EntryKey] {
    let filter = MongoSchema.owned()
    filter.set("filecontents") { $0.set("$exists", true) }
    var places: [EntryKey] = []
    try client.find(
      names.tasks, filter,
      options: {
        $0.set("projection") {
          $0.set("id", Int32(1))
          $0.set("status", Int32(1))
        }
      }
    ) { document in
      guard let id = document.integer("id"), let status = document.string("status"),
        let status = EntryStatus(rawValue: status)
      else { return }
      places.append(EntryKey(id: Int32(truncatingIfNeeded: id), status: status))
    }
    return places.sorted()
  }
}

/// A stored document: the entry, and what others put on it.
struct StoredEntry: Sendable {
  var entry: CatalogEntry
  var unknown = UnknownMembers()
  /// The document's `_id`, where it is an ObjectId.
  var objectID: String?

  /// Reads a document. Throws `CatalogError` (`corrupt`).
  init(_ document: BSON) throws(CatalogError) {
    entry = try CatalogEntry(document: document, unknown: &unknown)
    objectID = document.objectID("_id")
  }

  /// The same for readers.
  var item: CatalogItem { CatalogItem(entry, json: entry.json(with: unknown)) }
}

extension MongoSchema {
  /// The owned document at a place.
  static func place(_ key: EntryKey) -> BSON { place(key.id, key.status.rawValue) }

  /// The same where the status may be that of a parked document.
  static func place(_ id: Int32, _ status: String) -> BSON {
    BSON {
      $0.set("id", id)
      $0.set("status", status)
      $0.append(owned())
    }
  }
}
