public import CoreMetrics
import Synchronization

/// One number with one label set: a counter or a gauge. Lock-free; safe from any thread.
final class ScalarSeries: CounterHandler, FloatingPointCounterHandler, MeterHandler,
  RecorderHandler
{
  private let bits = Atomic<UInt64>(Double(0).bitPattern)
  private let isCounter: Bool

  init(isCounter: Bool) { self.isCounter = isCounter }

  var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

  func increment(by amount: Int64) { add(Double(amount)) }
  func increment(by amount: Double) { add(amount) }
  func decrement(by amount: Double) { add(-amount) }
  func set(_ value: Int64) { set(Double(value)) }
  func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
  func record(_ value: Int64) { set(Double(value)) }
  func record(_ value: Double) { set(value) }
  func reset() { set(0.0) }

  /// A counter never falls: a negative amount is a caller's error that must not spoil `rate()`.
  private func add(_ amount: Double) {
    guard amount.isFinite, !isCounter || amount >= 0 else { return }
    var current = bits.load(ordering: .relaxed)
    while true {
      let sum = (Double(bitPattern: current) + amount).bitPattern
      let (exchanged, original) = bits.weakCompareExchange(
        expected: current, desired: sum, ordering: .relaxed)
      if exchanged { return }
      current = original
    }
  }
}

/// One histogram with one label set. A short lock for each observation; safe from any thread.
public final class HistogramSeries: TimerHandler, RecorderHandler {
  struct State {
    var counts: [UInt64]
    var sum = 0.0
  }

  let bounds: [Double]
  private let state: Mutex<State>

  init(bounds: [Double]) {
    self.bounds = bounds
    state = Mutex(State(counts: [UInt64](repeating: 0, count: bounds.count + 1)))
  }

  /// Adds one observation in the metric's unit (seconds for durations). NaN is ignored.
  public func observe(_ value: Double) {
    guard !value.isNaN else { return }
    var index = 0
    while index < bounds.count, value > bounds[index] { index += 1 }
    state.withLock {
      $0.counts[index] += 1
      $0.sum += value
    }
  }

  /// Adds a duration in nanoseconds.
  public func recordNanoseconds(_ duration: Int64) { observe(Double(duration) / 1e9) }
  /// Adds a value.
  public func record(_ value: Int64) { observe(Double(value)) }
  /// Adds a value.
  public func record(_ value: Double) { observe(value) }

  func read() -> State { state.withLock { $0 } }
}
