import Catalog
import Hashing
import UtilityModel

/// Values for catalog tests.
public enum CatalogSamples {
  /// The tenant that most tests use.
  public static let tenant = TenantCode("acme")!
  /// A moment, in milliseconds since 1970.
  public static let now: Int64 = 1_700_000_000_000

  /// The blob whose twenty bytes are all `byte`.
  public static func blob(_ byte: UInt8) -> ObjectID {
    ObjectID(bytes: [UInt8](repeating: byte, count: 20))!
  }

  /// What `reading` gives for a blob in these tests: a comment with its name.
  public static func bytes(_ blob: ObjectID) -> [UInt8] { Array("# \(blob.hex)".utf8) }

  /// A version of a utility with every kind of value in it.
  public static func version(_ name: String, blob: ObjectID = blob(1)) -> UtilityVersion {
    var metadata = Metadata(
      title: name, displayname: Metadata.displayName(for: name),
      description: "Says \"hi\",\n\tand é 😀 \u{1}", category: "Data Processing",
      inputLabel: "Text \"in\" \\", filterLabel: "Filter")
    metadata.outputs = [
      .name("plain"), .described(name: "rich", type: "string", description: "what it is"),
    ]
    metadata.packages = ["pandas>=2"]
    metadata.playbooks = ["triage"]
    return UtilityVersion(
      name: name, path: "utils/\(name).py", blob: blob, sidecarPath: "utils/\(name).yaml",
      sidecarBlob: CatalogSamples.blob(2), filehash: SHA256.digest(of: name),
      metahash: SHA256.digest(of: "meta"), metadata: metadata,
      findings: [
        Finding(
          path: "utils/\(name).py", line: 3, column: 5, rule: .noNetwork, severity: .medium,
          message: "imports requests", hint: "ask first")
      ], modules: [])
  }

  /// Its entry.
  public static func entry(
    _ name: String, id: Int32 = 0, status: EntryStatus = .active, tenant: TenantCode = tenant,
    updated: Int64 = now
  ) -> CatalogEntry {
    EntryBuilder.entry(
      id: id, tenant: tenant, version: version(name), status: status, userid: 42,
      restURL: "http://python-utils:8110/\(name)", port: "8110", env: "e0",
      provenance: Provenance(
        commit: blob(9), author: "Ann", authorEmail: "ann@example.com", authoredAt: now - 5,
        committer: "Bob", approvedBy: "Cleo"),
      branch: "main", created: now, updated: updated, now: now)
  }
}
