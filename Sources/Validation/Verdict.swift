import UtilityModel

/// What the rules say about one pair of a `.py` file and its sidecar, whatever folder it is in.
///
/// A pure function of both blobs, the stem and the rules, so that it is kept for ever: paths in
/// its findings are "".
struct Verdict: Equatable, Sendable {
  /// Findings in the `.py` file.
  var source: [Finding] = []
  /// Findings in the sidecar.
  var sidecar: [Finding] = []
  /// The metadata, nil where the sidecar is refused or missing.
  var metadata: Metadata?
  /// Where each of the metadata's packages stands in the sidecar.
  var packagePlaces: [FilePlace] = []
  /// Dotted names of the modules below `lib` that the file may import.
  var imports: [String] = []
  /// SHA-256 of the `.py` blob in hexadecimal.
  var filehash = ""
  /// SHA-256 of the sidecar in hexadecimal.
  var metahash = ""
  /// Whether it may be kept: false when the judging itself failed.
  var isFinal = true
}

/// One thing to judge.
struct VerdictRequest: Sendable {
  /// What kind of Python file it is.
  enum Kind: UInt8, Sendable {
    case utility = 0
    case module = 1
  }
  var kind: Kind
  /// The `.py` file.
  var path: String
  var blob: ObjectID
  var sidecarPath: String
  var sidecar: ObjectID?

  /// What the verdict depends on, beside the rules.
  var key: [UInt8] {
    let subject = kind == .utility ? stem : path
    return [kind.rawValue] + blob.bytes + (sidecar?.bytes ?? []) + Array(subject.utf8)
  }

  var stem: String { SourcePath.stem(of: path) }
}

/// Parts of a path in a repository.
enum SourcePath {
  /// The last part without its extension.
  static func stem(of path: String) -> String {
    let bytes = path.utf8
    let start = bytes.lastIndex(of: UInt8(ascii: "/")).map(bytes.index(after:)) ?? bytes.startIndex
    let name = path[start...]
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")), dot != name.startIndex else {
      return String(name)
    }
    return String(name[..<dot])
  }

  /// The name that a path without its extension ends with, dots and all.
  static func name(of key: PathKey) -> String {
    let bytes = key.text.utf8
    let start = bytes.lastIndex(of: UInt8(ascii: "/")).map(bytes.index(after:)) ?? bytes.startIndex
    return UtilityName.of(stem: key.text[start...])
  }

  /// The folder of a file's path: "." where it has none.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The path without its extension.
  static func withoutExtension(_ path: String) -> String {
    guard let dot = path.utf8.lastIndex(of: UInt8(ascii: ".")),
      !path.utf8[dot...].contains(UInt8(ascii: "/"))
    else { return path }
    return String(path[..<dot])
  }
}
