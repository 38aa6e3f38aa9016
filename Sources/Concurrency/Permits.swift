import Synchronization

/// A bounded number of permits: a task without one waits for its turn, first come, first served.
///
/// With a single permit it is a lock that may be held across `await`.
public final class Permits: Sendable {
  private struct State {
    var free: Int
    var waiting: [CheckedContinuation<Void, Never>] = []
  }
  private let state: Mutex<State>

  /// `count` permits, at least one.
  public init(_ count: Int) {
    state = Mutex(State(free: max(1, count)))
  }

  /// Runs `body` with a permit.
  ///
  /// Cancelling the caller does not shorten the wait; `body` has to look at the cancellation.
  public func withPermit<Value, Failure: Error>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    await acquire()
    defer { release() }
    return try await body()
  }

  private func acquire() async {
    await withCheckedContinuation { continuation in
      let granted = state.withLock { state in
        if state.free > 0 {
          state.free -= 1
          return true
        }
        state.waiting.append(continuation)
        return false
      }
      if granted { continuation.resume() }
    }
  }

  private func release() {
    let next: CheckedContinuation<Void, Never>? = state.withLock { state in
      if state.waiting.isEmpty {
        state.free += 1
        return nil
      }
      return state.waiting.removeFirst()
    }
    next?.resume()
  }
}
