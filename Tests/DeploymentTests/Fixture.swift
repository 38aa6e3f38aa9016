import Foundation
import Hashing
import Logging
import Synchronization
import Testing
import UtilityModel

@testable import Deployment

/// A temporary folder with a store, a registry on ports of its own, and blobs in memory.
final class Fixture: Sendable {
  let root: String
  let store: ReleaseStore
  let tenant: TenantCode
  let ports: PortRegistry.Ports

  init() throws {
    root = NSTemporaryDirectory() + "deployment-" + UUID().uuidString
    try Folder.make(root)
    store = ReleaseStore(root: root + "/releases", keep: 2)
    tenant = try #require(TenantCode("demo"))
    // Far from the product's ports and below the ephemeral ones, apart for concurrent tests.
    let base = Int.random(in: 1000..<3000) * 10
    ports = PortRegistry.Ports(active: base, trial: base + 1, range: (base + 2)...(base + 9))
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  var registry: PortRegistry { PortRegistry(file: root + "/state/ports.json", ports: ports) }
  var active: RuntimeSlot { RuntimeSlot(tenant: tenant, kind: .active) }

  /// Publishes utilities given by name and source.
  func publish(
    _ sources: [String: String], modules: [String: String] = [:], timeout: Int = 20
  ) throws -> Release {
    let blobs = Mutex<[ObjectID: [UInt8]]>([:])
    func blob(_ source: String) throws -> (ObjectID, Digest) {
      let bytes = Array(source.utf8)
      let digest = SHA256.digest(of: bytes)
      let id = try #require(ObjectID(bytes: digest.bytes.prefix(20)))
      blobs.withLock { $0[id] = bytes }
      return (id, digest)
    }
    let utilities = try sources.map { name, source in
      let (id, digest) = try blob(source)
      return ReleaseUtility(name: name, filehash: digest, blob: id, timeout: timeout)
    }
    let shared = try modules.map { path, source in
      let (id, digest) = try blob(source)
      return SharedModule(path: path, blob: id, filehash: digest)
    }
    let contents = ReleaseContents(tenant: tenant, utilities: utilities, modules: shared)
    return try store.publish(contents) { id in
      try #require(blobs.withLock { $0[id] })
    }
  }

  /// The real server's program, beside the sources.
  static let serverFolder =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path + "/python-utils"

  /// Why no server can run here, or nil. Told loudly by the suites that need one.
  static let missing: String? = {
    signal(SIGPIPE, SIG_IGN)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
    process.arguments = ["-I", "-c", "import aiohttp"]
    process.standardError = FileHandle.nullDevice
    do {
      try process.run()
    } catch {
      return "no /usr/bin/python3"
    }
    process.waitUntilExit()
    let reason = "SKIPPED: /usr/bin/python3 has no aiohttp: apt-get install python3-aiohttp"
    if process.terminationStatus != 0 { print(reason) }
    return process.terminationStatus == 0 ? nil : reason
  }()

  /// A runtime on this fixture's ports, shut down after `body`.
  func withRuntime<Value>(
    configured: (inout ProcessRuntime.Configuration) -> Void = { _ in },
    _ body: (ProcessRuntime) async throws -> Value
  ) async throws -> Value {
    let source = try RuntimeSource.locate(explicit: Self.serverFolder)
    var configuration = ProcessRuntime.Configuration(source: source)
    configured(&configuration)
    let runtime = ProcessRuntime(
      configuration: configuration, ports: registry, logger: Self.logger)
    do {
      let value = try await body(runtime)
      await runtime.shutdown()
      return value
    } catch {
      await runtime.shutdown()
      throw error
    }
  }

  static let logger: Logger = {
    var logger = Logger(label: "deployment-tests")
    logger.logLevel = .critical
    return logger
  }()

  /// The processes that serve a release below this fixture's folder.
  func servers() throws -> [pid_t] {
    try Folder.entries(of: "/proc").compactMap { pid_t($0) }.filter { pid in
      // A process may end while the list is read.
      guard let line = try? Folder.contents(ofFile: "/proc/\(pid)/cmdline") else { return false }
      return String(decoding: line, as: UTF8.self).contains(root)
    }
  }
}

/// A utility that answers `text`.
func answering(_ text: String, name: String = "hello") -> String {
  "def \(name)(data, filter):\n    return \"\(text)\"\n"
}

/// Polls until a condition holds; fails after two minutes, which a loaded machine does not need.
func eventually(_ condition: () async throws -> Bool) async throws {
  let deadline = ContinuousClock.now + .seconds(120)
  repeat {
    if try await condition() { return }
    try await Task.sleep(for: .milliseconds(20))
  } while ContinuousClock.now < deadline
  Issue.record("did not happen within two minutes")
}
