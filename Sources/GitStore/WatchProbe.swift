import Glibc

/// A private folder whose touch must arrive through the inotify descriptor.
final class WatchProbe {
  private let folder: String
  private let file: String
  /// The folder's watch.
  let watch: Int32

  /// Makes the folder inside `parent` and watches it.
  init(in parent: String, queue: InotifyQueue) throws(SystemError) {
    var template = Array((parent + "/sync-agent-probe-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError() }
    folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    file = folder + "/probe"
    let descriptor = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
    if descriptor >= 0 { close(descriptor) }
    do throws(SystemError) {
      if descriptor < 0 { throw SystemError() }
      watch = try queue.add(folder, for: Int(IN_ATTRIB) | Int(IN_DELETE_SELF))
    } catch {
      unlink(file)
      rmdir(folder)
      throw error
    }
  }

  deinit {
    unlink(file)
    rmdir(folder)
  }

  /// Changes the file's times, which needs no space on the disk.
  func touch() throws(SystemError) {
    guard utimensat(AT_FDCWD, file, nil, 0) == 0 else { throw SystemError() }
  }
}
