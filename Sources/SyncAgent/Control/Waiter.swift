import Dispatch
import Synchronization

/// Lets a thread of its own wait for a task: never use it on the cooperative pool.
final class Waiter<Value: Sendable>: Sendable {
  private let done = DispatchSemaphore(value: 0)
  private let value = Mutex<Value?>(nil)

  /// Gives the value; once.
  func finish(_ value: Value) {
    self.value.withLock { $0 = value }
    done.signal()
  }

  /// The value, as soon as it is there. Blocks.
  func wait() -> Value {
    done.wait()
    guard let value = value.withLock({ $0 }) else { fatalError("signalled without a value") }
    return value
  }
}
