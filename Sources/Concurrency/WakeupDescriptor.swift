import CLinux

/// An eventfd, which makes a thread in `poll` look up.
public enum WakeupDescriptor {
  /// Opens one, non-blocking and close-on-exec; -1 with `errno` set when the system refuses.
  public static func open() -> Int32 { linux_eventfd() }
}
