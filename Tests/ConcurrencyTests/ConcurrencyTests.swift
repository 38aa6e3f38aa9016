import Foundation
import Glibc
import Synchronization
import Testing

@testable import Concurrency

@Suite("Retrying") struct RetryPolicyTests {
  @Test("delays double up to the limit, with half of them left to chance")
  func bounds() {
    let policy = RetryPolicy(base: .milliseconds(100), limit: .seconds(2))
    let steps = [100, 200, 400, 800, 1600, 2000, 2000]
    for (index, step) in steps.enumerated() {
      let delays = (0..<200).map { _ in policy.delay(afterFailure: index + 1) }
      #expect(delays.allSatisfy { $0 >= .milliseconds(step) / 2 && $0 <= .milliseconds(step) })
      // Both ends are come near to: two hundred misses of a fifth have a chance of 10^-20.
      #expect((delays.min() ?? .zero) < .milliseconds(step) * 0.6)
      #expect((delays.max() ?? .zero) > .milliseconds(step) * 0.9)
    }
  }

  @Test("no count of failures overflows", arguments: [Int.min, -1, 0, 1, 31, 32, 64, Int.max])
  func extremes(_ attempt: Int) {
    let policy = RetryPolicy(base: .seconds(3600), limit: .seconds(7200))
    let delay = policy.delay(afterFailure: attempt)
    #expect(delay >= .seconds(attempt <= 1 ? 1800 : 3600))
    #expect(delay <= .seconds(attempt <= 1 ? 3600 : 7200))
  }

  @Test("two tenants do not come back together")
  func jitter() {
    let delays = Set((0..<20).map { _ in RetryPolicy().delay(afterFailure: 5) })
    #expect(delays.count > 10)
  }
}

@Suite("Blocking work") struct BlockingTests {
  private struct Failure: Error, Equatable { let number: Int }

  @Test("a pool gives values and typed errors")
  func values() async throws {
    let pool = BlockingPool(name: "t", width: 2)
    #expect(await pool.run { 5 } == 5)
    let failing: @Sendable () throws(Failure) -> Int = { () throws(Failure) in
      throw Failure(number: 7)
    }
    await #expect(throws: Failure(number: 7)) { try await pool.run(failing) }
    #expect(await pool.run { "still there" } == "still there")
  }

  @Test("a pool of one thread runs everything on it, in order and one at a time")
  func order() async {
    let pool = BlockingPool(name: "t", width: 1)
    let running = Counter()
    let threads = await withTaskGroup(of: pthread_t.self) { group in
      for _ in 0..<200 {
        group.addTask {
          await pool.run {
            #expect(running.add(1) == 1)
            defer { _ = running.add(-1) }
            return pthread_self()
          }
        }
      }
      return await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(threads.count == 1)
  }

  @Test("as many bodies run at once as there are threads")
  func width() async {
    // Each waits for the other: with fewer threads than bodies this would never end.
    let pool = BlockingPool(name: "t", width: 3)
    let arrived = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<3 {
        group.addTask {
          await pool.run {
            _ = arrived.add(1)
            while arrived.add(0) < 3 { sched_yield() }
          }
        }
      }
    }
    #expect(arrived.add(0) == 3)
  }

  @Test("a pool's last work is done though the pool goes", arguments: [0, -3])
  func release(_ width: Int) async {
    var pool: BlockingPool? = BlockingPool(name: "t", width: width)
    let task = Task { [pool] in await pool?.run { 1 } }
    pool = nil
    #expect(await task.value == 1)
  }

  @Test("threads have the stack that deep recursion needs")
  func stack() async {
    @Sendable func depth(_ left: Int) -> Int {
      withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 1) { buffer in
        buffer[0] = UInt8(truncatingIfNeeded: left)
        return left == 0 ? Int(buffer[0]) : depth(left - 1) + 1
      }
    }
    // Some 30 MiB at least, which no default stack has.
    #expect(await BlockingPool(name: "t", width: 1).run { depth(30_000) } == 30_000)
  }

  private actor Owner {
    let executor = BlockingExecutor(name: "a-name-longer-than-15")
    private var order: [Int] = []
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    func add(_ number: Int) -> pthread_t {
      order.append(number)
      return pthread_self()
    }
    func all() -> [Int] { order }
    func name() throws -> String {
      String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }
    private let path = "/proc/thread-self/comm"
  }

  @Test("an actor stays on its thread")
  func executor() async throws {
    let owner = Owner()
    var threads: Set<pthread_t> = []
    for number in 0..<100 {
      threads.insert(await owner.add(number))
      await Task.yield()
    }
    #expect(threads.count == 1)
    #expect(await owner.all() == Array(0..<100))
    #expect(try await owner.name() == "a-name-longer-t\n")
  }

  @Test("permits bound what runs at once and are given back by errors", arguments: [1, 3])
  func permits(_ count: Int) async {
    let permits = Permits(count)
    let (running, highest) = (Counter(), Counter())
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<100 {
        group.addTask {
          try? await permits.withPermit { () async throws(Failure) in
            highest.raise(to: running.add(1))
            await Task.yield()
            _ = running.add(-1)
            if number.isMultiple(of: 7) { throw Failure(number: number) }
          }
        }
      }
    }
    #expect(highest.add(0) >= 1 && highest.add(0) <= count && running.add(0) == 0)
    #expect(await permits.withPermit { 1 } == 1)
  }

  private final class Order: Sendable {
    private let clients = Mutex<[String]>([])
    func add(_ client: String) { clients.withLock { $0.append(client) } }
    var all: [String] { clients.withLock { $0 } }
  }

  /// Holds threads until it is opened.
  private final class Gate: Sendable {
    private let isOpen = Atomic(false)
    func wait() { while !isOpen.load(ordering: .acquiring) { usleep(500) } }
    func open() { isOpen.store(true, ordering: .releasing) }
  }

  @Test("a client with much work takes one thread, and turns with the others")
  func fairThreads() async throws {
    let pool = FairPool<String>(name: "t", width: 2, limit: 100)
    let gate = Gate()
    let order = Order()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { try await pool.run(for: "much") { gate.wait() } }
      }
      while pool.taken < 8 { await Task.yield() }
      // The second thread is free for others, although seven works wait.
      #expect(try await pool.run(for: "other") { 7 } == 7)
      gate.open()
      try await group.waitForAll()
    }
    let turn = Gate()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for client in ["x", "y"] { group.addTask { try await pool.run(for: client) { turn.wait() } } }
      while pool.taken < 2 { await Task.yield() }
      for (index, client) in ["a", "a", "a", "b"].enumerated() {
        group.addTask {
          try await pool.run(for: client) { order.add(client) }
        }
        while pool.taken < 3 + index { await Task.yield() }
      }
      turn.open()
      try await group.waitForAll()
    }
    #expect((order.all.firstIndex(of: "b") ?? 9) <= 2)
    #expect(pool.taken == 0)
  }

  @Test("where all places are taken, the client with the most gives one up")
  func fairPlaces() async throws {
    let pool = FairPool<String>(name: "t", width: 1, limit: 4)
    let gate = Gate()
    let refused = Counter()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<4 {
        group.addTask {
          do {
            try await pool.run(for: "much") { gate.wait() }
          } catch is FairPool<String>.Full {
            _ = refused.add(1)
          }
        }
        while pool.taken < index + 1 { await Task.yield() }
      }
      await #expect(throws: FairPool<String>.Full.self) { try await pool.run(for: "much") {} }
      group.addTask {
        let value = try await pool.run(for: "other") { 7 }
        #expect(value == 7)
      }
      while refused.add(0) < 1 { await Task.yield() }
      gate.open()
      try await group.waitForAll()
    }
    #expect(refused.add(0) == 1 && pool.taken == 0)
  }

  @Test("an error gives the place and the thread back")
  func fairErrors() async throws {
    let pool = FairPool<Int>(name: "t", width: 1, limit: 1)
    for number in 0..<5 {
      await #expect(throws: Failure(number: number)) {
        try await pool.run(for: 1) { throw Failure(number: number) }
      }
    }
    #expect(pool.taken == 0)
  }

  private final class Counter: Sendable {
    private let value = Mutex(0)
    func add(_ number: Int) -> Int {
      value.withLock {
        $0 += number
        return $0
      }
    }
    func raise(to number: Int) { value.withLock { $0 = max($0, number) } }
  }
}
