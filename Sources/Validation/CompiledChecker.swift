import CLinux
import Concurrency
import Foundation
import Glibc
import Hashing
import Synchronization
import UtilityModel

/// The checker's program as the interpreter's own bytecode, kept on the disk: compiling the source
/// takes longer than all else that a start does.
///
/// It is used only from a folder that belongs to this user and that nobody else can write to, and
/// only whole: the file ends with its own SHA-256. Losing it costs time alone.
/// Source: PEP 552; CPython's `Py_RunMain`, which runs a regular file with the magic number as bytecode.
final class CompiledChecker: Sendable {
  private let python: String
  private let file: String
  private let folder: String
  private let kept = Mutex<[UInt8]?>(nil)

  /// The program for the interpreter `python`, kept in `folder`, which need not exist.
  init(python: String, folder: String) {
    self.python = python
    self.folder = folder
    let key = SHA256.digest(of: CheckerPool.version.hex + Self.identity(of: python)).hex
    file = "\(folder)/checker-\(key.prefix(32)).pyc"
  }

  /// Something that changes when another interpreter stands at `python`.
  static func identity(of python: String) -> String {
    var status = stat()
    guard let resolved = realpath(python, nil) else { return python }
    defer { free(resolved) }
    guard stat(resolved, &status) == 0 else { return python }
    return
      "\(String(cString: resolved))\0\(status.st_size)\0\(status.st_mtim.tv_sec)\0\(status.st_mtim.tv_nsec)"
  }

  /// The bytecode: as it is kept, else made now and kept; nil where that is not possible.
  func program() -> [UInt8]? {
    kept.withLock { kept in
      if let kept { return kept }
      guard isSafe() else { return nil }
      kept = load() ?? compile()
      return kept
    }
  }

  private func isSafe() -> Bool {
    var status = stat()
    return stat(folder, &status) == 0 && status.st_uid == geteuid()
      && status.st_mode & (S_IWGRP | S_IWOTH) == 0
  }

  private func load() -> [UInt8]? {
    let descriptor = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_uid == geteuid(),
      let data = try? handle.readToEnd(), data.count > 48
    else { return nil }
    let bytes = [UInt8](data.dropLast(32))
    return SHA256.digest(of: bytes).bytes.elementsEqual(data.suffix(32)) ? bytes : nil
  }

  /// Has the interpreter compile the source, and keeps what it gives.
  private func compile() -> [UInt8]? {
    guard let source = MemoryFile(CheckerPool.program), let result = MemoryFile([]) else {
      return nil
    }
    let script = """
      import marshal, _imp, _frozen_importlib_external as e
      code = compile(open(3, "rb").read(), "checker.py", "exec", 0, True)
      open(4, "wb").write(e.MAGIC_NUMBER + bytes(12) + marshal.dumps(code))
      """
    var child: pid_t = 0
    let started = withCStrings([python, "-I", "-S", "-B", "-c", script]) { arguments in
      withCStrings(["PATH=/usr/bin:/bin", "LANG=C.UTF-8"]) { environment in
        linux_spawn(
          &child, arguments, environment, [-1, -1, -1, source.descriptor, result.descriptor], 5, "/"
        )
      }
    }
    guard started == 0 else { return nil }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    guard status == 0, let bytes = result.contents(), bytes.count > 16 else { return nil }
    keep(bytes)
    return bytes
  }

  /// Written beside and renamed: a reader sees all of it or nothing.
  private func keep(_ bytes: [UInt8]) {
    let draft = "\(file).\(getpid())"
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try handle.write(contentsOf: Data(bytes + SHA256.digest(of: bytes).bytes))
      if rename(draft, file) != 0 { unlink(draft) }
    } catch {
      // A full disk: the next start compiles again.
      unlink(draft)
    }
  }
}
