import Foundation
import GitStore
import Reconciliation
import UtilityModel

/// What a running agent does for commands.
enum ControlCommands {
  static func answer(
    _ request: ControlSocket.Request, reconciler: Reconciler, board: StatusBoard,
    work: TenantWork, keeper: LeaseKeeper?
  ) async -> ControlSocket.Reply {
    do {
      if let keeper, let reply = try await relayed(request, keeper) { return reply }
      switch request.command {
      case "sync":
        let tenant = request.tenant.flatMap { TenantCode($0) }
        guard var statuses = try await sync(tenant, reconciler, board, work.upstreams) else {
          return .init(error: unknown(request.tenant ?? ""), body: nil)
        }
        for index in statuses.indices {
          statuses[index].upstream = TenantCode(statuses[index].tenantcode).flatMap(board.upstream)
        }
        return .init(error: nil, body: try encode(statuses))
      case "approve", "rollback", "suspend", "resume":
        guard let tenant = request.tenant.flatMap({ TenantCode($0) }),
          let decision = Reconciler.Decision(
            kind: request.command, subject: request.subject ?? "", revision: request.revision,
            actor: request.actor ?? "", reason: request.reason ?? "")
        else { return incomplete }
        guard let statuses = try await reconciler.decide(decision, on: tenant) else {
          return .init(error: unknown(tenant.rawValue), body: nil)
        }
        return .init(error: nil, body: try encode(statuses))
      case "cancel":
        guard let tenant = request.tenant.flatMap({ TenantCode($0) }),
          let user = request.subject.flatMap({ Int64($0) })
        else { return incomplete }
        guard let count = try await reconciler.cancel(user: user, of: tenant) else {
          return .init(error: unknown(tenant.rawValue), body: nil)
        }
        return .init(
          error: nil,
          body: try encode(Cancelled(tenantcode: tenant.rawValue, user: user, cancelled: count)))
      case "tenant-add":
        guard let (tenant, decider) = request.decision else { return incomplete }
        return .init(
          error: nil,
          body: try encode(
            try await work.add(tenant, upstream: request.upstream, by: decider)))
      case "tenant-remove", "tenant-removal":
        guard let (tenant, decider) = request.decision else { return incomplete }
        let removal =
          request.command == "tenant-remove"
          ? try await reconciler.remove(tenant, by: decider)
          : try await reconciler.removal(of: tenant)
        guard let removal else { return .init(error: unknown(tenant.rawValue), body: nil) }
        if request.command == "tenant-remove" { await work.upstreams.remove(tenant) }
        return .init(error: nil, body: try encode(removal))
      case "tenant-copy":
        guard let (tenant, decider) = request.decision,
          let from = request.subject.flatMap({ TenantCode($0) }),
          let author = request.arguments?["author"].flatMap({ CommitIdentity($0) }),
          let committer = request.arguments?["committer"].flatMap({ CommitIdentity($0) })
        else { return incomplete }
        return .init(
          error: nil,
          body: try encode(
            try await reconciler.copy(
              from: from, to: tenant, author: author, committer: committer, by: decider)))
      case "status":
        return .init(error: nil, body: try encode(board.all()))
      default:
        return .init(error: "the running agent does not know `\(request.command)`", body: nil)
      }
    } catch {
      return .init(error: "\(error)", body: nil)
    }
  }

  /// What another agent is asked for where it has the tenant.
  private static let relayed: Set = [
    "sync", "approve", "rollback", "suspend", "resume", "cancel", "tenant-remove", "tenant-removal",
  ]

  /// The answer of the agent that has the tenant; nil where that is this one, or nobody.
  private static func relayed(
    _ request: ControlSocket.Request, _ keeper: LeaseKeeper
  ) async throws -> ControlSocket.Reply? {
    guard relayed.contains(request.command), let tenant = request.tenant.flatMap({ TenantCode($0) })
    else { return nil }
    guard let answer = try await keeper.relay(try encode(request), of: tenant) else { return nil }
    return try JSONDecoder().decode(ControlSocket.Reply.self, from: Data(answer.utf8))
  }

  /// Does what another agent has handed over as text, and gives the reply as text.
  static func answer(
    relayed text: String, reconciler: Reconciler, board: StatusBoard, work: TenantWork
  ) async -> String {
    let reply: ControlSocket.Reply
    do {
      let request = try JSONDecoder().decode(ControlSocket.Request.self, from: Data(text.utf8))
      // Handed on once only: whoever has it by now is named in the refusal.
      reply = await answer(
        request, reconciler: reconciler, board: board, work: work, keeper: nil)
    } catch {
      reply = .init(error: "the agent does not understand the request of another one", body: nil)
    }
    do {
      return try encode(reply)
    } catch {
      return #"{"error": "the reply cannot be told"}"#
    }
  }

  /// Fetches upstreams and reconciles one tenant, or all; nil for an unknown one.
  ///
  /// Nobody waits for another one's upstream: of all tenants only those that have one are looked at
  /// twice.
  private static func sync(
    _ tenant: TenantCode?, _ reconciler: Reconciler, _ board: StatusBoard,
    _ upstreams: UpstreamMirror
  ) async throws -> [TenantStatus]? {
    async let fetched = upstreams.fetch(tenant)
    guard tenant == nil else {
      _ = await fetched
      return try await reconciler.sync(tenant)
    }
    _ = try await reconciler.sync(nil)
    _ = await fetched
    for follower in await upstreams.followers { _ = try await reconciler.sync(follower) }
    return board.all()
  }

  private static let incomplete = ControlSocket.Reply(
    error: "the request is not complete", body: nil)

  static func unknown(_ tenant: String) -> String {
    "no tenant `\(tenant)` is known; `sync-agent tenant add \(tenant)` makes it"
  }

  private static func encode(_ value: some Encodable) throws -> String {
    String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
  }
}

extension ControlSocket.Request {
  /// Whom the request is about and who asks; nil where it does not say.
  fileprivate var decision: (TenantCode, Decider)? {
    guard let tenant = tenant.flatMap({ TenantCode($0) }), let actor, !actor.isEmpty else {
      return nil
    }
    return (tenant, Decider(actor: actor, reason: reason ?? ""))
  }
}
