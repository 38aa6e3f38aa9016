import Concurrency
import Foundation
import Glibc
import Synchronization
import Validation

/// A bar on standard error for what takes longer than a second, on a terminal and without
/// `NO_COLOR`.
final class ProgressBar: Sendable {
  private enum Phase { case running, stopping, stopped }
  private let phase = Mutex(Phase.running)
  private let isShown: Bool

  /// Watches how far judging is.
  convenience init(_ progress: JudgingProgress) {
    self.init {
      let (done, total) = progress.state
      return total > 0 ? Self.text("judging", done, total) : nil
    }
  }

  /// Shows what `text` says, nothing where it is nil.
  init(_ text: @escaping @Sendable () -> String?) {
    isShown =
      isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
    guard isShown else { return }
    Thread.start(name: "progress") { [self] in
      var ticks = 0
      while phase.withLock({ $0 == .running }) {
        usleep(50_000)
        ticks += 1
        if ticks >= 20, let text = text() { Self.write("\r\(text)\u{1B}[K") }
      }
      if ticks >= 20 { Self.write("\r\u{1B}[K") }
      phase.withLock { $0 = .stopped }
    }
  }

  /// Takes the bar away; it is gone when this returns. Blocks for some milliseconds at most.
  func stop() {
    guard isShown else { return }
    phase.withLock { if $0 == .running { $0 = .stopping } }
    while phase.withLock({ $0 != .stopped }) { usleep(1000) }
  }

  /// `judging [#####     ] 512 of 1024`.
  static func text(_ what: String, _ done: Int, _ total: Int) -> String {
    let width = 30
    let filled = min(width, width * done / max(1, total))
    let bar = String(repeating: "#", count: filled) + String(repeating: " ", count: width - filled)
    return "\(what) [\(bar)] \(done) of \(total)"
  }

  private static func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}
