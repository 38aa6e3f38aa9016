import Synchronization

/// How many installations are done of those that are under way, for a progress bar. Thread-safe.
public final class PackageProgress: Sendable {
  private let counts = Mutex((done: 0, total: 0))

  /// The installations done so far and all of this round; nil where none is under way.
  public var state: (done: Int, total: Int)? {
    counts.withLock { $0.total == $0.done ? nil : $0 }
  }

  func begin() {
    counts.withLock { counts in
      if counts.done == counts.total { counts = (0, 0) }
      counts.total += 1
    }
  }

  func end() { counts.withLock { $0.done += 1 } }
}
