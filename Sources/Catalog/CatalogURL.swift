/// Where the catalog is: the value of `catalog.url`.
///
/// Source: contract, section 6.
public enum CatalogURL: Sendable, Hashable {
  /// The embedded store in a file; a relative path starts at the working folder.
  case sqlite(path: String)
  /// MongoDB.
  case mongodb(MongoOptions)

  /// Reads `sqlite:PATH` (also `sqlite://PATH`, as other programs write it), or a connection string
  /// of MongoDB, into which `credentials` are put.
  ///
  /// Throws `CatalogError` (`configuration`). No part of a MongoDB address is repeated in the error:
  /// it may hold a password.
  public init(
    _ text: String, credentials: MongoOptions.Credentials = .init()
  ) throws(CatalogError) {
    func error(_ code: CatalogError.Code, _ subject: String, _ cause: String) -> CatalogError {
      CatalogError(
        code, operation: "use", subject: subject, cause: cause,
        remedy: "set catalog.url to sqlite:PATH or mongodb://HOST:PORT, for example "
          + "sqlite:./data/catalog.sqlite")
    }
    if text.hasPrefix("mongodb://") || text.hasPrefix("mongodb+srv://") {
      self = .mongodb(try MongoOptions(uri: text, credentials: credentials))
      return
    }
    guard text.hasPrefix("sqlite:") else {
      throw error(.configuration, "catalog.url", "it does not begin with sqlite: or mongodb:")
    }
    var path = text.dropFirst("sqlite:".count)
    if path.hasPrefix("//") { path = path.dropFirst(2) }
    guard !path.isEmpty, path != ":memory:", !path.contains("\0") else {
      throw error(.configuration, "catalog.url", "it names no file")
    }
    self = .sqlite(path: String(path))
  }
}
