import UtilityModel

/// A sidecar's or `tenant.yaml`'s text as a tree with places, and what is wrong with its form.
///
/// Stricter than YAML: one document, whose root is a mapping, with string keys that stand once, no
/// anchors, aliases, merge keys or tags, at most 64 KiB and 16 levels. A byte order mark is passed
/// over. Source: contract, section 2.
struct YAMLDocument {
  /// The largest accepted text, in bytes.
  static let sizeLimit = 64 << 10
  /// The deepest accepted nesting.
  static let depthLimit = 16

  /// The root mapping without what is refused, or nil where the text is no acceptable YAML.
  private(set) var root: [YAMLPair]?
  /// What is wrong with the form, in no order.
  private(set) var findings: [Finding] = []
  private let path: String

  /// Parses the text of the file at `path`.
  init(bytes: [UInt8], path: String) {
    self.path = path
    guard bytes.count <= Self.sizeLimit else {
      report(
        .fileTooLarge, nil,
        "the file has \(bytes.count) bytes; at most \(Self.sizeLimit) are accepted",
        "shorten the texts")
      return
    }
    let bytes = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
    guard String(validating: bytes, as: UTF8.self) != nil else {
      report(
        .fileEncoding, FilePlace(behind: bytes), "the file is not UTF-8", "save it as UTF-8")
      return
    }
    let composer = YAMLComposer(bytes)
    for problem in composer.problems {
      report(.metadataSyntax, problem.place, problem.message, problem.hint)
    }
    switch composer.root {
    case .mapping(let pairs, _): root = pairs
    case let node?:
      report(
        .metadataSyntax, node.place, "the file is not a mapping",
        "write the metadata as `key: value`, one a line")
    case nil where findings.isEmpty:
      report(.metadataSyntax, nil, "the file is empty", "write the metadata as `key: value`")
    case nil: break
    }
  }

  private mutating func report(
    _ rule: Rule, _ place: FilePlace?, _ message: String, _ hint: String
  ) {
    findings.append(
      Finding(
        path: path, line: place?.line ?? 0, column: place?.column ?? 0, rule: rule,
        message: message, hint: hint))
  }
}
