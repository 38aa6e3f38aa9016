import Foundation
import Reconciliation
import UtilityModel

/// What a running agent does for commands.
enum ControlCommands {
  static func answer(
    _ request: ControlSocket.Request, reconciler: Reconciler, board: StatusBoard
  ) async -> ControlSocket.Reply {
    do {
      switch request.command {
      case "sync":
        let tenant = request.tenant.flatMap { TenantCode($0) }
        guard let statuses = try await reconciler.sync(tenant) else {
          return .init(error: unknown(request.tenant ?? ""), body: nil)
        }
        return .init(error: nil, body: try encode(statuses))
      case "status":
        return .init(error: nil, body: try encode(board.all()))
      default:
        return .init(error: "the running agent does not know `\(request.command)`", body: nil)
      }
    } catch {
      return .init(error: "\(error)", body: nil)
    }
  }

  static func unknown(_ tenant: String) -> String {
    "no tenant `\(tenant)` is known; make its repository `\(tenant).git` in repositories.root"
  }

  private static func encode(_ value: some Encodable) throws -> String {
    String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
  }
}
