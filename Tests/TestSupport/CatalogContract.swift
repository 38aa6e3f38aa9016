import Catalog
import Testing
import UtilityModel

/// Where a contract test gets its store from.
public protocol CatalogFixture: Sendable {
  /// An empty store, or the same store opened anew after an earlier call.
  func open() async throws -> any CatalogStore
  /// Ends a store's use of its files or connections.
  func close(_ store: any CatalogStore) async throws
  /// Puts a document into a tenant's `tasks` past the agent, as another program would.
  func insertForeign(_ json: String, tenant: TenantCode) async throws
  /// A tenant's documents as they are stored, JSON with all members but `filecontents`.
  func documents(of tenant: TenantCode) async throws -> [String]
  /// Sets one member of the agent's own document past the agent; `value` is JSON.
  func set(_ member: String, to value: String, tenant: TenantCode, id: Int32) async throws
}

/// What every `CatalogStore` must do, whatever stands behind it: each function is one behaviour.
///
/// A store's own suite runs `behaviours` as an argument list over a fresh fixture each.
public struct CatalogContract: Sendable, CustomTestStringConvertible {
  /// The behaviour in words.
  public let name: String
  private let body: @Sendable (any CatalogFixture) async throws -> Void

  /// The behaviour in words.
  public var testDescription: String { name }

  /// Checks the behaviour on a fresh fixture.
  public func check(_ fixture: any CatalogFixture) async throws { try await body(fixture) }

  /// All of them.
  public static let behaviours: [CatalogContract] = [
    .init(name: "an entry comes back as it was put", body: entryComesBack),
    .init(name: "numbers start at 1001 and follow the order of the new", body: numbers),
    .init(name: "a number is never used again", body: numbersAreNotReused),
    .init(name: "live names are unique in any case", body: liveNamesAreUnique),
    .init(name: "names are swapped and rotated in one change", body: namesAreSwapped),
    .init(name: "active and draft change places with their files", body: statusesAreSwapped),
    .init(name: "foreign documents are neither seen nor touched", body: foreignDocuments),
    .init(name: "a reopened store has everything", body: durability),
    .init(name: "a failed reading changes nothing", body: atomicity),
    .init(name: "a replaced document that is gone is a conflict", body: goneDocument),
    .init(name: "branches are recorded, replaced and forgotten", body: branches),
    .init(name: "unknown members and utils_used survive", body: unknownMembers),
    .init(name: "playbooks of the platform survive", body: platformPlaybooks),
    .init(name: "contents are kept, set and removed", body: contents),
    .init(name: "deletes are exact and repeatable", body: deletes),
    .init(name: "tenants are known once and apart", body: tenants),
    .init(name: "a tenant is emptied and forgotten, and its numbers stay used", body: removal),
    .init(name: "the audit grows with a change or not at all", body: audit),
    .init(name: "calls are kept once, newest first and not for ever", body: executions),
    .init(name: "two thousand entries in one change", body: bigBatch),
  ]
}

extension CatalogContract {
  static let tenant = CatalogSamples.tenant
  static let blob = CatalogSamples.blob

  /// Applies puts and deletes with the samples' blobs.
  @discardableResult
  static func apply(
    _ puts: [EntryPut], deletes: [EntryKey] = [], tenant: TenantCode = tenant,
    to store: any CatalogStore
  ) async throws -> AppliedChange {
    try await store.apply(
      CatalogChange(tenant: tenant, puts: puts, deletes: deletes), reading: CatalogSamples.bytes)
  }

  /// A new document.
  static func new(
    _ name: String, _ index: Int, status: EntryStatus = .active, tenant: TenantCode = tenant,
    blob: ObjectID = CatalogSamples.blob(1)
  ) -> EntryPut {
    EntryPut(
      identity: .new(index),
      entry: CatalogSamples.entry(name, status: status, tenant: tenant), replaces: nil,
      contents: .set(blob: blob))
  }

  /// A document in place of another.
  static func update(
    _ entry: CatalogEntry, replaces: EntryStatus? = nil, contents: ContentChange = .keep
  ) -> EntryPut {
    EntryPut(
      identity: .existing(entry.id), entry: entry, replaces: replaces ?? entry.status,
      contents: contents)
  }

  /// Expects a `CatalogError` of a code.
  static func expect(
    _ code: CatalogError.Code, from body: () async throws -> Void
  ) async {
    await #expect {
      try await body()
    } throws: {
      ($0 as? CatalogError)?.code == code
    }
  }
}
