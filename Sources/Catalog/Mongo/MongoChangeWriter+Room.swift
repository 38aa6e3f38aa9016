import UtilityModel

extension MongoChangeWriter {
  // MARK: What stands in the way

  /// What a transaction's unique indexes find while it writes, found before a journal is complete.
  func checkRoom(_ formers: [StoredEntry?]) throws {
    let deleted = Set(change.deletes)
    var leaving = deleted
    for case let former? in formers {
      guard !deleted.contains(former.entry.key) else {
        throw CatalogError(
          .conflict, operation: "write", subject: "tenant \(change.tenant)",
          cause: "the change deletes one of its documents too", remedy: "plan anew")
      }
      leaving.insert(former.entry.key)
    }
    let numbers = change.puts.compactMap { put -> Int32? in
      if case .existing(let id) = put.identity { id } else { nil }
    }
    let numbered = try read(Set(numbers))
    let named = try readLive(Set(change.puts.map(\.entry.name)))
    for put in change.puts {
      if case .existing(let id) = put.identity {
        let key = EntryKey(id: id, status: put.entry.status)
        guard numbered[key] == nil || leaving.contains(key) else { throw taken(put) }
      }
      guard put.entry.status != .inactive else { continue }
      let name = put.entry.name.lowercased()
      for other in named where other.status == put.entry.status && other.name.lowercased() == name {
        guard leaving.contains(other.key) else { throw taken(put) }
      }
    }
    try checkPlaces()
  }

  /// Throws where the change itself has two live entries of one name.
  func checkPlaces() throws {
    let places = change.puts.filter { $0.entry.status != .inactive }
      .map { "\($0.entry.status) \($0.entry.name.lowercased())" }
    guard Set(places).count == places.count else {
      throw CatalogError(
        .conflict, operation: "write", subject: "tenant \(change.tenant)",
        cause: "the change has two live entries of one name", remedy: "plan anew")
    }
  }

  private func taken(_ put: EntryPut) -> CatalogError {
    conflict(put, "another entry has its number, or is live under its name")
  }

  /// The live entries of some names in any case, without their files.
  private func readLive(_ names: Set<String>) throws -> [CatalogEntry] {
    var found: [CatalogEntry] = []
    var rest = ArraySlice(names.sorted())
    while !rest.isEmpty {
      let some = Array(rest.prefix(1000))
      rest = rest.dropFirst(some.count)
      let filter = BSON {
        $0.set("name") { $0.set("$in", some) }
        $0.set("status") { $0.set("$in", [EntryStatus.active, .draft].map(\.rawValue)) }
        $0.append(MongoSchema.owned())
      }
      try client.find(
        self.names.tasks, filter,
        options: {
          $0.set("projection") { $0.set("filecontents", Int32(0)) }
          $0.set("collation") {
            $0.set("locale", "en")
            $0.set("strength", Int32(2))
          }
        }
      ) { found.append(try StoredEntry($0).entry) }
    }
    return found
  }
}
