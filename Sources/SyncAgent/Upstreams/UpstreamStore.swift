import Foundation
import GitStore
import Glibc
import UtilityModel

/// A tenant's upstream, with the names of the files that hold its secrets.
struct Upstream: Codable, Hashable, Sendable {
  /// The address, without a secret.
  var url: String
  /// The file with `user:password`, or a token alone, for `https`.
  var credentials: String?
  /// The file of the private key for `ssh`.
  var key: String?
  /// The file with the hosts that are trusted, where it is not that of `upstreams.known_hosts`.
  var knownHosts: String?
  /// How the fetches went.
  var status: UpstreamStatus

  /// Whether both are fetched from the same place with the same secrets.
  func hasSource(of other: Upstream) -> Bool {
    var same = other
    same.status = status
    return same == self
  }
}

/// The upstreams in the folder `.sync-agent/upstreams` beside the repositories, which all agents over
/// them share: a file a tenant, for its owner alone.
///
/// Only who has the tenant's lease, or adds or removes it, writes. Every function blocks.
struct UpstreamStore: Sendable {
  let folder: String

  /// The upstreams of the repositories in `root`. No tenant is named like the folder.
  init(root: String) { folder = "\(root)/.sync-agent/upstreams" }

  private func file(_ tenant: TenantCode) -> String { "\(folder)/\(tenant).json" }

  /// All upstreams. What cannot be read is left out, with its reason.
  func all() -> (upstreams: [TenantCode: Upstream], problems: [TenantCode: String]) {
    var (upstreams, problems): ([TenantCode: Upstream], [TenantCode: String]) = ([:], [:])
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      guard name.hasSuffix(".json"), let tenant = TenantCode(String(name.dropLast(5))) else {
        continue
      }
      do {
        upstreams[tenant] = try read(tenant)
      } catch {
        problems[tenant] = "the record of its upstream cannot be read: \(error)"
      }
    }
    return (upstreams, problems)
  }

  /// A tenant's upstream, or nil where it has none. Throws what reading and decoding throw.
  func read(_ tenant: TenantCode) throws -> Upstream? {
    guard access(file(tenant), F_OK) == 0 else { return nil }
    return try JSONDecoder().decode(
      Upstream.self, from: Data(contentsOf: URL(fileURLWithPath: file(tenant))))
  }

  /// Gives a tenant an upstream, or replaces it: whole, and on the disk. Throws `AgentError`.
  func write(_ upstream: Upstream, of tenant: TenantCode) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let bytes = Array(try encoder.encode(upstream))
    let staging = "\(file(tenant)).\(UUID().uuidString).new"
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw AgentError("the folder of upstreams cannot be made", "make repositories.root writable")
    }
    let descriptor = open(
      staging, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw unwritable(tenant) }
    let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    let synced = fsync(descriptor)
    close(descriptor)
    guard written == bytes.count, synced == 0, rename(staging, file(tenant)) == 0 else {
      unlink(staging)
      throw unwritable(tenant)
    }
    let folder = open(self.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  /// Forgets a tenant's upstream.
  func remove(_ tenant: TenantCode) { unlink(file(tenant)) }

  private func unwritable(_ tenant: TenantCode) -> AgentError {
    AgentError(
      "the upstream of \(tenant) cannot be recorded: \(String(cString: strerror(errno)))",
      "make repositories.root writable and see that its disk has room")
  }
}
