import CLinux
import Glibc

/// The terminal on standard output.
enum Terminal {
  /// Whether there is one.
  static var isThere: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Its columns now, or nil where there is none.
  static var width: Int? { positive(size?.ws_col) }

  /// Its rows now, or nil where there is none.
  static var height: Int? { positive(size?.ws_row) }

  private static func positive(_ count: UInt16?) -> Int? {
    count.flatMap { $0 > 0 ? Int($0) : nil }
  }

  private static var size: winsize? {
    var size = winsize()
    return linux_terminal_size(STDOUT_FILENO, &size) == 0 ? size : nil
  }

  /// Shows the cursor again and ends, whenever the user or the system ends the program.
  static func restoreCursorAtEnd() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number) { number in
        // Only what a signal handler may call.
        let text: StaticString = "\u{1B}[?25h\n"
        _ = write(STDOUT_FILENO, text.utf8Start, text.utf8CodeUnitCount)
        _exit(128 + number)
      }
    }
  }
}
