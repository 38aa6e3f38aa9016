/// Where the catalog is: the value of `catalog.url`.
///
/// Source: contract, section 6.
public enum CatalogURL: Sendable, Hashable {
  /// The embedded store in a file; a relative path starts at the working folder.
  case sqlite(path: String)

  /// Reads `sqlite:PATH` (also `sqlite://PATH`, as other programs write it).
  ///
  /// Throws `CatalogError`: `unsupported` for MongoDB's schemes, `configuration` for anything else.
  /// No part of a MongoDB address is repeated in the error: it may hold a password.
  public init(_ text: String) throws(CatalogError) {
    func error(_ code: CatalogError.Code, _ subject: String, _ cause: String) -> CatalogError {
      CatalogError(
        code, operation: "use", subject: subject, cause: cause,
        remedy: "set catalog.url to sqlite:PATH, for example sqlite:./data/catalog.sqlite")
    }
    if text.hasPrefix("mongodb://") || text.hasPrefix("mongodb+srv://") {
      throw error(
        .unsupported, "the MongoDB catalog of catalog.url", "it is not available yet in this build")
    }
    guard text.hasPrefix("sqlite:") else {
      throw error(.configuration, "catalog.url", "it does not begin with sqlite:")
    }
    var path = text.dropFirst("sqlite:".count)
    if path.hasPrefix("//") { path = path.dropFirst(2) }
    guard !path.isEmpty, path != ":memory:", !path.contains("\0") else {
      throw error(.configuration, "catalog.url", "it names no file")
    }
    self = .sqlite(path: String(path))
  }
}
