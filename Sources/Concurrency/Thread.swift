import CLinux
import Glibc

/// Threads outside of the cooperative pool.
public enum Thread {
  /// The stack of every thread started here, in bytes: reserved, and used only as it is touched.
  /// Deep enough for the recursion of the YAML parser over its largest accepted input.
  public static let stackSize = 64 << 20

  /// Starts a detached thread that runs `body` once; `name` is cut to 15 bytes.
  ///
  /// Signals are blocked in it, so that they reach the threads that expect them.
  public static func start(name: String, _ body: @Sendable @escaping () -> Void) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackSize)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let start = Start(name: String(decoding: name.utf8.prefix(15), as: UTF8.self), body: body)
    let context = Unmanaged.passRetained(start).toOpaque()
    var thread = pthread_t()
    let status = pthread_create(
      &thread, &attributes,
      { context in
        guard let context else { return nil }
        let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        linux_set_thread_name(start.name)
        start.body()
        return nil
      }, context)
    guard status == 0 else {
      fatalError("cannot start the thread \(start.name): \(String(cString: strerror(status)))")
    }
  }

  private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void
    init(name: String, body: @Sendable @escaping () -> Void) {
      self.name = name
      self.body = body
    }
  }
}
