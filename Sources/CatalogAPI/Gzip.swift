import CZlib
import NIOCore

/// Bodies in the coding `gzip` (RFC 1952) by zlib; the same bytes for the same input and version.
enum Gzip {
  /// Below this many bytes, headers outweigh what is saved.
  static let worthwhile = 1024
  /// Beyond this many bytes, a body is sent as it is: compressing it would cost more than it saves.
  static let limit = 8 << 20
  /// Beyond this many bytes, compressing is work for a thread of its own.
  static let brief = 64 << 10

  /// The part of an entity tag that tells the compressed bytes from the plain ones, and one zlib's
  /// from another's.
  static let tagSuffix = "-gzip" + String(cString: zlibVersion())

  /// The compressed body, or nil where memory runs out.
  static func compressed(_ body: ByteBuffer) -> ByteBuffer? {
    var stream = z_stream()
    guard zlib_gzip_init(&stream, 5) == Z_OK else { return nil }
    defer { deflateEnd(&stream) }
    let bound = Int(deflateBound(&stream, uLong(body.readableBytes)))
    var result = ByteBuffer()
    var isWhole = false
    body.withUnsafeReadableBytes { input in
      // zlib declares its input mutable and only reads it.
      stream.next_in = UnsafeMutablePointer(
        mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
      stream.avail_in = uInt(input.count)
      _ = result.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { output in
        stream.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.avail_out = uInt(output.count)
        isWhole = deflate(&stream, Z_FINISH) == Z_STREAM_END
        return output.count - Int(stream.avail_out)
      }
    }
    return isWhole ? result : nil
  }

  /// Whether `Accept-Encoding` admits gzip (RFC 9110, section 12.5.3).
  static func isAccepted(_ header: String?) -> Bool {
    guard let header else { return false }
    var byAny = false
    for coding in header.split(separator: ",") {
      let parts = coding.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
      guard let name = parts.first?.lowercased() else { continue }
      let weight = parts.dropFirst().first { $0.lowercased().hasPrefix("q=") }
      let isWanted = weight.map { (Double($0.dropFirst(2)) ?? 0) > 0 } ?? true
      if name == "gzip" || name == "x-gzip" { return isWanted }
      if name == "*" { byAny = isWanted }
    }
    return byAny
  }
}
