/// A file's place inside a release, checked once more before it reaches the disk.
struct ReleasePath: Hashable {
  /// The folders, outermost first: `["lib", "formats"]`.
  let folders: [String]
  /// The file: `delimited.py`.
  let file: String

  /// `utils/<name>.py`, or nil where the name is no plain identifier.
  init?(utility name: String) {
    guard !name.isEmpty, name.utf8.count <= 50, name.utf8.allSatisfy(Self.isNameByte) else {
      return nil
    }
    folders = ["utils"]
    file = "\(name).py"
  }

  /// `lib/**/*.py`, or nil for anything that is absolute, has an empty or a dotted part, a control
  /// character, or lies elsewhere.
  init?(module path: String) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 2, parts[0] == "lib", path.hasSuffix(".py"), path.utf8.count <= 1024,
      parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255 }),
      path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
    else { return nil }
    folders = Array(parts.dropLast())
    file = parts[parts.count - 1]
  }

  /// Relative to the release's folder.
  var text: String { (folders + [file]).joined(separator: "/") }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
