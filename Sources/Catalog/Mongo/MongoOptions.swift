import CMongoC

/// How to reach the catalog in MongoDB, checked, with a password that no description shows.
///
/// Source: contract, section 6; LLD, "Database Connection Pooling".
public struct MongoOptions: Sendable, Hashable, CustomStringConvertible {
  /// The connection string, `mongodb://` or `mongodb+srv://`, credentials included.
  let uri: String
  /// The database of `tenants`, `leases` and `audit`.
  public var coreDatabase = "zona_core"
  /// What stands before the tenant's code in its database's name.
  public var databasePrefix = ""
  /// What seals files; nil stores them in the clear.
  public var cipher: ContentCipher?
  /// How large a change may be to be one transaction.
  var transactionLimit = TransactionLimit()
  /// At most so many connections.
  public var maximumConnections = 50
  /// So many connections are opened ahead.
  public var minimumConnections = 5
  /// How long a connection may take, in seconds.
  public var connectTimeout = 10.0
  /// How long an answer may take, in seconds.
  public var socketTimeout = 30.0
  /// How long to look for a server that can be written to, in seconds.
  public var selectionTimeout = 5.0

  /// A user and a password that stand beside the connection string.
  public struct Credentials: Sendable {
    /// Counts where the string names no user.
    public var user: String?
    /// Wins over the string's.
    public var password: String?

    /// Credentials, or none.
    public init(user: String? = nil, password: String? = nil) {
      self.user = user
      self.password = password
    }
  }

  /// Reads a connection string. Options that it names win over the properties here.
  ///
  /// Throws `CatalogError` (`configuration`); no part of the string is repeated in it.
  public init(uri: String, credentials: Credentials = Credentials()) throws(CatalogError) {
    MongoLibrary.start()
    guard let parsed = mongoc_uri_new_with_error(uri, nil) else {
      throw Self.refused("it is no connection string of MongoDB")
    }
    defer { mongoc_uri_destroy(parsed) }
    let user = mongoc_uri_get_username(parsed).map { String(cString: $0) } ?? credentials.user
    let password =
      credentials.password ?? mongoc_uri_get_password(parsed).map { String(cString: $0) }
    if let user {
      self.uri = Self.text(of: uri, user: user, password: password)
    } else if password != nil {
      throw Self.refused(
        "there is a password and no user: write mongodb://USER@HOST/, or set catalog.username")
    } else {
      self.uri = uri
    }
    guard let made = mongoc_uri_new_with_error(self.uri, nil) else {
      throw Self.refused("its user or its password cannot be used")
    }
    mongoc_uri_destroy(made)
  }

  /// The connection string with the credentials put in, percent-encoded.
  private static func text(of uri: String, user: String, password: String?) -> String {
    guard let scheme = uri.range(of: "://") else { return uri }
    let rest = uri[scheme.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    let hosts = authority.lastIndex(of: "@").map { authority.index(after: $0) } ?? rest.startIndex
    func encoded(_ text: String) -> String {
      text.utf8.map { byte in
        let scalar = Unicode.Scalar(byte)
        return scalar.properties.isAlphabetic && byte < 0x80 || (0x30...0x39).contains(byte)
          ? String(scalar) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }.joined()
    }
    let login = encoded(user) + (password.map { ":" + encoded($0) } ?? "")
    return "\(uri[..<scheme.upperBound])\(login)@\(rest[hosts...])"
  }

  static func refused(_ cause: String) -> CatalogError {
    CatalogError(
      .configuration, operation: "use", subject: "catalog.url", cause: cause,
      remedy: "set it to mongodb://USER:PASSWORD@HOST:PORT/?OPTIONS, or to sqlite:PATH")
  }

  /// The hosts alone.
  public var description: String {
    guard let parsed = mongoc_uri_new_with_error(uri, nil) else { return "MongoDB" }
    defer { mongoc_uri_destroy(parsed) }
    var hosts: [String] = []
    var host = mongoc_uri_get_hosts(parsed)
    while let current = host {
      let name = withUnsafeBytes(of: current.pointee.host_and_port) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      hosts.append(name)
      host = UnsafePointer(current.pointee.next)
    }
    return hosts.isEmpty ? "MongoDB" : hosts.joined(separator: ",")
  }

  /// Makes the pool of clients. Throws `CatalogError`.
  func makePool() throws(CatalogError) -> OpaquePointer {
    MongoLibrary.start()
    var error = bson_error_t()
    guard let parsed = mongoc_uri_new_with_error(uri, &error) else {
      throw Self.refused("it is no connection string of MongoDB")
    }
    defer { mongoc_uri_destroy(parsed) }
    func fallback(_ option: String, _ value: Int) {
      guard !mongoc_uri_has_option(parsed, option) else { return }
      mongoc_uri_set_option_as_int32(parsed, option, Int32(clamping: value))
    }
    fallback("maxpoolsize", maximumConnections)
    fallback("connecttimeoutms", Int(connectTimeout * 1000))
    fallback("sockettimeoutms", Int(socketTimeout * 1000))
    fallback("serverselectiontimeoutms", Int(selectionTimeout * 1000))
    if !mongoc_uri_has_option(parsed, "appname") { mongoc_uri_set_appname(parsed, "sync-agent") }
    // Whatever the string says: nothing less survives the death of a server.
    let durable = mongoc_write_concern_new()
    defer { mongoc_write_concern_destroy(durable) }
    mongoc_write_concern_set_w(durable, MONGOC_WRITE_CONCERN_W_MAJORITY)
    mongoc_write_concern_set_journal(durable, true)
    mongoc_uri_set_write_concern(parsed, durable)
    let majority = mongoc_read_concern_new()
    defer { mongoc_read_concern_destroy(majority) }
    mongoc_read_concern_set_level(majority, "majority")
    mongoc_uri_set_read_concern(parsed, majority)
    // A transaction reads from the primary, and what is read beside one must not be older.
    let primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY)
    defer { mongoc_read_prefs_destroy(primary) }
    mongoc_uri_set_read_prefs_t(parsed, primary)
    guard let pool = mongoc_client_pool_new_with_error(parsed, &error) else {
      throw Self.refused("libmongoc cannot use it; look at its tls options and their files")
    }
    mongoc_client_pool_set_error_api(pool, MONGOC_ERROR_API_VERSION_2)
    return pool
  }
}

/// libmongoc itself: set up once for the life of the process.
enum MongoLibrary {
  /// Sets it up; later calls do nothing. Its own log is silent (`CMongoSetup`): every failure is
  /// an error here.
  static func start() { _ = started }

  private static let started: Void = mongoc_init()
}
