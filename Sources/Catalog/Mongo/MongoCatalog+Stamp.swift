import UtilityModel

extension MongoCatalog {
  /// What the owned entries of a tenant add up to; see `CatalogStore`.
  public func stamp(of tenant: TenantCode) async throws(CatalogError) -> CatalogStamp? {
    let (names, fence) = (try names(of: tenant), LeaseFence.current)
    return try await connection.run("look over the entries of tenant \(tenant) in") { client in
      try self.recover(names, reading: fence, client)
      var stamp = CatalogStamp()
      try client.find(
        names.tasks, MongoSchema.owned(),
        options: {
          $0.set("projection") {
            for field in ["name", "status", "filehash", "metahash"] { $0.set(field, Int32(1)) }
          }
        }
      ) { document in
        stamp.add(
          name: document.string("name") ?? "", status: document.string("status") ?? "",
          filehash: document.string("filehash") ?? "", metahash: document.string("metahash") ?? "")
      }
      return stamp
    }
  }
}
