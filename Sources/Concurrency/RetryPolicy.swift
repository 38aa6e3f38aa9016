/// When to try again: exponential back-off with full jitter, bounded.
public struct RetryPolicy: Sendable {
  /// The first delay.
  public var base: Duration
  /// The longest delay.
  public var limit: Duration

  /// Delays from `base` doubling up to `limit`.
  public init(base: Duration = .milliseconds(500), limit: Duration = .seconds(120)) {
    self.base = base
    self.limit = limit
  }

  /// The delay before try `attempt` + 1, where `attempt` counts the failures so far from 1.
  ///
  /// Between half of the exponential step and the whole of it, so that tenants that failed
  /// together do not come back together.
  public func delay(
    afterFailure attempt: Int, using generator: inout some RandomNumberGenerator
  ) -> Duration {
    let exponent = min(max(attempt, 1) - 1, 30)
    let step = min(base * (1 << exponent), limit)
    return step * Double.random(in: 0.5...1, using: &generator)
  }

  /// The same with the system's random numbers.
  public func delay(afterFailure attempt: Int) -> Duration {
    var generator = SystemRandomNumberGenerator()
    return delay(afterFailure: attempt, using: &generator)
  }
}
