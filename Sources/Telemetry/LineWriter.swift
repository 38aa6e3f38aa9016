import Foundation

/// Writes whole lines to a file descriptor with one `write(2)` each, so that lines of several
/// threads or processes do not mix. Safe from any thread.
public struct LineWriter: Sendable {
  private let emit: @Sendable ([UInt8]) -> Void

  /// Standard error.
  public static let standardError = LineWriter(descriptor: STDERR_FILENO)

  /// A writer to an open descriptor, which stays the caller's.
  ///
  /// A line that cannot be written is lost: a log has no other place to complain to.
  public init(descriptor: Int32) {
    emit = { writeWhole($0, to: descriptor) }
  }

  /// A writer that hands each line, with its newline, to a function.
  public init(_ emit: @escaping @Sendable ([UInt8]) -> Void) { self.emit = emit }

  /// Writes one line, which must end with a newline.
  func write(line: [UInt8]) { emit(line) }
}

/// Writes all bytes, with one `write(2)` unless the kernel takes fewer.
private func writeWhole(_ line: [UInt8], to descriptor: Int32) {
  line.withUnsafeBytes { buffer in
    var rest = buffer[...]
    while !rest.isEmpty {
      let written = write(
        descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if written < 0, errno == EINTR { continue }
      if written <= 0 { return }
      rest = rest.dropFirst(written)
    }
  }
}
