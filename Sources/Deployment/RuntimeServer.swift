import Glibc
import Logging
import Synchronization
import UtilityModel

/// One server process of a slot: the control protocol over a `ChildProcess`.
///
/// Events are kept, so that whoever waits for one that came already goes on at once.
final class RuntimeServer: Sendable {
  /// How waiting ended.
  enum Outcome: Sendable {
    case event(ServerEvent)
    case exited(String)
    case timedOut
    case cancelled
  }

  fileprivate struct Waiter {
    let kinds: Set<ServerEvent.Kind>
    /// Nil until the task sleeps.
    var continuation: CheckedContinuation<Outcome, Never>?
    /// An outcome that came before the task slept.
    var early: Outcome?
  }

  fileprivate struct State {
    var process: ChildProcess?
    var seen: [ServerEvent.Kind: ServerEvent] = [:]
    var exit: String?
    var isStopping = false
    var waiters: [Int: Waiter] = [:]
    var nextWaiter = 0
  }

  /// What it serves.
  let release: Release
  /// What it serves from other releases until `retire`.
  let retiring: [RetiringUtility]
  /// Its last log lines.
  let log: ServerLog
  private let onExecutions: @Sendable ([ExecutedCall]) -> Void
  private let state = Mutex(State())

  /// Starts the process, watched by `supervisor`; on its thread `onExecutions` is told of calls that
  /// have ended, and `onExit` how the server ended, after all waiters. Blocks for about a millisecond.
  init(
    _ command: ChildProcess.Command, release: Release, retiring: [RetiringUtility],
    supervisor: ChildSupervisor, logger: Logger,
    onExecutions: @escaping @Sendable ([ExecutedCall]) -> Void,
    onExit: @escaping @Sendable (RuntimeServer, String) -> Void
  ) throws(SystemError) {
    self.release = release
    self.retiring = retiring
    log = ServerLog(logger: logger)
    self.onExecutions = onExecutions
    let process = try ChildProcess(command) { [self] event in
      switch event {
      case .output(let line): receive(line)
      case .log(let line): log.receive(line)
      case .exited(let how):
        exited(how)
        onExit(self, how)
      }
    }
    state.withLock { $0.process = process }
    supervisor.add(process)
  }

  /// Whether the process still runs.
  var isAlive: Bool { state.withLock { $0.exit == nil } }

  /// Its process, while that runs.
  var pid: pid_t? { state.withLock { $0.process?.pid } }

  /// Whether it was told to end.
  var isStopping: Bool { state.withLock { $0.isStopping } }

  /// The releases whose files it needs.
  var releases: Set<Digest> {
    let hasRetired = state.withLock { $0.seen[.retired] != nil }
    return Set([release.digest] + (hasRetired ? [] : retiring.map(\.release.digest)))
  }

  /// Tells the server to do something. A server that is gone or deaf gives an error.
  func send(_ command: ServerCommand) throws(SystemError) {
    let process = state.withLock { state in
      if command == .drain { state.isStopping = true }
      return state.process
    }
    guard let process else { throw SystemError("write to a server that ended", errno: EPIPE) }
    try process.send(command.line)
  }

  /// Asks the server something, and waits for the answer, its end or the limit.
  ///
  /// Another one who asks the same at the same time may take this one's answer for its own.
  func ask(_ question: ServerCommand, within limit: Duration) async -> Outcome {
    guard let kind = question.answer else { return .timedOut }
    state.withLock { $0.seen[kind] = nil }
    do throws(SystemError) {
      try send(question)
    } catch {
      // Its pipe is full, or it is about to be reaped: the end, if it is one, is told in a moment.
      return await wait(for: [], within: limit)
    }
    return await wait(for: [kind], within: limit)
  }

  /// Ends the process and its group as a crash would, which `onExit` is told of.
  func abort() {
    state.withLock { $0.process }?.signal(SIGKILL, group: true)
  }

  /// Tells the server to end a user's calls; its answer, to be waited for, is `cancelled`.
  func cancel(user: Int64) throws(SystemError) {
    let process = state.withLock { state in
      state.seen[.cancelled] = nil
      return state.process
    }
    guard let process else { throw SystemError("write to a server that ended", errno: EPIPE) }
    try process.send(#"{"command":"cancel","user":\#(user)}"#)
  }

  /// Waits for the first of some events, the end of the process, the limit or the cancellation of
  /// the calling task. No kinds: just for the end.
  func wait(for kinds: Set<ServerEvent.Kind>, within limit: Duration) async -> Outcome {
    let id = state.withLock { state in
      state.nextWaiter += 1
      state.waiters[state.nextWaiter] = Waiter(kinds: kinds, early: state.outcome(of: kinds))
      return state.nextWaiter
    }
    let alarm = Task {
      // Cancelled as soon as the waiting has ended otherwise.
      guard (try? await Task.sleep(for: limit)) != nil else { return }
      resolve(id, .timedOut)
    }
    defer { alarm.cancel() }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let early = state.withLock { state in
          if let early = state.waiters[id]?.early {
            state.waiters[id] = nil
            return early as Outcome?
          }
          state.waiters[id]?.continuation = continuation
          return nil
        }
        if let early { continuation.resume(returning: early) }
      }
    } onCancel: {
      resolve(id, .cancelled)
    }
  }

  /// Ends the process: at once when it does not end by itself within `limit`.
  ///
  /// SIGTERM to the server, which ends its workers; two seconds later SIGKILL to its group. Returns
  /// when it is reaped. To be called from a task that nobody cancels.
  func finish(within limit: Duration) async {
    if case .exited = await wait(for: [], within: limit) { return }
    signal(SIGTERM)
    if case .exited = await wait(for: [], within: .seconds(2)) { return }
    signal(SIGKILL, group: true)
    // A process that SIGKILL does not end within this hangs in the kernel; its reaping goes on.
    _ = await wait(for: [], within: .seconds(10))
  }

  /// Ends the process and its group without waiting.
  func kill() { signal(SIGKILL, group: true) }

  private func signal(_ signal: Int32, group: Bool = false) {
    let process = state.withLock { state in
      state.isStopping = true
      return state.process
    }
    process?.signal(signal, group: group)
  }

  private func receive(_ line: [UInt8]) {
    let event: ServerEvent
    do {
      event = try ServerEvent(line: line)
    } catch {
      let text = String(decoding: line.prefix(200), as: UTF8.self)
      log.note("unknown event on its standard output: \(text)")
      return
    }
    if event.event == .executions {
      if let dropped = event.dropped, dropped > 0 {
        log.note("\(dropped) calls were dropped before they could be recorded")
      }
      if let unreadable = event.records?.unreadable, unreadable > 0 {
        log.note("\(unreadable) calls are not recorded: what the server tells of them is not valid")
      }
      return onExecutions(event.records?.calls ?? [])
    }
    settle { $0.seen[event.event] = event }
  }

  private func exited(_ how: String) {
    settle { state in
      state.exit = how
      state.process = nil
    }
  }

  /// Changes what is known, then wakes whom it concerns.
  private func settle(_ change: (inout State) -> Void) {
    let woken = state.withLock { state in
      change(&state)
      var woken: [(CheckedContinuation<Outcome, Never>, Outcome)] = []
      for (id, waiter) in state.waiters {
        guard waiter.early == nil, let outcome = state.outcome(of: waiter.kinds) else { continue }
        if let continuation = waiter.continuation {
          state.waiters[id] = nil
          woken.append((continuation, outcome))
        } else {
          state.waiters[id]?.early = outcome
        }
      }
      return woken
    }
    for (continuation, outcome) in woken { continuation.resume(returning: outcome) }
  }

  /// Ends one waiter; nothing when it has ended already.
  private func resolve(_ id: Int, _ outcome: Outcome) {
    let continuation: CheckedContinuation<Outcome, Never>? = state.withLock { state in
      guard let waiter = state.waiters[id], waiter.early == nil else { return nil }
      guard let continuation = waiter.continuation else {
        state.waiters[id]?.early = outcome
        return nil
      }
      state.waiters[id] = nil
      return continuation
    }
    continuation?.resume(returning: outcome)
  }
}

extension RuntimeServer.State {
  /// What is known already of some events.
  fileprivate func outcome(of kinds: Set<ServerEvent.Kind>) -> RuntimeServer.Outcome? {
    for kind in kinds { if let event = seen[kind] { return .event(event) } }
    return exit.map { .exited($0) }
  }
}
