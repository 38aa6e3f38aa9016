import UtilityModel

extension MongoCatalog {
  /// Writes a change whole or not at all; see `CatalogStore`.
  ///
  /// In one transaction where the server has them and the change is small enough for one. A larger
  /// one goes into a journal that is then done, and a tenant's first sync goes out in parts, as an
  /// interrupted one is what the next sync begins with.
  public func apply(
    _ change: CatalogChange, reading: @escaping @Sendable (ObjectID) throws -> [UInt8]
  ) async throws(CatalogError) -> AppliedChange {
    let names = try names(of: change.tenant)
    let fence = try fence(of: change.tenant)
    return try await connection.run("write the change of tenant \(change.tenant) to") { client in
      try self.prepare(names, client)
      if !change.audit.isEmpty { try self.prepareCore(client) }
      try self.recover(names, under: fence, client)
      let writer = MongoChangeWriter(
        client: client, catalog: self, names: names, change: change, reading: reading)
      guard try self.connection.topology(client) == .replicated else {
        return try self.journal(writer, under: fence)
      }
      do {
        return try self.write(change.tenant, under: fence, client, changed: \.numbers) {
          try writer.within($0).apply()
        }
      } catch is TransactionOverflow {
        return try self.isFirst(writer)
          ? try self.fill(writer, under: fence) : try self.journal(writer, under: fence)
      }
    }
  }

  /// Through a journal: it is complete or not there, and what is complete is done.
  private func journal(
    _ writer: MongoChangeWriter, under fence: LeaseFence?
  ) throws -> AppliedChange {
    let (client, names) = (writer.client, writer.names)
    unsettle(names)
    let journal = try MongoJournal(client: client, names: names, onStep: onStep) {
      try self.guarded(names.tenant, under: fence, client, $0)
    }
    let applied = try writer.recorded(in: journal).apply()
    try journal.complete()
    try recover(names, under: fence, client)
    if let fence { try pass(fence, names.tenant, applied.numbers, client, nil) }
    return applied
  }

  /// Whether nothing of a tenant is there that a change could collide with.
  private func isFirst(_ writer: MongoChangeWriter) throws -> Bool {
    try writer.change.isAdditionOnly
      && writer.client.first(writer.names.tasks, MongoSchema.owned()) == nil
  }

  /// A first sync in parts: numbers, entries batch by batch, and the branches at the end.
  private func fill(
    _ writer: MongoChangeWriter, under fence: LeaseFence?
  ) throws -> AppliedChange {
    let (client, change) = (writer.client, writer.change)
    try writer.checkPlaces()
    let identities = try guarded(change.tenant, under: fence, client) {
      try writer.within($0).assignIdentities()
    }
    var (puts, rest): ([AppliedChange.Put], Range<Int>) = ([], change.puts.indices)
    puts.reserveCapacity(rest.count)
    while !rest.isEmpty {
      let part = try guarded(change.tenant, under: fence, client) {
        try writer.within($0).writeBatch(rest, over: [], identities)
      }
      puts += part.puts
      rest = part.rest
    }
    return try write(change.tenant, under: fence, client, changed: \.numbers) {
      try writer.within($0).record()
      return AppliedChange(tenant: change.tenant, identities: identities, puts: puts, deletes: [])
    }
  }
}

/// A change has more documents, or more bytes of files, than one transaction is given. Nothing of
/// it is written.
struct TransactionOverflow: Error {}

/// How much one transaction is given. A server keeps all of it in its cache until the commit, and
/// ends a transaction after `transactionLifetimeLimitSeconds` (60 s).
struct TransactionLimit: Hashable, Sendable {
  /// Documents.
  var documents = 2000
  /// Bytes of files.
  var bytes = 32 << 20
}

extension CatalogChange {
  /// Whether it only adds documents of utilities that have no number yet.
  fileprivate var isAdditionOnly: Bool {
    deletes.isEmpty
      && puts.allSatisfy { put in
        if case .new = put.identity { put.replaces == nil } else { false }
      }
  }
}

extension AppliedChange {
  /// The numbers of the utilities whose documents it wrote or deleted.
  fileprivate var numbers: Set<Int32> { Set(puts.map(\.entry.id) + deletes.map(\.id)) }
}
