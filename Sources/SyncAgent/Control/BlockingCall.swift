import Concurrency

/// One blocking call of a command, off the cooperative pool.
enum BlockingCall {
  static let pool = BlockingPool(name: "command", width: 2)

  static func run<Value: Sendable>(_ body: @Sendable @escaping () throws -> Value) async throws
    -> Value
  {
    try await pool.run(body)
  }
}
