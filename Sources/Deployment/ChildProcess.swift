import CLinux
import Glibc
import Synchronization

/// A program that this process started, in a session and process group of its own.
///
/// Its standard input is a control pipe: when the agent dies, however it dies, the child reads the
/// end of it. A `ChildSupervisor` reads its output and always reaps it.
final class ChildProcess: Sendable {
  /// What a child does; told on the supervisor's thread.
  enum Event: Sendable {
    /// A line of its standard output, without its end.
    case output([UInt8])
    /// A line of its standard error, without its end.
    case log([UInt8])
    /// It ended, and was reaped: "exit status 3", "killed by signal 9". The last event.
    case exited(String)
  }

  /// What to start.
  struct Command: Sendable {
    /// The program's absolute path and its arguments.
    var arguments: [String]
    /// `NAME=value`: all that the child sees.
    var environment: [String]
    /// What it finds as its descriptor 3, where it needs one.
    var inherited: Descriptor?
  }

  /// The process id, and the id of its group.
  let pid: pid_t
  /// Readable once the process ended.
  let exit: Descriptor
  let output: Descriptor
  let log: Descriptor
  let onEvent: @Sendable (Event) -> Void
  /// Nil once closed.
  private let control: Mutex<Descriptor?>
  /// Signals are sent under this lock, so that none reaches a reused process id.
  private let reaped = Mutex(false)

  /// Starts a program. Blocks for about a millisecond.
  init(_ command: Command, onEvent: @escaping @Sendable (Event) -> Void) throws(SystemError) {
    let control = try Descriptor.pipe()
    let output = try Descriptor.pipe()
    let log = try Descriptor.pipe()
    for end in [control.writing, output.reading, log.reading] { try end.setNonBlocking() }
    var descriptors = [control.reading.number, output.writing.number, log.writing.number]
    if let inherited = command.inherited { descriptors.append(inherited.number) }
    var arguments: [UnsafeMutablePointer<CChar>?] = command.arguments.map { strdup($0) } + [nil]
    var environment: [UnsafeMutablePointer<CChar>?] = command.environment.map { strdup($0) }
    environment.append(nil)
    defer { for text in arguments + environment { free(text) } }
    var pid: pid_t = 0
    let status = linux_spawn(
      &pid, &arguments, &environment, descriptors, Int32(descriptors.count), "/")
    guard status == 0 else {
      throw SystemError("start \(command.arguments.first ?? "nothing")", errno: status)
    }
    let pidfd = linux_pidfd_open(pid)
    guard pidfd >= 0 else {
      let error = SystemError("watch the process \(pid)")
      kill(-pid, SIGKILL)
      waitpid(pid, nil, 0)
      throw error
    }
    self.pid = pid
    exit = Descriptor(owning: pidfd)
    self.output = output.reading
    self.log = log.reading
    self.control = Mutex(control.writing)
    self.onEvent = onEvent
  }

  /// Writes a line to its standard input.
  ///
  /// Never waits: a line fits a pipe's buffer as a whole or not at all (pipe(7), `PIPE_BUF`), and a
  /// child that reads no more gives an error. The agent ignores SIGPIPE, so that a child that ended
  /// gives EPIPE.
  func send(_ line: String) throws(SystemError) {
    let bytes = Array(line.utf8) + [UInt8(ascii: "\n")]
    let failure: SystemError? = control.withLock { control in
      guard let control else { return SystemError("write to a closed pipe", errno: EPIPE) }
      let count = write(control.number, bytes, bytes.count)
      return count == bytes.count ? nil : SystemError("write to the process \(pid)")
    }
    if let failure { throw failure }
  }

  /// Closes its standard input: for the child the agent is gone.
  func closeControl() { control.withLock { $0 = nil } }

  /// Sends a signal to the process, or to its whole group; nothing once it was reaped.
  func signal(_ signal: Int32, group: Bool = false) {
    reaped.withLock { reaped in
      if !reaped { kill(group ? -pid : pid, signal) }
    }
  }

  /// Ends the rest of its group, reaps it, and tells how it ended. Called once, by the supervisor,
  /// when `exit` is readable. Until then the zombie holds the id, so that the group is still ours.
  func reap() -> String {
    closeControl()
    return reaped.withLock { reaped in
      kill(-pid, SIGKILL)
      var status: Int32 = 0
      while waitpid(pid, &status, 0) < 0, errno == EINTR {}
      reaped = true
      // The macros of wait(2): the low seven bits are the signal, the next byte the status.
      let signal = status & 0x7f
      return signal == 0
        ? "exit status \(status >> 8 & 0xff)" : "killed by signal \(signal)"
    }
  }
}
