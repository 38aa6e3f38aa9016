import UtilityModel

/// What a utility may be called.
///
/// Source: LLD, `validateUtilityName`; contract, section 2.
public enum NameRules {
  /// Names that the platform keeps for itself, in any case.
  static let reserved: Set<String> = ["main", "init", "test", "admin"]

  /// Python's keywords, soft ones not among them: they are legal function names.
  static let keywords: Set<String> = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
  ]

  /// What is wrong with `name`, the stem of the file at `path`; empty when it is fine.
  public static func findings(name: String, path: String) -> [Finding] {
    func finding(_ rule: Rule, _ message: String, _ hint: String) -> [Finding] {
      [Finding(path: path, rule: rule, message: message, hint: hint)]
    }
    let bytes = Array(name.utf8)
    let shown = name.count > 60 ? "\(name.prefix(60))…" : name
    if bytes.isEmpty || bytes.count > 50 {
      return finding(
        .nameInvalid, "the name `\(shown)` has \(bytes.count) characters; 1 to 50 are accepted",
        "rename the file")
    }
    let letters = bytes.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
    if !letters {
      return finding(
        .nameInvalid, "the name `\(shown)` has characters other than letters, digits and `_`",
        "rename the file to letters, digits and `_`")
    }
    if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[0]) {
      return finding(
        .nameInvalid, "the name `\(name)` begins with a digit, so no function can have it",
        "begin the file's name with a letter")
    }
    if keywords.contains(name) {
      return finding(
        .nameInvalid, "the name `\(name)` is a Python keyword, so no function can have it",
        "rename the file")
    }
    if reserved.contains(name.lowercased()) {
      return finding(
        .nameReserved, "the name `\(name)` is reserved",
        "choose another name than main, init, test and admin")
    }
    return []
  }
}
