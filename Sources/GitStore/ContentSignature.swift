/// A file's lines as numbers, so that two files are compared without their bytes.
///
/// Counts what git's rename detection counts: a file is cut after each line feed and after 64
/// bytes, and two files are as alike as the bytes of the pieces that both have. A carriage return
/// before a line feed is left aside in text. Source: git's `diffcore-delta.c`, by its description.
public struct ContentSignature: Sendable {
  /// How many bytes the pieces of one hash have in all.
  private let pieces: [UInt64: Int]
  /// The file's size in bytes.
  public let size: Int

  /// The signature of a file's bytes.
  public init(_ bytes: [UInt8]) {
    size = bytes.count
    // Git looks for a NUL in the first 8,000 bytes to tell text from the rest.
    let isText = !bytes.prefix(8000).contains(0)
    var pieces: [UInt64: Int] = [:]
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var length = 0
    for (index, byte) in bytes.enumerated() {
      if isText, byte == UInt8(ascii: "\r"), index + 1 < bytes.count,
        bytes[index + 1] == UInt8(ascii: "\n")
      {
        continue
      }
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
      length += 1
      if byte == UInt8(ascii: "\n") || length == 64 {
        pieces[hash, default: 0] += length
        (hash, length) = (0xcbf2_9ce4_8422_2325, 0)
      }
    }
    if length > 0 { pieces[hash, default: 0] += length }
    self.pieces = pieces
  }

  /// How alike the files are, 0 to 100: the percentage that `git diff -M` shows for a rename.
  public func similarity(to other: ContentSignature) -> Int {
    let largest = max(size, other.size)
    guard largest > 0, min(size, other.size) > 0 else { return size == other.size ? 100 : 0 }
    var copied = 0
    for (hash, count) in pieces { copied += min(count, other.pieces[hash] ?? 0) }
    return copied * 100 / largest
  }
}
