import UtilityModel

/// A catalog that can be read out whole, and filled from what another one gave.
public protocol CatalogTransfer: CatalogStore {
  /// Hands every record of the agent to `receive`, one after the other, on a thread of the store,
  /// where it may block: the tenants, then each tenant's branches, entries, number and calls, then
  /// the audit. The order is the same for the same content, in every store.
  ///
  /// A tenant is read in one view of it. Files come as they are stored. Throws what `receive` does.
  func export(
    _ receive: @escaping @Sendable (TransferRecord) throws(CatalogError) -> Void
  ) async throws(CatalogError)

  /// Throws `conflict` where the catalog holds anything of the agent already; what an interrupted
  /// import of a dump with this digest left does not count.
  func checkEmpty(for dump: CatalogDump) async throws(CatalogError)

  /// Writes all of a dump into an empty catalog: whole or not at all, or so that it can be repeated
  /// and no agent uses the catalog before that. `progress` is told of each record.
  func restore(
    _ dump: CatalogDump, _ progress: @escaping @Sendable () -> Void
  ) async throws(CatalogError)
}

/// One document on its way from one catalog to another.
public struct TransferRecord: Sendable, Hashable {
  /// Where it belongs; the collections of the catalog in MongoDB.
  public enum Collection: String, Sendable, CaseIterable {
    /// The tenants.
    case tenants
    /// Where branches stand.
    case state = "sync_state"
    /// The entries, with their files.
    case tasks
    /// A tenant's highest number.
    case counters
    /// The calls.
    case executions = "task_execution"
    /// The audit.
    case audit
  }

  /// Where it belongs.
  public var collection: Collection
  /// Whose it is.
  public var tenant: String
  /// The document without its `_id`, but for calls: canonical Extended JSON v2, in one line.
  public var json: [UInt8]
}
