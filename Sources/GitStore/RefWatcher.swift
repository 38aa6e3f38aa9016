import Concurrency
import Dispatch
import Foundation
import Logging
import Synchronization

/// Watches the refs of every repository in a root, and hints at what may have changed.
///
/// One inotify descriptor and one thread serve all tenants. A hint comes after the event without
/// any delay; events that are readable together make one hint. A hint carries no payload: read the
/// refs. Watching proves itself through the same descriptor; when it breaks (or the root is gone)
/// it starts anew, everything is hinted at, and `status` and the log tell. Symbolic links are not
/// followed. `repositories.resync_interval` remains the safety net.
///
/// Source: inotify(7); contract, section 2.
public final class RefWatcher: Sendable {
  private let control = WatcherControl()
  private let settings: WatcherSettings

  /// A watcher of `root`, which exists when `start` is called.
  ///
  /// - `selfTestInterval`: time between self-tests, and between tries for tenants without a watch.
  /// - `selfTestBound`: how long the answer to a self-test may take.
  /// - `maxWatches`: a limit besides the kernel's, for tests.
  /// - `maxWatchesPerTenant`: a tenant that needs more becomes unwatched.
  /// - `probeFolder`: where the self-test makes its folder; by default the temporary folder.
  /// - `onHint`: called on the watcher's thread; it must return at once and not block.
  public init(
    root: String, selfTestInterval: Duration = .seconds(30),
    selfTestBound: Duration = .seconds(5), maxWatches: Int? = nil,
    maxWatchesPerTenant: Int = 1_000, probeFolder: String? = nil,
    logger: Logger = Logger(label: "ref-watcher"), onHint: @escaping @Sendable (Hint) -> Void
  ) {
    settings = WatcherSettings(
      root: root, probeFolder: probeFolder ?? NSTemporaryDirectory(),
      selfTestInterval: max(1, selfTestInterval.nanoseconds),
      selfTestBound: max(1, selfTestBound.nanoseconds),
      limits: WatchLimits(total: maxWatches, perTenant: maxWatchesPerTenant), logger: logger,
      onHint: onHint)
  }

  deinit { control.requestStop() }

  /// How the watcher is doing; from any thread.
  public var status: WatcherStatus { control.status }

  /// Starts watching; whatever changes after the return is hinted at.
  ///
  /// Blocks while the root is scanned (tens of milliseconds for a thousand tenants). Throws
  /// `rootMissing`, `limit`, `system`, or `alreadyStarted` the second time.
  public func start() throws(WatchError) {
    try control.begin()
    let (settings, control) = (settings, control)
    let started = DispatchSemaphore(value: 0)
    let failure = FirstFailure()
    Thread.start(name: "ref-watcher") {
      Self.serve(settings, control) { error in
        failure.error.withLock { $0 = error }
        started.signal()
      }
      control.end()
    }
    started.wait()
    if let error = failure.error.withLock({ $0 }) { throw error }
  }

  /// Ends watching and returns when the thread is done and every descriptor is closed; idempotent.
  public func stop() async {
    control.requestStop()
    await control.waitForEnd()
  }

  /// Breaks the watcher, for tests.
  func inject(_ fault: WatcherFault) { control.inject(fault) }

  /// The thread: one session after another until it is stopped.
  private static func serve(
    _ settings: WatcherSettings, _ control: WatcherControl, onStart: (WatchError?) -> Void
  ) {
    var isFirst = true
    var failures = 0
    let policy = RetryPolicy(base: .milliseconds(50), limit: .seconds(5))
    while !control.isStopping {
      do throws(WatchError) {
        let session = try WatchSession(settings: settings, control: control)
        if isFirst {
          isFirst = false
          onStart(nil)
        } else {
          control.update { $0.restarts += 1 }
          settings.logger.notice("refs are watched again")
          settings.onHint(Hint(tenants: nil))
        }
        let began = Monotonic.now()
        defer { if Monotonic.now() - began > 60_000_000_000 { failures = 0 } }
        try session.run()
        return
      } catch {
        guard !isFirst else { return onStart(error) }
        failures += 1
        control.update { status in
          status.alive = false
          status.watches = 0
          status.failure = error.cause
        }
        settings.logger.error("watching refs broke", metadata: ["reason": "\(error.cause)"])
        settings.onHint(Hint(tenants: nil))
        let delay = policy.delay(afterFailure: failures).nanoseconds
        let deadline = Monotonic.now() + delay
        while !control.isStopping, Monotonic.now() < deadline {
          _ = control.wait(also: -1, until: deadline)
        }
      }
    }
    if isFirst { onStart(WatchError(.system, cause: "stopped before it started")) }
  }
}

/// Why the first session failed.
private final class FirstFailure: Sendable {
  let error = Mutex<WatchError?>(nil)
}

extension Duration {
  /// Whole nanoseconds, within the range of `Int64`.
  fileprivate var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return min(max(seconds, 0), 1_000_000_000) * 1_000_000_000 + attoseconds / 1_000_000_000
  }
}
