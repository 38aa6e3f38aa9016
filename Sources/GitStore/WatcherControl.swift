import Concurrency
import Glibc
import Logging
import Synchronization

/// A way to break a watcher, for tests of its restart.
enum WatcherFault: Sendable {
  /// The descriptor goes bad.
  case descriptor
  /// No event is heard any more.
  case silence
  /// The kernel dropped events.
  case overflow
}

/// What a watcher was told at its making.
struct WatcherSettings: Sendable {
  let root: String
  let probeFolder: String
  /// Nanoseconds.
  let selfTestInterval: Int64
  /// Nanoseconds.
  let selfTestBound: Int64
  let limits: WatchLimits
  let logger: Logger
  let onHint: @Sendable (Hint) -> Void
}

/// What a watcher's thread and its callers share: the status, and an eventfd that wakes the thread.
final class WatcherControl: Sendable {
  private struct State {
    var status = WatcherStatus()
    var stopping = false
    var started = false
    var ended = true
    var faults: [WatcherFault] = []
    var waiters: [CheckedContinuation<Void, Never>] = []
    /// Open exactly while the thread lives; written to under the lock only.
    var wakeup: Int32 = -1
  }

  private let state = Mutex(State())

  /// How the watcher is doing.
  var status: WatcherStatus { state.withLock { $0.status } }
  /// Whether the thread shall end.
  var isStopping: Bool { state.withLock { $0.stopping } }

  /// Changes the status.
  func update(_ change: (inout WatcherStatus) -> Void) { state.withLock { change(&$0.status) } }

  /// Before the thread starts: opens the eventfd.
  func begin() throws(WatchError) {
    try state.withLock { state throws(WatchError) in
      guard !state.started, !state.stopping else {
        throw WatchError(.alreadyStarted, cause: "a watcher is started once; make another")
      }
      state.wakeup = WakeupDescriptor.open()
      guard state.wakeup >= 0 else { throw .system("open an eventfd", SystemError()) }
      state.started = true
      state.ended = false
    }
  }

  /// The thread's last act: closes the eventfd and lets go whoever waits for the end.
  func end() {
    let waiters = state.withLock { state in
      close(state.wakeup)
      state.wakeup = -1
      state.ended = true
      state.status.alive = false
      state.status.watches = 0
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Asks the thread to end.
  func requestStop() {
    state.withLock { state in
      state.stopping = true
      Self.wake(state.wakeup)
    }
  }

  /// Returns when the thread has ended, at once if there is none.
  func waitForEnd() async {
    await withCheckedContinuation { continuation in
      let ended = state.withLock { state in
        if !state.ended { state.waiters.append(continuation) }
        return state.ended
      }
      if ended { continuation.resume() }
    }
  }

  /// Breaks the watcher.
  func inject(_ fault: WatcherFault) {
    state.withLock { state in
      state.faults.append(fault)
      Self.wake(state.wakeup)
    }
  }

  /// The faults to suffer now.
  func takeFaults() -> [WatcherFault] {
    state.withLock { state in
      defer { state.faults = [] }
      return state.faults
    }
  }

  /// On the thread: waits for the eventfd, `descriptor` (-1: none) or a monotonic time in
  /// nanoseconds; whether `descriptor` is readable.
  func wait(also descriptor: Int32, until deadline: Int64) -> Bool {
    let wakeup = state.withLock { $0.wakeup }
    var descriptors = [
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: wakeup, events: Int16(POLLIN), revents: 0),
    ]
    let left = max(0, deadline - Monotonic.now())
    let milliseconds = Int32(min(left / 1_000_000 + 1, 3_600_000))
    guard poll(&descriptors, 2, left == 0 ? 0 : milliseconds) > 0 else { return false }
    if descriptors[1].revents != 0 {
      var count: UInt64 = 0
      read(wakeup, &count, 8)
    }
    return descriptors[0].revents != 0
  }

  private static func wake(_ descriptor: Int32) {
    guard descriptor >= 0 else { return }
    var one: UInt64 = 1
    write(descriptor, &one, 8)
  }
}
