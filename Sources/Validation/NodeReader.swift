import UtilityModel
import Yams

/// Takes typed values out of YAML nodes and collects a finding for each that does not fit.
struct NodeReader {
  let path: String
  var findings: [Finding] = []

  init(path: String) { self.path = path }

  mutating func report(_ rule: Rule, at node: Node?, _ message: String, _ hint: String) {
    findings.append(
      Finding(
        path: path, line: node?.mark?.line ?? 0, column: node?.mark?.column ?? 0, rule: rule,
        message: message, hint: hint))
  }

  mutating func reportUnknown(key: String, at node: Node, known: [String]) {
    let nearest = Suggestion.nearest(to: key, in: known)
    report(
      .metadataUnknownKey, at: node, "unknown key `\(key.prefix(60))`",
      nearest.map { "did you mean `\($0)`?" } ?? "known keys: \(known.joined(separator: ", "))")
  }

  private mutating func mismatch(_ node: Node, _ key: String, expected: String) {
    let kind =
      switch node {
      case .scalar(let scalar): YAMLScalar(scalar).kind
      case .mapping: "a mapping"
      case .sequence: "a list"
      case .alias: "an alias"
      }
    let quotable = node.scalar.map { YAMLScalar($0) != .null } ?? false
    let quote = expected == "a text" && quotable
    report(
      .metadataType, at: node, "`\(key)` is \(kind), but must be \(expected)",
      quote ? "put it in quotes" : "write \(expected)")
  }

  mutating func text(_ node: Node, _ key: String) -> String? {
    if let scalar = node.scalar, case .text(let text) = YAMLScalar(scalar) {
      if text.utf8.contains(0) {
        report(.metadataValue, at: node, "`\(key)` has a NUL character", "remove it")
        return nil
      }
      return text
    }
    mismatch(node, key, expected: "a text")
    return nil
  }

  mutating func filled(_ node: Node, _ key: String) -> String? {
    guard let text = text(node, key) else { return nil }
    if text.allSatisfy(\.isWhitespace) {
      report(.metadataValue, at: node, "`\(key)` is empty", "say something")
      return nil
    }
    return text
  }

  mutating func bool(_ node: Node, _ key: String) -> Bool? {
    if let scalar = node.scalar, case .bool(let value) = YAMLScalar(scalar) { return value }
    mismatch(node, key, expected: "true or false")
    return nil
  }

  mutating func integer(_ node: Node, _ key: String, _ range: ClosedRange<Int64>) -> Int64? {
    guard let scalar = node.scalar, case .integer(let value) = YAMLScalar(scalar) else {
      mismatch(node, key, expected: "an integer")
      return nil
    }
    guard let value, range.contains(value) else {
      let upper = range.upperBound == .max ? "" : " to \(range.upperBound)"
      report(
        .metadataValue, at: node, "`\(key)` is \(scalar.string.prefix(40)), out of its range",
        "write an integer from \(range.lowerBound)\(upper)")
      return nil
    }
    return value
  }

  mutating func sequence(_ node: Node, _ key: String) -> Node.Sequence? {
    if case .sequence(let sequence) = node { return sequence }
    mismatch(node, key, expected: "a list")
    return nil
  }

  mutating func texts(_ node: Node, _ key: String) -> [(text: String, node: Node)] {
    guard let items = sequence(node, key) else { return [] }
    var texts: [(text: String, node: Node)] = []
    for item in items {
      if let text = filled(item, key) { texts.append((text, item)) }
    }
    return texts
  }
}
