import Concurrency
import Glibc
import NIOCore

/// The bytes of a request that may be larger than the memory: pieces and files, one after the other.
struct Upload: AsyncSequence, Sendable {
  /// A stretch of it.
  enum Part: Sendable {
    case bytes([UInt8])
    /// A file by its path and its size.
    case file(String, size: Int)
  }

  let parts: [Part]
  /// Where files are read.
  let pool: BlockingPool

  /// Bytes.
  var size: Int {
    parts.reduce(0) { sum, part in
      switch part {
      case .bytes(let bytes): sum + bytes.count
      case .file(_, let size): sum + size
      }
    }
  }

  func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(rest: parts[...], pool: pool)
  }

  struct AsyncIterator: AsyncIteratorProtocol {
    private static let pieceSize = 256 << 10
    fileprivate var rest: ArraySlice<Part>
    fileprivate let pool: BlockingPool
    private var file: (descriptor: Descriptor, left: Int)?

    fileprivate init(rest: ArraySlice<Part>, pool: BlockingPool) {
      self.rest = rest
      self.pool = pool
    }

    mutating func next() async throws -> ByteBuffer? {
      while true {
        if let (descriptor, left) = file {
          guard left > 0 else {
            file = nil
            continue
          }
          let piece = try await pool.run { () throws(SystemError) in
            try descriptor.read(upTo: Swift.min(left, Self.pieceSize), as: "a layer")
          }
          guard !piece.isEmpty else {
            throw SystemError("read a layer that became shorter", errno: EIO)
          }
          file = (descriptor, left - piece.count)
          return ByteBuffer(bytes: piece)
        }
        switch rest.popFirst() {
        case nil: return nil
        case .bytes(let bytes): return ByteBuffer(bytes: bytes)
        case .file(let path, let size):
          let descriptor = try await pool.run { () throws(SystemError) in
            try Descriptor.open(path, flags: O_RDONLY | O_NOFOLLOW)
          }
          file = (descriptor, size)
        }
      }
    }
  }
}
