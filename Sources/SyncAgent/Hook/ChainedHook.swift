import CLinux
import Foundation
import Glibc

/// The hook that was in a repository before this program's.
enum ChainedHook {
  /// Runs the hook at `path` with `input` on its standard input, in this process's environment and
  /// folder; 0 where there is none to run, else its exit status. Blocks. Throws `AgentError`.
  ///
  /// As git does, a file that is not executable is left alone. It writes to this process's output
  /// itself. It may end before it has read everything.
  static func run(_ path: String, input: [UInt8]) throws(AgentError) -> Int32 {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, access(path, X_OK) == 0
    else { return 0 }
    let file = linux_memory_file("push")
    guard file >= 0 else { throw failure(errno) }
    defer { close(file) }
    var written = 0
    while written < input.count {
      let count = input.withUnsafeBytes { bytes in
        write(file, bytes.baseAddress.map { $0 + written }, bytes.count - written)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failure(errno) }
      written += count
    }
    lseek(file, 0, SEEK_SET)
    var child: pid_t = 0
    let arguments: [UnsafeMutablePointer<CChar>?] = [strdup(path), nil]
    defer { free(arguments[0]) }
    let started = arguments.withUnsafeBufferPointer {
      linux_spawn(&child, $0.baseAddress, environ, [file, STDOUT_FILENO, STDERR_FILENO], 3, nil)
    }
    guard started == 0 else { throw failure(started) }
    var result: Int32 = 0
    while waitpid(child, &result, 0) < 0 && errno == EINTR {}
    let signal = result & 0x7f
    return signal == 0 ? (result >> 8) & 0xff : 128 + signal
  }

  private static func failure(_ number: Int32) -> AgentError {
    AgentError(
      "the repository's own pre-receive hook cannot be run: \(String(cString: strerror(number)))",
      "correct or remove `pre-receive.chained` in its hooks")
  }
}
