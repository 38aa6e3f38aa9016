import CLinux
import Concurrency
import Glibc
import Synchronization

/// One thread that reads what all children write and notices at once when one ends.
///
/// Source: epoll(7), eventfd(2).
final class ChildSupervisor: Sendable {
  /// The longest line of standard output: a `ready` event with some 100,000 utilities.
  static let outputLimit = 16 << 20
  /// The longest log line: longer than python-utils' longest, a call's 64 KiB of prints as JSON.
  static let logLimit = 512 << 10

  private struct Requests {
    var children: [ChildProcess] = []
    var stopped = false
  }

  private let requests: Mutex<Requests>
  private let poll: Descriptor
  private let wake: Descriptor

  /// Starts the thread, which lives until `stop`.
  init() throws(SystemError) {
    let poll = linux_poller()
    guard poll >= 0 else { throw SystemError("make an epoll descriptor") }
    self.poll = Descriptor(owning: poll)
    let wake = linux_eventfd()
    guard wake >= 0 else { throw SystemError("make an event descriptor") }
    self.wake = Descriptor(owning: wake)
    requests = Mutex(Requests())
    try Self.watch(self.wake, as: 0, in: self.poll)
    Thread.start(name: "children") { [self] in run() }
  }

  /// Watches a child from now on.
  func add(_ child: ChildProcess) {
    requests.withLock { $0.children.append(child) }
    ring()
  }

  /// Ends the thread; children that still run are killed and reaped.
  func stop() {
    requests.withLock { $0.stopped = true }
    ring()
  }

  private func ring() {
    var one: UInt64 = 1
    // EAGAIN means that the counter is full: the thread is about to wake anyway.
    _ = write(wake.number, &one, 8)
  }

  private static func watch(
    _ descriptor: Descriptor, as token: UInt64, in poll: Descriptor
  ) throws(SystemError) {
    guard linux_poller_add(poll.number, descriptor.number, token) == 0 else {
      throw SystemError("watch a child")
    }
  }

  // MARK: - The thread

  /// Which of a child's three descriptors a token means: its low two bits.
  private enum Source: UInt64 {
    case exit, output, log
  }

  private struct Watched {
    let child: ChildProcess
    var output = LineReader(limit: ChildSupervisor.outputLimit)
    var log = LineReader(limit: ChildSupervisor.logLimit)
  }

  private func run() {
    var watched: [UInt64: Watched] = [:]
    var next: UInt64 = 1
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    var tokens = [UInt64](repeating: 0, count: 64)
    while true {
      let count = linux_poller_wait(poll.number, &tokens)
      for token in tokens.prefix(Int(max(0, count))) where token != 0 {
        guard let source = Source(rawValue: token & 3) else { continue }
        serve(source, of: token >> 2, in: &watched, chunk: &chunk)
      }
      var counter: UInt64 = 0
      _ = read(wake.number, &counter, 8)
      let (children, stopped) = requests.withLock { requests in
        defer { requests.children = [] }
        return (requests.children, requests.stopped)
      }
      for child in children {
        watched[next] = Watched(child: child)
        begin(child, next, in: &watched, chunk: &chunk)
        next += 1
      }
      if stopped {
        for id in watched.keys { end(id, in: &watched, chunk: &chunk) }
        return
      }
    }
  }

  private func begin(
    _ child: ChildProcess, _ id: UInt64, in watched: inout [UInt64: Watched], chunk: inout [UInt8]
  ) {
    do throws(SystemError) {
      try Self.watch(child.exit, as: id << 2 | Source.exit.rawValue, in: poll)
      try Self.watch(child.output, as: id << 2 | Source.output.rawValue, in: poll)
      try Self.watch(child.log, as: id << 2 | Source.log.rawValue, in: poll)
    } catch {
      // Out of memory or of watches: a child that cannot be watched must not run.
      child.onEvent(.log(Array(error.cause.utf8)))
      end(id, in: &watched, chunk: &chunk)
    }
  }

  private func serve(
    _ source: Source, of id: UInt64, in watched: inout [UInt64: Watched], chunk: inout [UInt8]
  ) {
    guard let child = watched[id]?.child else { return }
    var status: LineReader.Status?
    switch source {
    case .exit:
      end(id, in: &watched, chunk: &chunk)
      return
    case .output:
      status = watched[id]?.output.read(from: child.output, into: &chunk) {
        child.onEvent(.output($0))
      }
    case .log:
      status = watched[id]?.log.read(from: child.log, into: &chunk) { child.onEvent(.log($0)) }
    }
    if status == .ended {
      let descriptor = source == .log ? child.log : child.output
      linux_poller_remove(poll.number, descriptor.number)
    }
  }

  /// Kills and reaps what is left of a child, then tells what it had still to say.
  private func end(_ id: UInt64, in watched: inout [UInt64: Watched], chunk: inout [UInt8]) {
    guard var last = watched.removeValue(forKey: id) else { return }
    let child = last.child
    let how = child.reap()
    // A pipe holds 64 KiB at most; whoever inherited it may keep it open, so "nothing now" ends it.
    for _ in 0..<4 {
      _ = last.output.read(from: child.output, into: &chunk) { child.onEvent(.output($0)) }
      _ = last.log.read(from: child.log, into: &chunk) { child.onEvent(.log($0)) }
    }
    for descriptor in [child.exit, child.output, child.log] {
      linux_poller_remove(poll.number, descriptor.number)
    }
    child.onEvent(.exited(how))
  }
}
