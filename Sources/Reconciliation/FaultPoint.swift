import Foundation
import Glibc
import Synchronization

/// Places where a test kills the process, to prove that any instant is a safe one.
///
/// The environment variable `SYNC_AGENT_FAULT` names one place, `name` or `name:n` for the n-th
/// time it is reached. Unset, as in production, a place costs one comparison.
public enum FaultPoint {
  private static let armed: (name: String, count: Int)? = {
    guard let text = ProcessInfo.processInfo.environment["SYNC_AGENT_FAULT"], !text.isEmpty else {
      return nil
    }
    let parts = text.split(separator: ":")
    return (String(parts[0]), parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
  }()

  private static let counter = Counter()

  /// Kills the process with SIGKILL where this place is armed.
  public static func reached(_ name: @autoclosure () -> String) {
    guard let armed, armed.name == name(), counter.next() == armed.count else { return }
    kill(getpid(), SIGKILL)
  }

  private final class Counter: Sendable {
    private let value = Mutex(0)
    func next() -> Int {
      value.withLock {
        $0 += 1
        return $0
      }
    }
  }
}
