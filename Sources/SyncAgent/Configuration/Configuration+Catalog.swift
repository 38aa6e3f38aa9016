import Catalog
import Foundation
import Reconciliation
import Synchronization

/// Where the catalog is, and how it is opened.
extension Configuration {
  /// The LLD's names of the environment, the first of which that is set counts.
  private static let hostAliases = ["MONGO_HOST", "DB_HOST"]
  private static let passwordAliases = ["MONGO_PASSWORD", "DB_PASSWORD"]

  /// Takes the LLD's names: the host as `catalog.url`, the password as `catalog.password`. The names
  /// of the keys themselves win over them.
  mutating func takeAliases(_ environment: [String: String], _ problems: inout [String]) {
    func first(_ names: [String], unless key: String) -> (name: String, value: String)? {
      guard environment[key] == nil else { return nil }
      return names.lazy.compactMap { name in environment[name].map { (name, $0) } }.first
    }
    if let host = first(Self.hostAliases, unless: "CATALOG_URL") {
      let url = host.value.contains("://") ? host.value : "mongodb://\(host.value)"
      take(
        "catalog.url", url, source: "environment \(host.name)", subject: host.name, &problems)
    }
    if let password = first(Self.passwordAliases, unless: "CATALOG_PASSWORD") {
      take(
        "catalog.password", password.value, source: "environment \(password.name)",
        subject: password.name, &problems)
    }
  }

  /// What is wrong with the catalog's address.
  var catalogProblems: [String] {
    do {
      _ = try catalogURL()
      return []
    } catch {
      return ["\(error)"]
    }
  }

  /// `catalog.url` with all that belongs to it. Throws `CatalogError` (`configuration`).
  func catalogURL() throws(CatalogError) -> CatalogURL {
    let text = text("catalog.url")
    guard text.hasPrefix("mongodb") else { return try CatalogURL(text) }
    let credentials = MongoOptions.Credentials(
      user: self["catalog.username"], password: self["catalog.password"])
    guard case .mongodb(var options) = try CatalogURL(text, credentials: credentials) else {
      return try CatalogURL(text)
    }
    func seconds(_ key: String) -> Double { ConfigurationKey.seconds(self.text(key)) ?? 0 }
    options.coreDatabase = self.text("catalog.core_database")
    options.databasePrefix = self["catalog.database_prefix"] ?? ""
    options.maximumConnections = integer("catalog.max_pool_size")
    options.minimumConnections = integer("catalog.min_pool_size")
    options.connectTimeout = seconds("catalog.connect_timeout")
    options.socketTimeout = seconds("catalog.socket_timeout")
    options.selectionTimeout = seconds("catalog.selection_timeout")
    return .mongodb(options)
  }

  /// Opens the catalog. Throws `CatalogError`.
  func openCatalog() async throws(CatalogError) -> any CatalogStore {
    let cipher = try await cipher()
    switch try catalogURL() {
    case .sqlite(let path): return try await EmbeddedCatalog.open(path: path, cipher: cipher)
    case .mongodb(var options):
      options.cipher = cipher
      let catalog = try MongoCatalog(options) { step in FaultPoint.reached("mongo.\(step)") }
      Self.opened.withLock { $0.append(catalog) }
      return catalog
    }
  }

  /// The catalogs in MongoDB that this process has opened: they end with it. The end of a pool waits
  /// up to half a second for libmongoc's monitors, and blocks its thread for that.
  private static let opened = Mutex<[MongoCatalog]>([])

  /// What seals the files of the catalog, or nil. Throws `CatalogError` (`configuration`).
  func cipher() async throws(CatalogError) -> ContentCipher? {
    guard let path = self["catalog.encryption_key_file"] else { return nil }
    return try await BlockingCall.pool.run { () throws(CatalogError) in
      try ContentCipher(keyFile: path)
    }
  }

  /// An address without its credentials: the user and the password, and options that hold one.
  static func masked(_ value: String) -> String {
    guard let scheme = value.range(of: "://") else { return value }
    var rest = String(value[scheme.upperBound...])
    if let at = rest.lastIndex(of: "@") { rest = "***" + rest[at...] }
    for option in [
      "tlsCertificateKeyFilePassword", "sslClientCertificateKeyPassword",
      "authMechanismProperties",
    ] {
      guard let name = rest.range(of: option + "=", options: .caseInsensitive) else { continue }
      let end = rest[name.upperBound...].firstIndex(of: "&") ?? rest.endIndex
      rest.replaceSubrange(name.upperBound..<end, with: "***")
    }
    return value[..<scheme.upperBound] + rest
  }
}
