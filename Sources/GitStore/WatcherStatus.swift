import Glibc

/// That something may have changed: where to look, never what happened.
public struct Hint: Hashable, Sendable {
  /// The names of folders in the root, as found there ("demo.git"); `nil`: look at everything.
  public let tenants: Set<String>?

  /// A hint about some tenants, or about everything.
  public init(tenants: Set<String>?) { self.tenants = tenants }
}

/// How a watcher is doing.
public struct WatcherStatus: Hashable, Sendable {
  /// Whether refs are being watched at this moment.
  public var alive = false
  /// Watches in use, those of the root and of the self-test included.
  public var watches = 0
  /// Folder names of tenants without a watch: scan them on an interval.
  public var unwatched: Set<String> = []
  /// How often the kernel dropped events, each followed by a look at everything.
  public var overflows = 0
  /// How often watching had to be started anew.
  public var restarts = 0
  /// When the last self-test passed, in milliseconds since 1970.
  public var lastSelfTest: Int64?
  /// How long the last self-test took from the touch to the event, in milliseconds.
  public var selfTestMilliseconds: Double?
  /// Why it is not alive.
  public var failure: String?

  /// A watcher that was not started.
  public init() {}
}

/// Why refs cannot be watched.
public struct WatchError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What callers branch on.
  public enum Code: String, Sendable {
    /// The root does not exist, is no folder, or was moved away.
    case rootMissing
    /// The kernel's limit of watches or inotify instances is reached.
    case limit
    /// The self-test was not answered.
    case deaf
    /// `start` was called before.
    case alreadyStarted
    /// Any other failure of the system.
    case system
  }

  /// What callers branch on.
  public let code: Code
  /// What went wrong and the way out, without the closing full stop.
  public let cause: String

  /// An error by its parts.
  public init(_ code: Code, cause: String) {
    self.code = code
    self.cause = cause
  }

  /// "watching refs failed: <cause>".
  public var description: String { "watching refs failed: \(cause)" }

  static func system(_ what: String, _ error: SystemError) -> WatchError {
    switch error.number {
    case ENOSPC, EMFILE, ENFILE:
      WatchError(
        .limit,
        cause: "cannot \(what): \(error.reason); raise fs.inotify.max_user_watches and "
          + "fs.inotify.max_user_instances")
    case ENOENT, ENOTDIR:
      WatchError(.rootMissing, cause: "cannot \(what): \(error.reason); create repositories.root")
    default: WatchError(.system, cause: "cannot \(what): \(error.reason)")
    }
  }
}
