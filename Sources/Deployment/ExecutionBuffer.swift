import Logging
import Synchronization
import UtilityModel

/// Calls that servers told of and that are not in the catalog yet. Bounded: the oldest go first.
///
/// Filled on the supervisor's thread; emptied by whoever collects.
final class ExecutionBuffer: Sendable {
  /// The most calls of a slot.
  static let limit = 10_000

  private struct State {
    var calls: [RuntimeSlot: [ExecutedCall]] = [:]
    var dropped = 0
  }
  private let state = Mutex(State())

  /// Adds what a server of `slot` told.
  func add(_ calls: [ExecutedCall], of slot: RuntimeSlot) {
    state.withLock { state in
      var all = state.calls[slot, default: []]
      all += calls
      let excess = max(0, all.count - Self.limit)
      all.removeFirst(excess)
      state.dropped += excess
      state.calls[slot] = all
    }
  }

  /// Hands each slot's calls to `keep`; those that it does not take stay for the next time.
  func empty(into keep: ExecutionKeeper, logger: Logger) async {
    let (taken, dropped) = state.withLock { state in
      defer { state = State() }
      return (state.calls, state.dropped)
    }
    if dropped > 0 {
      logger.warning(
        "calls of utilities were dropped before they were recorded",
        metadata: ["count": "\(dropped)"])
    }
    for (slot, calls) in taken where !calls.isEmpty {
      do {
        try await keep(slot, calls)
      } catch {
        logger.error(
          "calls of utilities cannot be recorded yet",
          metadata: ["tenant_code": "\(slot.tenant)", "error": "\(error)"])
        state.withLock { state in
          let newer = state.calls[slot, default: []]
          let all = calls + newer
          state.calls[slot] = Array(all.suffix(Self.limit))
          state.dropped += max(0, all.count - Self.limit)
        }
      }
    }
  }
}
