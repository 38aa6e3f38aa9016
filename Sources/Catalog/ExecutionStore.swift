import UtilityModel

/// A catalog that keeps calls of utilities: the collection `task_execution`.
///
/// Thread rules and errors are those of `CatalogStore`.
public protocol ExecutionStore: Sendable {
  /// Adds calls of a tenant, and lets the oldest go beyond `limit` of them. A call that is there
  /// already (by its `id`) is left alone, and so is one of a tenant that was removed. Gives those that were added, in their order.
  func appendExecutions(
    _ records: [ExecutionRecord], of tenant: TenantCode, keeping limit: Int
  ) async throws(CatalogError) -> [ExecutionRecord]

  /// A page of a tenant's calls, newest first: of one entry, or of all.
  func executions(
    of tenant: TenantCode, _ query: RecordQuery
  ) async throws(CatalogError) -> RecordPage<ExecutionRecord>
}
