import Foundation
import Glibc
import Hashing
import UtilityModel

/// One layer of an image as a file: a tar archive, and its digest.
///
/// The same files give the same bytes.
struct LayerFile: Sendable {
  /// Where the archive is.
  let path: String
  /// SHA-256 of the archive: the layer's `diff_id`.
  let digest: Digest
  /// Its bytes.
  let size: Int

  /// A folder that goes into a layer.
  struct Source: Hashable, Sendable {
    /// An absolute path on this machine.
    var folder: String
    /// Where it stands in the image, without a leading "/": `release`.
    var place: String
    /// Whether the files keep their times: Python's byte code is bound to those of its sources.
    var keepsTimes = false
  }

  /// Writes `source` as an archive to `path`. Only folders and regular files may be in it. Blocks.
  static func write(_ source: Source, to path: String) throws(SystemError) -> LayerFile {
    var writer = try LayerWriter(path: path, keepsTimes: source.keepsTimes)
    var place = ""
    for part in source.place.split(separator: "/") {
      place += "\(part)/"
      try writer.add(TarHeader(path: place, kind: .folder, mode: 0o755))
    }
    try writer.add(contentsOf: source.folder, at: place)
    return try writer.finish()
  }
}

/// Writes and hashes at the same time. Used by one thread.
private struct LayerWriter: ~Copyable {
  private static let pieceSize = 1 << 20
  private let path: String
  private let output: Descriptor
  private let keepsTimes: Bool
  private var hasher = SHA256()
  private var size = 0

  init(path: String, keepsTimes: Bool) throws(SystemError) {
    self.path = path
    self.keepsTimes = keepsTimes
    output = try Descriptor.open(path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
  }

  mutating func add(_ header: TarHeader) throws(SystemError) { try put(header.blocks) }

  mutating func add(contentsOf folder: String, at place: String) throws(SystemError) {
    for name in try Folder.entries(of: folder) {
      let source = "\(folder)/\(name)"
      var status = stat()
      guard lstat(source, &status) == 0 else { throw SystemError("inspect \(name)") }
      let modified = keepsTimes ? status.st_mtim.tv_sec : 0
      switch status.st_mode & S_IFMT {
      case S_IFDIR:
        try add(
          TarHeader(path: "\(place)\(name)/", kind: .folder, mode: 0o755, modified: modified))
        try add(contentsOf: source, at: "\(place)\(name)/")
      case S_IFREG:
        let header = TarHeader(
          path: place + name, size: Int(status.st_size),
          mode: status.st_mode & 0o111 == 0 ? 0o444 : 0o555, modified: modified)
        try add(header)
        try copy(source, header.size)
      default: throw SystemError("take \(name), which is no file", errno: EINVAL)
      }
    }
  }

  private mutating func copy(_ source: String, _ size: Int) throws(SystemError) {
    let input = try Descriptor.open(source, flags: O_RDONLY | O_NOFOLLOW)
    var left = size
    while left > 0 {
      let piece = try input.read(upTo: min(left, Self.pieceSize), as: "a release's file")
      guard !piece.isEmpty else { throw SystemError("read a file that became shorter", errno: EIO) }
      try put(piece)
      left -= piece.count
    }
    try put(TarHeader.padding(after: size))
  }

  private mutating func put(_ bytes: [UInt8]) throws(SystemError) {
    try output.writeAll(bytes, as: "a layer")
    hasher.update(bytes)
    size += bytes.count
  }

  consuming func finish() throws(SystemError) -> LayerFile {
    try put(TarHeader.end)
    return LayerFile(path: path, digest: hasher.finish(), size: size)
  }
}

extension Descriptor {
  /// The next bytes; none at the end.
  func read(upTo count: Int, as name: String) throws(SystemError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    while true {
      let got = bytes.withUnsafeMutableBytes { Glibc.read(number, $0.baseAddress, count) }
      if got >= 0 {
        bytes.removeLast(count - got)
        return bytes
      }
      guard errno == EINTR else { throw SystemError("read \(name)") }
    }
  }
}
