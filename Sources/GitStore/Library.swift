import CLibgit2
import UtilityModel

/// libgit2, initialised once for the process.
///
/// - No configuration outside of a repository is ever read: the search paths are empty.
/// - libgit2's own ownership check depends on that configuration (`safe.directory`); it is off, and
///   `RepositoryLayout` checks ownership by itself.
/// - Trees up to 1 MiB are cached, 16 MiB for all repositories together.
enum Library {
  /// Whether libgit2 could be initialised; the first use initialises it.
  static let isReady: Bool = {
    guard git_libgit2_init() >= 0 else { return false }
    let levels = [
      GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
      GIT_CONFIG_LEVEL_GLOBAL,
    ]
    for level in levels {
      guard shim_set_search_path(level.rawValue, "") == 0 else { return false }
    }
    return shim_set_owner_validation(0) == 0
      && shim_set_cache_object_limit(GIT_OBJECT_TREE, 1 << 20) == 0
      && shim_set_cache_max_size(16 << 20) == 0
  }()

  /// The calling thread's last libgit2 error; call it in the same stretch as the failing call.
  static func lastError() -> (message: String, area: git_error_t) {
    guard let error = git_error_last() else { return ("no reason given", GIT_ERROR_NONE) }
    let message = error.pointee.message.map { String(cString: $0) } ?? "no reason given"
    return (message, git_error_t(rawValue: UInt32(bitPattern: error.pointee.klass)))
  }
}

extension ObjectID {
  /// The id that libgit2 wrote.
  init(_ id: git_oid) {
    let value = withUnsafeBytes(of: id) { ObjectID(buffer: $0) }
    guard let value else { fatalError("a git_oid of libgit2 1.5 has 20 bytes") }
    self = value
  }

  /// The id as libgit2 takes it.
  var oid: git_oid {
    var oid = git_oid()
    withUnsafeMutableBytes(of: &oid) { write(to: $0) }
    return oid
  }
}

/// Text that somebody pushed: lossy UTF-8, of a bounded length.
enum ForeignText {
  /// At most `limit` Unicode scalars of a C string.
  static func decode(_ text: UnsafePointer<CChar>?, limit: Int) -> String {
    guard let text else { return "" }
    var length = 0
    while length < limit * 4, text[length] != 0 { length += 1 }
    let bytes = UnsafeRawBufferPointer(start: text, count: length)
    let decoded = String(decoding: bytes, as: UTF8.self)
    guard decoded.unicodeScalars.count > limit else { return decoded }
    return String(String.UnicodeScalarView(decoded.unicodeScalars.prefix(limit)))
  }
}
