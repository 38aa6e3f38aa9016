import Synchronization

/// How far a validator is, for a progress bar. Thread-safe.
public final class JudgingProgress: Sendable {
  private let total = Atomic(0)
  private let done = Atomic(0)

  /// Nothing to do yet.
  public init() {}

  /// The files judged so far, and the files that are known to be judged.
  public var state: (done: Int, total: Int) {
    (done.load(ordering: .relaxed), total.load(ordering: .relaxed))
  }

  func expect(_ count: Int) { total.add(count, ordering: .relaxed) }
  func advance(by count: Int) { done.add(count, ordering: .relaxed) }
}
