import Dispatch
import Hashing
import Logging
import Synchronization
import UtilityModel

/// Long-lived checker processes, lent to one blocking thread each.
public final class CheckerPool: Sendable {
  /// Digest of the checker's program: the version of the code rules.
  public static let version = SHA256.digest(of: program)
  static let program = PackageResources.checker_py

  private let limits: CheckerLimits
  private let compiled: CompiledChecker?
  private let permits: DispatchSemaphore
  /// The idle processes, those for large files apart.
  private let idle = Mutex<[Bool: [Idle]]>([:])
  private let logger: Logger

  /// An idle process.
  // Proof of Sendable: it is in the pool's array or with the one thread that took it out of it,
  // never both, and the array's lock orders the two.
  private struct Idle: @unchecked Sendable {
    let process: CheckerProcess
  }

  /// Files beyond this many bytes are judged by processes of low priority: they take seconds, and what
  /// other tenants are waiting for takes milliseconds.
  private static let largeFile = 256 << 10
  /// The niceness of those processes.
  private static let niceness: Int32 = 10

  /// A pool of at most `width` processes, started as they are needed.
  ///
  /// With a `folder` the checker's program is compiled once for all processes and kept there.
  public init(limits: CheckerLimits, width: Int, folder: String? = nil, logger: Logger) {
    self.limits = limits
    compiled = folder.map { CompiledChecker(python: limits.python, folder: $0) }
    self.logger = logger
    permits = DispatchSemaphore(value: max(1, width))
  }

  /// Judges files in order; a file that kills or hangs its checker is `failed`, and the rest goes
  /// to a fresh one. Blocking. Throws `CheckerError` when no checker can be started.
  func check(_ requests: [CheckerProcess.Request]) throws -> [CheckerProcess.Reply] {
    guard !requests.isEmpty else { return [] }
    permits.wait()
    defer { permits.signal() }
    var replies: [CheckerProcess.Reply] = []
    // A checker that ends may owe answers that it had made, or may have ended while it was idle:
    // after a failure files go one by one, and only one alone in a fresh process is blamed.
    var goesAlone = false
    var mustBeFresh = false
    let isLarge = requests.contains { $0.source.count > Self.largeFile }
    while replies.count < requests.count {
      let reused = mustBeFresh ? nil : idle.withLock { $0[isLarge]?.popLast() }?.process
      let process =
        try reused
        ?? CheckerProcess(
          limits: limits, program: compiled?.program() ?? Self.program,
          niceness: isLarge ? Self.niceness : 0)
      let rest = goesAlone ? requests[replies.count...].prefix(1) : requests[replies.count...]
      var part = process.check(Array(rest))
      if case .failed(let reason)? = part.last {
        let isProven = rest.count == 1 && reused == nil
        (goesAlone, mustBeFresh) = (true, !isProven)
        guard isProven else {
          part.removeLast()
          replies.append(contentsOf: part)
          continue
        }
        replies.append(contentsOf: part)
        logger.warning(
          "a file could not be judged",
          metadata: ["path": "\(requests[replies.count - 1].path)", "reason": "\(reason)"])
      } else {
        mustBeFresh = false
        replies.append(contentsOf: part)
        idle.withLock { $0[isLarge, default: []].append(Idle(process: process)) }
      }
    }
    return replies
  }
}
