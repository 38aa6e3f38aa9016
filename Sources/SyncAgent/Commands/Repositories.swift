import GitStore

/// The tenants' repositories for a command.
enum Repositories {
  /// Tenant code to path; empty where the root does not exist yet.
  static func list(_ configuration: Configuration) async throws -> [String: String] {
    let root = configuration.text("repositories.root")
    return try await BlockingCall.run {
      do throws(GitError) {
        return try tenantDirectories(root: root)
      } catch  where error.code == .notFound {
        return [:]
      }
    }
  }
}
