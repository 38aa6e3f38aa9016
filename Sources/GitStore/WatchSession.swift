import Concurrency
import Glibc
import Logging

/// One life of a watcher: a descriptor, its watches and its self-test, until it stops or breaks.
///
/// Thread rule: made and used on the watcher's thread.
final class WatchSession {
  private let queue: InotifyQueue
  private let probe: WatchProbe
  private let table: WatchTable
  private let control: WatcherControl
  private let settings: WatcherSettings
  private var nextProbe = Monotonic.now()
  private var probedAt: Int64?
  private var isDeaf = false

  /// Opens the descriptor and watches the root and every tenant in it.
  init(settings: WatcherSettings, control: WatcherControl) throws(WatchError) {
    self.settings = settings
    self.control = control
    do throws(SystemError) {
      queue = try InotifyQueue()
    } catch {
      throw .system("open inotify", error)
    }
    do throws(SystemError) {
      probe = try WatchProbe(in: settings.probeFolder, queue: queue)
    } catch {
      throw .system("set up the self-test", error)
    }
    do throws(SystemError) {
      table = try WatchTable(
        queue: queue, root: settings.root, limits: settings.limits, logger: settings.logger)
    } catch {
      throw .system("watch the root", error)
    }
    publish()
  }

  /// Serves until the control says stop; throws when watching broke.
  func run() throws(WatchError) {
    while true {
      let now = Monotonic.now()
      if now >= nextProbe { try beginProbe(at: now) }
      let deadline = min(nextProbe, probedAt.map { $0 + settings.selfTestBound } ?? .max)
      let ready = control.wait(also: queue.descriptor, until: deadline)
      if control.isStopping { return }
      if ready { try take(try readEvents()) }
      for fault in control.takeFaults() { try suffer(fault) }
      if let probedAt, Monotonic.now() >= probedAt + settings.selfTestBound {
        // The machine may have slept: what is readable counts before the verdict.
        try take(try readEvents())
        if self.probedAt != nil {
          throw WatchError(.deaf, cause: "the self-test was not answered; watching starts anew")
        }
      }
    }
  }

  private func readEvents() throws(WatchError) -> [InotifyQueue.Event] {
    do throws(SystemError) {
      let events = try queue.read()
      return isDeaf ? [] : events
    } catch {
      throw .system("read inotify", error)
    }
  }

  private func take(_ events: [InotifyQueue.Event]) throws(WatchError) {
    guard !events.isEmpty else { return }
    for event in events where event.watch == probe.watch { try answerProbe(event) }
    let outcome: WatchTable.Outcome
    let before = (table.count, table.unwatched)
    do throws(SystemError) {
      outcome = try table.handle(events)
    } catch {
      throw .system("list the root", error)
    }
    if let hint = outcome.hint { settings.onHint(hint) }
    if outcome.overflows > 0 {
      settings.logger.warning("inotify queue overflowed, looking at everything")
    }
    if outcome.overflows > 0 || before != (table.count, table.unwatched) {
      publish(overflows: outcome.overflows)
    }
    if outcome.rootLost {
      throw WatchError(.rootMissing, cause: "the root was moved or deleted; create it again")
    }
  }

  private func beginProbe(at now: Int64) throws(WatchError) {
    nextProbe = now + settings.selfTestInterval
    let regained = table.retryUnwatched()
    if !regained.isEmpty {
      settings.logger.info("tenants are watched again", metadata: ["count": "\(regained.count)"])
      publish()
      settings.onHint(Hint(tenants: regained))
    }
    do throws(SystemError) {
      try probe.touch()
    } catch {
      throw .system("touch the self-test's file", error)
    }
    if probedAt == nil { probedAt = now }
  }

  private func answerProbe(_ event: InotifyQueue.Event) throws(WatchError) {
    if event.has(Int(IN_IGNORED) | Int(IN_DELETE_SELF)) {
      throw WatchError(.deaf, cause: "the self-test's folder was removed; watching starts anew")
    }
    guard let probedAt else { return }
    let elapsed = Double(Monotonic.now() - probedAt) / 1e6
    self.probedAt = nil
    control.update { status in
      status.lastSelfTest = WallClock.milliseconds()
      status.selfTestMilliseconds = elapsed
    }
  }

  private func suffer(_ fault: WatcherFault) throws(WatchError) {
    switch fault {
    case .silence:
      isDeaf = true
    case .overflow:
      let mask = UInt32(truncatingIfNeeded: Int(IN_Q_OVERFLOW))
      try take([InotifyQueue.Event(watch: -1, mask: mask, name: "")])
    case .descriptor:
      let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
      dup2(null, queue.descriptor)
      close(null)
    }
  }

  private func publish(overflows: Int = 0) {
    let (count, unwatched) = (table.count + 1, table.unwatched)
    control.update { status in
      status.alive = true
      status.failure = nil
      status.watches = count
      status.unwatched = unwatched
      status.overflows += overflows
    }
  }
}

/// The clock that no one sets, in nanoseconds.
enum Monotonic {
  static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
