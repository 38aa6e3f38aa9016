import Foundation
import UtilityModel

/// Whether the container engine can be asked.
public enum EngineState: Hashable, Sendable {
  /// It answers, with this version of its API.
  case up(api: String)
  /// It does not; why.
  case down(String)
}

/// A runtime whose engine tells what happens to what it runs.
public protocol EngineRuntime: Runtime {
  /// Follows the engine until the task is cancelled.
  ///
  /// `changed` is told of a tenant whose runtime somebody touched, and nil each time the engine is
  /// there again: look at every tenant. `state` is told when the engine comes and goes. Both are hints
  /// only; the safety net of the reconciler finds the same.
  func watch(
    changed: @escaping @Sendable (TenantCode?) -> Void,
    state: @escaping @Sendable (EngineState) -> Void
  ) async
}

extension EngineClient {
  /// Which events are wanted. Source: Docker Engine API, "Monitor events".
  struct EventQuery: Sendable {
    var types: [String]
    var actions: [String]
    /// `swarm` for what the cluster does; nil for what this engine does.
    var scope: String?
  }

  /// Follows the engine's events until the task is cancelled, through its ends and returns.
  ///
  /// `opened` is called each time the stream has begun, `event` with each event's JSON.
  func watch(
    _ query: EventQuery, state: @escaping @Sendable (EngineState) -> Void,
    opened: @escaping @Sendable () async -> Void,
    event: @escaping @Sendable (ArraySlice<UInt8>) async -> Void
  ) async {
    while !Task.isCancelled {
      let reason = await withTaskGroup(of: String?.self) { group in
        group.addTask { await self.follow(query, state, opened, event) }
        // A stream does not tell of an engine that hangs.
        group.addTask { await self.listenToPings() }
        let reason = await group.next() ?? nil
        group.cancelAll()
        return reason
      }
      guard let reason else { return }
      state(.down(reason))
      do { try await Task.sleep(for: .seconds(1)) } catch { return }
    }
  }

  /// Why the engine does not answer any more; nil when the task is cancelled.
  private func listenToPings() async -> String? {
    do throws(EngineFailure) {
      try await pingUntilSilent()
      return nil
    } catch {
      return error.kind == .cancelled ? nil : error.message
    }
  }

  /// Follows one stream; why it ended, nil when the task is cancelled.
  private func follow(
    _ query: EventQuery, _ state: @Sendable (EngineState) -> Void,
    _ opened: @Sendable () async -> Void, _ event: @Sendable (ArraySlice<UInt8>) async -> Void
  ) async -> String? {
    do throws(EngineFailure) {
      let version = try await negotiate()
      var parameters = [
        "filters": try Self.filters(["type": query.types, "event": query.actions])
      ]
      parameters["scope"] = query.scope
      let target = try await target("/events", parameters)
      var rest: [UInt8] = []
      try await UnixHTTP.follow(socket: socket, target: target) {
        state(.up(api: version))
        await opened()
      } receive: { piece in
        rest += piece
        while let end = rest.firstIndex(of: 0x0A) {
          await event(rest[..<end])
          rest.removeSubrange(...end)
        }
        // No event is that long: a stream of something else must not fill the memory.
        if rest.count > 1 << 20 { rest = [] }
      }
      return Task.isCancelled ? nil : "the engine ended its stream of events"
    } catch {
      return error.kind == .cancelled ? nil : error.message
    }
  }
}
