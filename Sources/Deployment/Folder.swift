import Foundation
import Glibc

/// Folders and whole files. Blocks.
enum Folder {
  /// Makes a folder and those above it.
  static func make(_ path: String) throws(SystemError) {
    if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
      throw SystemError("make the folder \(path)")
    }
    try make(String(path[..<slash]))
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
      throw SystemError("make the folder \(path)")
    }
  }

  /// The names in a folder, sorted; none where there is no such folder.
  static func entries(of path: String) throws(SystemError) -> [String] {
    guard let stream = opendir(path) else {
      if errno == ENOENT { return [] }
      throw SystemError("list \(path)")
    }
    defer { closedir(stream) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
      errno = 0
    }
    guard errno == 0 else { throw SystemError("list \(path)") }
    return names.sorted()
  }

  /// A file's bytes, or nil where there is no such file.
  static func contents(ofFile path: String) throws(SystemError) -> [UInt8]? {
    let number = open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw SystemError("open \(path)")
    }
    let file = Descriptor(owning: number)
    var status = stat()
    guard fstat(number, &status) == 0 else { throw SystemError("inspect \(path)") }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size) + 1)
    var used = 0
    while true {
      if used == bytes.count { bytes.append(contentsOf: repeatElement(0, count: used)) }
      let count = bytes.withUnsafeMutableBytes { buffer in
        read(file.number, buffer.baseAddress?.advanced(by: used), buffer.count - used)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw SystemError("read \(path)")
      }
      if count == 0 { break }
      used += count
    }
    bytes.removeLast(bytes.count - used)
    return bytes
  }

  /// Removes a folder with all that it has; nothing to do where there is none.
  ///
  /// It is renamed to `.tmp-*` first, so that a crash leaves nothing half-removed under its name.
  static func discard(_ path: String) throws(SystemError) {
    guard let slash = path.lastIndex(of: "/") else { return }
    let grave = "\(path[..<slash])/\(StagingFolder.freshName())"
    guard rename(path, grave) == 0 else {
      if errno == ENOENT { return }
      throw SystemError("remove \(path)")
    }
    try remove(grave)
  }

  /// Removes a folder with all that it has, following no link.
  static func remove(_ path: String) throws(SystemError) {
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
      throw SystemError("remove \(path)", errno: cause.map { Int32($0.code) } ?? EIO)
    }
  }
}
