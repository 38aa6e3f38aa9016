import CatalogAPI
import Concurrency
import GitStore
import UtilityModel

/// Reads repositories for those who ask over HTTP.
///
/// On threads of its own, apart from the reconciler's, and with a bound on what may wait, of which
/// no tenant's readers can take the others' part.
final class GitReader: Sendable {
  /// How many reads may run and wait.
  private static let limit = 64

  private let pool = FairPool<TenantCode>(name: "git-read", width: 2, limit: limit)

  /// Runs a read of a tenant's repository. Throws `GitReadRefusal.busy`, and what `body` throws.
  func run<Value: Sendable>(
    for tenant: TenantCode, _ body: @Sendable @escaping () throws -> Value
  ) async throws -> Value {
    do {
      return try await pool.run(for: tenant, body)
    } catch is FairPool<TenantCode>.Full {
      throw GitReadRefusal.busy
    }
  }

  /// The commit that the digits name, or nil. Blocks. Throws `GitReadRefusal.ambiguous`, and
  /// `GitError` where it cannot be read.
  static func commit(
    _ digits: String, in handle: borrowing RepositoryHandle
  ) throws -> ObjectID? {
    do {
      return try handle.commit(named: digits)
    } catch  where error.code == .ambiguous {
      throw GitReadRefusal.ambiguous
    }
  }
}
