import CLinux
@testable import Catalog
import Foundation
import Glibc
import TestSupport
import UtilityModel

/// A server that speaks MongoDB's protocol: the one of `MONGODB_URI`, or SecantusDB on a free port
/// of this machine, which ends with this process.
enum MongoServer {
  /// The program, pinned in `Tests/MongoTests/requirements.txt` and installed by `scripts/setup`.
  private static let program =
    ProcessInfo.processInfo.environment["SECANTUSDB"] ?? ".build/mongo-venv/bin/secantusd-py"

  /// Why there is none, or nil.
  static let missing: String? =
    given != nil || access(program, X_OK) == 0
    ? nil : "no MongoDB: run scripts/setup test, or set MONGODB_URI"

  private static let given = ProcessInfo.processInfo.environment["MONGODB_URI"]

  /// The shared server's connection string; starts it at the first use.
  static func uri() throws -> String { try shared.get() }

  /// A standalone server's connection string; starts it at the first use.
  static func standaloneURI() throws -> String { try standalone.get() }

  private static let standalone = Result { try start("--standalone") }

  private static let shared = Result { try given ?? start() }

  /// Starts a server of its own in a temporary folder; gives its connection string.
  static func start(_ arguments: String...) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "mongo-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let port = try freePort()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    // The shell ends the server when this process and with it the pipe are gone; at once, as it would
    // wait for transactions that tests leave open.
    let script = """
      folder=$1; shift; "$@" >"$folder/log" 2>&1 </dev/null & server=$!
      cat >/dev/null; kill -9 $server; wait $server; rm -rf "$folder"
      """
    process.arguments =
      [
        "-c", script, "sh", folder.path, URL(fileURLWithPath: program).path, "--host", "127.0.0.1",
        "--port", "\(port)", "--storage-path", folder.appending(path: "data").path,
      ] + arguments
    // The leash: its writing end is open for as long as this process lives, and closed on exec, so
    // that no other child of it, started at the same moment, holds it as well.
    var leash: [Int32] = [0, 0]
    guard linux_pipe(&leash) == 0 else { throw ServerFailure(description: "no pipe is to be had") }
    process.standardInput = FileHandle(fileDescriptor: leash[0], closeOnDealloc: true)
    // The server must not hold the output that the runner of tests waits for.
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    let deadline = ContinuousClock.now + .seconds(60)
    while !answers(port) {
      guard ContinuousClock.now < deadline, process.isRunning else {
        throw ServerFailure(description: "SecantusDB did not start; see \(folder.path)/log")
      }
      usleep(20_000)
    }
    return "mongodb://127.0.0.1:\(port)/"
  }

  struct ServerFailure: Error, CustomStringConvertible { var description: String }

  private static func address(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr = in_addr(s_addr: UInt32(0x7f00_0001).bigEndian)
    return address
  }

  private static func withSocket<Value>(
    _ port: UInt16, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Value
  ) -> Value {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = address(port)
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body(descriptor, $0, size) }
    }
  }

  private static func answers(_ port: UInt16) -> Bool {
    withSocket(port) { connect($0, $1, $2) == 0 }
  }

  private static func freePort() throws -> UInt16 {
    try withSocket(0) { descriptor, address, size in
      var bound = sockaddr_in()
      var length = size
      guard bind(descriptor, address, size) == 0 else {
        return Result<UInt16, ServerFailure>.failure(ServerFailure(description: "no free port"))
      }
      _ = withUnsafeMutablePointer(to: &bound) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          getsockname(descriptor, $0, &length)
        }
      }
      return .success(UInt16(bigEndian: bound.sin_port))
    }.get()
  }
}

/// A catalog in databases of its own on a server.
final class MongoFixture: CatalogFixture {
  let options: MongoOptions
  /// Another client: what other programs do.
  let other: MongoCatalog

  init(
    uri: String? = nil, cipher: ContentCipher? = nil, limit: TransactionLimit? = nil
  ) throws {
    let prefix = "t\(UInt32.random(in: .min ... .max))_"
    var options = try MongoOptions(uri: uri ?? MongoServer.uri())
    options.cipher = cipher
    if let limit { options.transactionLimit = limit }
    options.coreDatabase = prefix + "core"
    options.databasePrefix = prefix
    // A machine that runs tests is slow at times.
    options.selectionTimeout = 30
    options.socketTimeout = 120
    self.options = options
    other = try MongoCatalog(options)
  }

  func open() async throws -> any CatalogStore { try MongoCatalog(options) }

  func close(_ store: any CatalogStore) async throws {
    try await (store as? MongoCatalog)?.close()
  }

  func insertForeign(_ json: String, tenant: TenantCode) async throws {
    let tasks = try other.names(of: tenant).tasks
    try await other.connection.run("insert into") { client in
      let document = try BSON(json: Array(json.utf8))
      try client.bulk(tasks) { try $0.insert(document) }
    }
  }

  func documents(of tenant: TenantCode) async throws -> [String] {
    let tasks = try other.names(of: tenant).tasks
    return try await other.connection.run("read") { client in
      var documents: [String] = []
      try client.find(tasks, BSON()) { document in
        let json = ExtendedJSON.compact(document.without("_id", "filecontents").json)
        documents.append(String(decoding: json, as: UTF8.self))
      }
      return documents
    }
  }

  func set(_ member: String, to value: String, tenant: TenantCode, id: Int32) async throws {
    let tasks = try other.names(of: tenant).tasks
    try await other.connection.run("update") { client in
      let fields = try BSON(json: Array("{\"\(member)\": \(value)}".utf8))
      let filter = BSON {
        $0.set("id", id)
        $0.append(MongoSchema.owned())
      }
      try client.bulk(tasks) { try $0.update(filter, BSON { $0.set("$set", fields) }) }
    }
  }
}
