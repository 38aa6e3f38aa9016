import Hummingbird

/// A known route: how it is registered, told apart in metrics, and matched for methods it lacks.
enum Route: String, CaseIterable {
  case list = "/utils/v1/custom-utils/{tenant-code}/{userid}/{name}"
  case entry = "/utils/v1/custom-utils/{tenant-code}/{task-id}"
  case history = "/utils/v1/history/{tenant-code}/{task-id}"
  case source = "/utils/v1/source/{tenant-code}/{task-id}"
  case sync = "/utils/v1/sync"
  case tenantSync = "/utils/v1/sync/{tenant-code}"
  case commit = "/utils/v1/sync/{tenant-code}/commits/{sha}"
  case audit = "/utils/v1/audit/{tenant-code}"
  case executions = "/utils/v1/executions/{tenant-code}"
  case events = "/utils/v1/events/{tenant-code}"
  case openapi = "/openapi.json"
  case health = "/health"
  case live = "/health/live"
  case ready = "/health/ready"
  case metrics = "/metrics"
  case console = "/"
  case consoleAsset = "/console/{asset}"
  /// The LLD's route for writes: known so that its users are told the new way, read by nobody.
  case legacyWrite = "/utils/v1/custom-utils"

  /// Whether it answers a monitor, which has no token and is never slowed down.
  var isProbe: Bool {
    switch self {
    case .health, .live, .ready: true
    case .list, .entry, .history, .source, .sync, .tenantSync, .commit, .audit, .executions,
      .events, .openapi, .metrics, .console, .consoleAsset, .legacyWrite:
      false
    }
  }

  /// Whether it is served without a token, since it holds nothing of any tenant.
  ///
  /// The console's files hold no data, and people sign in with them.
  var isOpen: Bool { isProbe || self == .console || self == .consoleAsset }

  /// The template's segments.
  private static let segments: [(route: Route, parts: [Substring])] = allCases.map {
    ($0, $0.rawValue.split(separator: "/"))
  }

  /// The route that a raw path belongs to, whatever the method.
  static func matching(_ path: String) -> Route? {
    let given = path.split(separator: "/", omittingEmptySubsequences: true)
    return segments.first { _, parts in
      parts.count == given.count
        && zip(parts, given).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }?.route
  }

  /// The template for Hummingbird's router, which wants one name for a place that two routes share:
  /// parameters are named by their place, and read by `RequestParameters` instead.
  var routerPath: RouterPath {
    let parts = rawValue.split(separator: "/").enumerated().map { index, part in
      part.hasPrefix("{") ? "{\(index)}" : String(part)
    }
    return RouterPath("/" + parts.joined(separator: "/"))
  }

  /// What answers a method other than GET and HEAD.
  func methodNotAllowed() -> Response {
    let message =
      switch self {
      case .list, .entry, .history, .source, .legacyWrite:
        "This interface only reads. To create, update, rename or delete a utility, commit the "
          + "change below utils/ to the tenant's git repository and push it: the catalog follows."
      case .sync, .tenantSync, .commit:
        "This interface only reads. To start a sync, push a commit to the tenant's git "
          + "repository, or run: sync-agent sync"
      case .audit, .executions, .events, .openapi, .health, .live, .ready, .metrics, .console,
        .consoleAsset:
        "This interface only reads. What the agent does is decided by git: push a commit."
      }
    var response = APIError(
      status: .methodNotAllowed, code: .methodNotAllowed, message: message
    ).response()
    response.headers[.allow] = "GET, HEAD"
    return response
  }
}
