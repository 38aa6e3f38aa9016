import Glibc

/// Cuts what comes out of a non-blocking pipe into lines.
struct LineReader {
  /// What is left to read.
  enum Status {
    /// Nothing now.
    case open
    /// Nothing any more.
    case ended
  }

  private let limit: Int
  private var line: [UInt8] = []
  private var cut = false

  /// Lines of `limit` bytes at most; the rest of a longer one is dropped.
  init(limit: Int) { self.limit = limit }

  /// Reads once and gives every line that is complete, without its end.
  mutating func read(
    from descriptor: Descriptor, into chunk: inout [UInt8], _ body: ([UInt8]) -> Void
  ) -> Status {
    while true {
      let count = chunk.withUnsafeMutableBytes {
        Glibc.read(descriptor.number, $0.baseAddress, $0.count)
      }
      if count > 0 {
        take(chunk[..<count], body)
        return .open
      }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN { return .open }
      if !line.isEmpty { body(line) }
      line = []
      return .ended
    }
  }

  private mutating func take(_ bytes: ArraySlice<UInt8>, _ body: ([UInt8]) -> Void) {
    var rest = bytes
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      append(rest[..<end])
      body(line)
      line.removeAll(keepingCapacity: line.capacity <= 1 << 16)
      cut = false
      rest = rest[(end + 1)...]
    }
    append(rest)
  }

  private mutating func append(_ bytes: ArraySlice<UInt8>) {
    guard !cut else { return }
    line += bytes.prefix(limit - line.count)
    cut = line.count == limit
  }
}
