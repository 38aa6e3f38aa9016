import UtilityModel

/// What the rules say about one pair of a `.py` file and its sidecar, whatever folder it is in.
///
/// A pure function of both blobs, the stem and the rules, so that it is kept for ever: paths in
/// its findings are "".
struct Verdict: Codable, Sendable {
  /// Findings in the `.py` file.
  var source: [Finding] = []
  /// Findings in the sidecar.
  var sidecar: [Finding] = []
  /// The metadata, nil where the sidecar is refused or missing.
  var metadata: Metadata?
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
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return String(name) }
    return String(name[..<dot])
  }

  /// The path without its extension.
  static func withoutExtension(_ path: String) -> String {
    guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return path }
    return String(path[..<dot])
  }
}
