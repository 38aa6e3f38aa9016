import CLinux
import Glibc

/// Runs a program to its end: no shell, no inherited environment or descriptor, bounded time.
public struct BoundedProgram: Sendable {
  /// How a run ended.
  public struct Outcome: Sendable {
    /// The exit status; 128 and the signal's number where a signal ended it.
    public var status: Int32
    /// The beginning of its standard output, as lossy UTF-8.
    public var output: String
    /// The beginning of its standard error, as lossy UTF-8.
    public var errors: String
  }
  /// Why a program did not come to its end.
  public struct Failure: Error, CustomStringConvertible {
    /// The program's name and the cause.
    public let description: String
  }

  /// The program's absolute path.
  public let path: String
  /// How long it may run, in milliseconds.
  public let milliseconds: Int32
  private static let outputLimit = 64 << 10
  private static let folders = ["/usr/bin", "/usr/local/bin", "/bin"]

  /// The program of that name in the system's own folders, whatever `PATH` says; nil if none is.
  public init?(named name: String, milliseconds: Int32 = 10_000) {
    let candidates: [String] = Self.folders.map { $0 + "/" + name }
    guard let path = candidates.first(where: { access($0, X_OK) == 0 }) else { return nil }
    self.path = path
    self.milliseconds = milliseconds
  }

  /// The program at an absolute path.
  public init(path: String, milliseconds: Int32) {
    self.path = path
    self.milliseconds = milliseconds
  }

  /// Runs it in `/` with `input` on its standard input and `files` as descriptors 3, 4, ...,
  /// which it can open as `/proc/self/fd/3`. `home` is its `HOME`. It is killed as soon as the
  /// descriptor `stop` becomes readable. Blocks. Throws `Failure`.
  public func run(
    _ arguments: [String], input: [UInt8], files: [[UInt8]] = [], home: String = "/nonexistent",
    stop: Int32 = -1
  ) throws(Failure) -> Outcome {
    guard let standardInput = MemoryFile(input), let output = MemoryFile([]),
      let errors = MemoryFile([])
    else { throw failure(errno) }
    var further: [MemoryFile] = []
    for file in files {
      guard let file = MemoryFile(file) else { throw failure(errno) }
      further.append(file)
    }
    let descriptors = ([standardInput, output, errors] + further).map(\.descriptor)
    var child: pid_t = 0
    let started = withCStrings([path] + arguments) { argv in
      withCStrings(["LC_ALL=C", "HOME=\(home)", "PATH=/usr/bin:/bin"]) { environment in
        linux_spawn(&child, argv, environment, descriptors, Int32(descriptors.count), "/")
      }
    }
    withExtendedLifetime(further) {}
    guard started == 0 else { throw failure(started) }
    let inTime = ends(child, stop)
    if !inTime { kill(child, SIGKILL) }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    guard inTime else {
      throw Failure(description: "\(path) did not end within \(milliseconds / 1000) s")
    }
    func text(_ file: MemoryFile) -> String {
      String(decoding: file.contents(limit: Self.outputLimit) ?? [], as: UTF8.self)
    }
    let signal = status & 0x7f
    return Outcome(
      status: signal == 0 ? (status >> 8) & 0xff : 128 + signal, output: text(output),
      errors: text(errors))
  }

  /// Whether the child ends in time.
  private func ends(_ child: pid_t, _ stop: Int32) -> Bool {
    let handle = linux_pidfd_open(child)
    guard handle >= 0 else { return false }
    defer { close(handle) }
    let start = ContinuousClock.now
    while true {
      let passed = Int32(clamping: Int((ContinuousClock.now - start) / .milliseconds(1)))
      guard passed < milliseconds else { return false }
      var waiting = [handle, stop].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      let ready = poll(&waiting, 2, milliseconds - passed)
      if ready > 0 { return waiting[0].revents != 0 }
      guard ready == 0 || errno == EINTR else { return false }
    }
  }

  private func failure(_ number: Int32) -> Failure {
    Failure(description: "\(path) cannot be run: \(String(cString: strerror(number)))")
  }
}
