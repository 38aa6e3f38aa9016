import Concurrency
import Synchronization

/// A program that runs to its end, with what it wrote.
enum ChildRun {
  /// How it ended.
  struct Ending: Sendable {
    /// The last lines of both outputs, oldest first.
    var lines: [String] = []
    /// "exit status 0", "killed by signal 9".
    var end = ""
    var isTimedOut = false

    var isSuccess: Bool { end == "exit status 0" }
  }

  private struct State {
    var ending = Ending()
    var isOver = false
    var waiter: CheckedContinuation<Void, Never>?
  }
  private static let kept = 400

  /// Runs a program, for at most `limit`; with its group it is killed then, or when the task is
  /// cancelled. The start is on `pool`; nothing else blocks. Throws when it cannot be started.
  static func run(
    _ command: ChildProcess.Command, supervisor: ChildSupervisor, pool: BlockingPool,
    within limit: Duration
  ) async throws(SystemError) -> Ending {
    let state = SharedState()
    let child = try await pool.run { () throws(SystemError) in
      try ChildProcess(command) { event in state.receive(event) }
    }
    supervisor.add(child)
    child.closeControl()
    let alarm = Task {
      // Cancelled as soon as the program has ended.
      do { try await Task.sleep(for: limit) } catch { return }
      state.value.withLock { $0.ending.isTimedOut = !$0.isOver }
      child.signal(9, group: true)
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.value.withLock { state in
          if !state.isOver { state.waiter = continuation }
          return state.isOver
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      child.signal(9, group: true)
    }
    alarm.cancel()
    return state.value.withLock { $0.ending }
  }

  private final class SharedState: Sendable {
    let value = Mutex(State())

    func receive(_ event: ChildProcess.Event) {
      switch event {
      case .output(let line), .log(let line):
        value.withLock { state in
          state.ending.lines.append(String(decoding: line, as: UTF8.self))
          if state.ending.lines.count > ChildRun.kept { state.ending.lines.removeFirst() }
        }
      case .exited(let how):
        let waiter = value.withLock { state in
          state.isOver = true
          state.ending.end = how
          defer { state.waiter = nil }
          return state.waiter
        }
        waiter?.resume()
      }
    }
  }
}
