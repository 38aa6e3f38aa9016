import CLinux
import Concurrency
import Foundation
import Glibc
import UtilityModel

/// The limits of one checker process.
public struct CheckerLimits: Sendable {
  /// The interpreter, which is the runtime's.
  public var python: String
  /// How long one file may take by the clock, in milliseconds; the CPU limit is the checker's own.
  public var milliseconds: Int32 = 30_000

  /// Limits with an interpreter.
  public init(python: String) { self.python = python }
}

/// One long-lived Python process that judges files and never runs them.
///
/// Not thread-safe: one thread at a time uses it, a blocking one.
final class CheckerProcess {
  /// What is asked about a file.
  enum Question: UInt8 {
    case utility = 0
    case module = 1
    /// The parameters of the function that is named like the file.
    case parameters = 2

    init(_ kind: VerdictRequest.Kind) { self = kind == .utility ? .utility : .module }
  }

  /// One file for the checker.
  struct Request {
    var kind: Question
    var path: String
    var source: [UInt8]
  }

  /// What the checker said of one file.
  enum Reply {
    case judged(findings: [Finding], imports: [String])
    case parameters(EntryParameters)
    case failed(String)
  }

  private let limits: CheckerLimits
  private let pid: pid_t
  private let input: Int32
  private let output: Int32
  private var received: [UInt8] = []

  /// Starts a process that is so much nicer than this one. Throws `CheckerError` when the interpreter
  /// cannot be started.
  init(limits: CheckerLimits, program: [UInt8], niceness: Int32 = 0) throws {
    self.limits = limits
    guard let file = MemoryFile(program) else {
      throw CheckerError(cause: String(cString: strerror(errno)))
    }
    var toChild: [Int32] = [-1, -1]
    var fromChild: [Int32] = [-1, -1]
    guard linux_pipe(&toChild) == 0 else {
      throw CheckerError(cause: String(cString: strerror(errno)))
    }
    guard linux_pipe(&fromChild) == 0 else {
      let error = errno
      toChild.forEach { close($0) }
      throw CheckerError(cause: String(cString: strerror(error)))
    }
    let arguments = [limits.python, "-I", "-S", "-B", "/proc/self/fd/3"]
    var child: pid_t = 0
    let status = withCStrings(arguments) { argv in
      withCStrings(["PATH=/usr/bin:/bin", "LANG=C.UTF-8"]) { environment in
        linux_spawn(
          &child, argv, environment, [toChild[0], fromChild[1], -1, file.descriptor], 4, "/")
      }
    }
    close(toChild[0])
    close(fromChild[1])
    guard status == 0 else {
      close(toChild[1])
      close(fromChild[0])
      throw CheckerError(
        cause: "\(limits.python) cannot be started: \(String(cString: strerror(status)))")
    }
    pid = child
    if niceness > 0 {
      // Nobody is refused to be nicer: setpriority(2).
      let process = __priority_which_t(PRIO_PROCESS.rawValue)
      setpriority(process, id_t(child), getpriority(process, 0) + niceness)
    }
    input = toChild[1]
    output = fromChild[0]
    _ = fcntl(input, F_SETFL, O_NONBLOCK)
    _ = fcntl(output, F_SETFL, O_NONBLOCK)
  }

  deinit {
    close(input)
    close(output)
    kill(pid, SIGKILL)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
  }

  /// Judges files in order. Ends early, with the guilty file's reply `failed` as the last one,
  /// when the process died or hung; it is of no further use then.
  func check(_ requests: [Request]) -> [Reply] {
    var replies: [Reply] = []
    var outgoing: [UInt8] = []
    var sent = 0
    var next = 0
    var deadline = Self.now() + Int64(limits.milliseconds)
    while replies.count < requests.count {
      while sent == outgoing.count, next < requests.count {
        outgoing = Self.frame(requests[next], id: UInt32(next))
        sent = 0
        next += 1
      }
      let writing = sent < outgoing.count
      var descriptors = [
        pollfd(fd: output, events: Int16(POLLIN), revents: 0),
        pollfd(fd: input, events: Int16(POLLOUT), revents: 0),
      ]
      let wait = deadline - Self.now()
      let ready = poll(&descriptors, writing ? 2 : 1, Int32(max(0, wait)))
      if ready < 0 && errno == EINTR { continue }
      if ready <= 0 {
        replies.append(.failed("it took longer than \(limits.milliseconds / 1000) s"))
        return replies
      }
      if writing, descriptors[1].revents != 0 {
        let count = outgoing.withUnsafeBytes {
          Glibc.write(input, $0.baseAddress! + sent, $0.count - sent)
        }
        if count > 0 {
          sent += count
        } else if errno != EAGAIN && errno != EINTR && errno != EPIPE {
          replies.append(.failed(String(cString: strerror(errno))))
          return replies
        }
      }
      guard descriptors[0].revents != 0 else { continue }
      guard receive() else {
        replies.append(.failed("the checker ended while it judged the file"))
        return replies
      }
      while let payload = takeFrame() {
        replies.append(Self.reply(payload))
        deadline = Self.now() + Int64(limits.milliseconds)
      }
    }
    return replies
  }

  /// Reads what is there; false at the end of the stream.
  private func receive() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    let count = buffer.withUnsafeMutableBytes { Glibc.read(output, $0.baseAddress, $0.count) }
    if count > 0 {
      received.append(contentsOf: buffer[..<count])
      return true
    }
    return count < 0 && (errno == EAGAIN || errno == EINTR)
  }

  /// Takes the first complete frame's payload off the received bytes.
  private func takeFrame() -> [UInt8]? {
    guard received.count >= 4 else { return nil }
    let length = received[..<4].reduce(0) { $0 << 8 | Int($1) }
    guard received.count >= 4 + length else { return nil }
    let payload = Array(received[4..<4 + length])
    received.removeFirst(4 + length)
    return payload
  }

  private static func frame(_ request: Request, id: UInt32) -> [UInt8] {
    let path = Array(request.path.utf8)
    let length = UInt32(4 + 1 + 2 + path.count + request.source.count)
    var frame: [UInt8] = []
    frame.reserveCapacity(Int(length) + 4)
    withUnsafeBytes(of: length.bigEndian) { frame.append(contentsOf: $0) }
    withUnsafeBytes(of: id.bigEndian) { frame.append(contentsOf: $0) }
    frame.append(request.kind.rawValue)
    withUnsafeBytes(of: UInt16(path.count).bigEndian) { frame.append(contentsOf: $0) }
    frame.append(contentsOf: path)
    frame.append(contentsOf: request.source)
    return frame
  }

  private static func reply(_ payload: [UInt8]) -> Reply {
    guard payload.count > 4 else { return .judged(findings: [], imports: []) }
    guard
      let object = try? JSONSerialization.jsonObject(with: Data(payload[4...])) as? [String: Any]
    else { return .failed("the checker's answer makes no sense") }
    if let parameters = EntryParameters(reply: object) { return .parameters(parameters) }
    guard let rows = object["f"] as? [[Any]], let imports = object["m"] as? [String] else {
      return .failed("the checker's answer makes no sense")
    }
    var findings: [Finding] = []
    for row in rows {
      guard row.count == 6, let line = row[0] as? Int, let column = row[1] as? Int,
        let rule = row[2] as? String, let weight = row[3] as? String,
        let severity = Severity(rawValue: weight), let message = row[4] as? String,
        let hint = row[5] as? String
      else { return .failed("the checker's answer makes no sense") }
      findings.append(
        Finding(
          path: "", line: line, column: column, rule: Rule(rawValue: rule), severity: severity,
          message: message, hint: hint))
    }
    return .judged(findings: findings, imports: imports)
  }

  private static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}

/// Why no checker could be started.
public struct CheckerError: Error, CustomStringConvertible {
  /// The cause.
  public var cause: String
  /// The thing, the cause and the way out.
  public var description: String {
    "the Python checker cannot be started: \(cause); install python3 or set `runtime.python`"
  }
}
