import Synchronization

/// How many connections to a database are at work. Safe from any thread.
final class ConnectionUse: Sendable {
  private let active = Atomic<Int>(0)

  /// Connections at work now.
  var count: Int { active.load(ordering: .relaxed) }

  func begin() { active.wrappingAdd(1, ordering: .relaxed) }
  func end() { active.wrappingSubtract(1, ordering: .relaxed) }
}
