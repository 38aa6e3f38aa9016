import Glibc
import UtilityModel

/// The repositories below a root: each tenant code with its repository's path.
///
/// `<code>.git` is a bare repository and wins over `<code>/` with a `.git` folder inside. Names that
/// are no tenant code, files and symbolic links are ignored. Blocks on the disk. Throws `notFound`
/// without a root and `io` when it cannot be listed. Source: contract, section 2.
public func tenantDirectories(root: String) throws(GitError) -> [String: String] {
  let names: [String]
  do throws(SystemError) {
    names = try Folder.names(in: root)
  } catch {
    throw GitError(
      "list the repositories", error.number == ENOENT ? .notFound : .io, subject: "the root",
      cause: "repositories.root cannot be listed (\(error.reason)); create it or correct the key")
  }
  var result: [String: String] = [:]
  for name in names {
    guard let folder = TenantFolder(name: name) else { continue }
    let path = root + "/" + name
    guard Folder.isFolder(path), folder.isBare || Folder.isFolder(path + "/.git") else { continue }
    if folder.isBare || result[folder.code] == nil { result[folder.code] = path }
  }
  return result
}

/// A name in the root that may be a tenant's repository.
struct TenantFolder: Hashable {
  /// The folder's name.
  let name: String
  /// The tenant's code.
  let code: String
  /// Whether the folder itself is the repository.
  let isBare: Bool

  /// Takes `<code>.git` or `<code>`, or gives `nil`.
  init?(name: String) {
    isBare = name.hasSuffix(".git")
    guard let code = TenantCode(isBare ? name.dropLast(4) : name[...]) else { return nil }
    self.name = name
    self.code = code.rawValue
  }
}

/// Folders on the disk, without following symbolic links.
enum Folder {
  /// The names in a folder, without `.` and `..`.
  static func names(in path: String) throws(SystemError) -> [String] {
    var names: [String] = []
    try each(in: path) { name, _ in names.append(name) }
    return names
  }

  /// Calls `body` with each name and whether it is a folder (not a link to one).
  static func each(
    in path: String, _ body: (_ name: String, _ isFolder: Bool) -> Void
  ) throws(SystemError) {
    guard let folder = opendir(path) else { throw SystemError() }
    defer { closedir(folder) }
    errno = 0
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." {
        let type = Int(entry.pointee.d_type)
        let unknown = type == Int(DT_UNKNOWN)
        body(name, unknown ? isFolder(path + "/" + name) : type == Int(DT_DIR))
      }
      errno = 0
    }
    if errno != 0 { throw SystemError() }
  }

  /// Whether a path is a folder itself, not a link to one.
  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}

/// A failed system call.
struct SystemError: Error {
  /// The `errno`.
  let number: Int32

  /// The current `errno`, or a given one.
  init(_ number: Int32 = errno) { self.number = number }

  /// The C library's text.
  var reason: String { String(cString: strerror(number)) }
}
