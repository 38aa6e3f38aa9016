import Synchronization

/// A bounded number of threads and of places to wait for them, divided among clients.
///
/// One thread at a time is a client's at most, and clients with work take turns, so that a client
/// with much of it holds nobody up for longer than what runs. Where all places are taken, a client
/// with fewer of them gets one of the client with the most, whose newest work is refused then.
public final class FairPool<Client: Hashable & Sendable>: Sendable {
  /// As much work as may be runs and waits already.
  public struct Full: Error {
    /// A refusal.
    public init() {}
  }

  fileprivate struct State {
    var free: Int
    var running: Set<Client> = []
    var waiting: [Client: [CheckedContinuation<Bool, Never>]] = [:]
    /// The clients that wait, the one whose turn is next first.
    var turns: [Client] = []
    /// All that runs and waits.
    var taken = 0
  }
  private let limit: Int
  private let pool: BlockingPool
  private let state: Mutex<State>

  /// Starts `width` threads (at least one), for `limit` works that run or wait.
  public init(name: String, width: Int, limit: Int) {
    self.limit = limit
    pool = BlockingPool(name: name, width: width)
    state = Mutex(State(free: max(1, width)))
  }

  /// How much runs and waits.
  var taken: Int { state.withLock { $0.taken } }

  /// Runs `body` on one of the threads and gives its result.
  ///
  /// Throws `Full`, and what `body` throws. Cancelling the caller interrupts nothing.
  public func run<Value: Sendable>(
    for client: Client, _ body: @Sendable @escaping () throws -> Value
  ) async throws -> Value {
    guard await enter(client) else { throw Full() }
    defer { leave(client) }
    return try await pool.run(body)
  }

  /// Waits for the client's turn; false where it got none.
  private func enter(_ client: Client) async -> Bool {
    await withCheckedContinuation { continuation in
      let (answered, answer): (CheckedContinuation<Bool, Never>?, Bool) = state.withLock { state in
        // Those that wait while a thread is free wait for their own client's work.
        if state.free > 0, !state.running.contains(client) {
          state.free -= 1
          state.taken += 1
          state.running.insert(client)
          return (continuation, true)
        }
        guard state.taken < limit else {
          let most = state.waiting.max { $0.value.count < $1.value.count }
          let own = state.waiting[client]?.count ?? 0
          guard let most, most.value.count > own + 1 else { return (continuation, false) }
          let refused = state.waiting[most.key]?.popLast()
          state.append(continuation, of: client)
          return (refused, false)
        }
        state.taken += 1
        state.append(continuation, of: client)
        return (nil, false)
      }
      answered?.resume(returning: answer)
    }
  }

  private func leave(_ client: Client) {
    let next: CheckedContinuation<Bool, Never>? = state.withLock { state in
      state.running.remove(client)
      state.free += 1
      state.taken -= 1
      return state.next()
    }
    next?.resume(returning: true)
  }
}

extension FairPool.State {
  fileprivate mutating func append(
    _ continuation: CheckedContinuation<Bool, Never>, of client: Client
  ) {
    if waiting[client] == nil { turns.append(client) }
    waiting[client, default: []].append(continuation)
  }

  /// Takes what may run next, nil where nothing may.
  fileprivate mutating func next() -> CheckedContinuation<Bool, Never>? {
    guard free > 0, let index = turns.firstIndex(where: { !running.contains($0) }) else {
      return nil
    }
    let client = turns.remove(at: index)
    guard var waiters = waiting[client], !waiters.isEmpty else { return nil }
    let first = waiters.removeFirst()
    waiting[client] = waiters.isEmpty ? nil : waiters
    if !waiters.isEmpty { turns.append(client) }
    free -= 1
    running.insert(client)
    return first
  }
}
