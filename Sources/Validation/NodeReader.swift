import UtilityModel

/// Takes typed values out of YAML nodes and collects a finding for each that does not fit.
struct NodeReader {
  let path: String
  var findings: [Finding] = []

  init(path: String) { self.path = path }

  mutating func report(_ rule: Rule, at node: YAMLNode?, _ message: String, _ hint: String) {
    findings.append(
      Finding(
        path: path, line: node?.place.line ?? 0, column: node?.place.column ?? 0, rule: rule,
        message: message, hint: hint))
  }

  mutating func reportUnknown(at key: YAMLText, known: [String]) {
    let nearest = Suggestion.nearest(to: key.string, in: known)
    report(
      .metadataUnknownKey, at: .scalar(key), "unknown key `\(key.string.prefix(60))`",
      nearest.map { "did you mean `\($0)`?" } ?? "known keys: \(known.joined(separator: ", "))")
  }

  mutating func mapping(_ node: YAMLNode, _ key: String, _ hint: String) -> [YAMLPair]? {
    switch node {
    case .mapping(let pairs, _): return pairs
    case .alias: return nil
    case .scalar, .sequence:
      report(.metadataType, at: node, "`\(key)` must be a mapping", hint)
      return nil
    }
  }

  private mutating func mismatch(_ node: YAMLNode, _ key: String, expected: String) {
    let kind: String
    switch node {
    case .scalar(let scalar): kind = YAMLScalar(scalar).kind
    case .mapping: kind = "a mapping"
    case .sequence: kind = "a list"
    case .alias: return  // It is refused for itself.
    }
    let quotable = node.scalar.map { YAMLScalar($0) != .null } ?? false
    let quote = expected == "a text" && quotable
    report(
      .metadataType, at: node, "`\(key)` is \(kind), but must be \(expected)",
      quote ? "put it in quotes" : "write \(expected)")
  }

  mutating func text(_ node: YAMLNode, _ key: String) -> String? {
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

  mutating func filled(_ node: YAMLNode, _ key: String) -> String? {
    guard let text = text(node, key) else { return nil }
    if text.allSatisfy(\.isWhitespace) {
      report(.metadataValue, at: node, "`\(key)` is empty", "say something")
      return nil
    }
    return text
  }

  mutating func bool(_ node: YAMLNode, _ key: String) -> Bool? {
    if let scalar = node.scalar, case .bool(let value) = YAMLScalar(scalar) { return value }
    mismatch(node, key, expected: "true or false")
    return nil
  }

  mutating func integer(_ node: YAMLNode, _ key: String, _ range: ClosedRange<Int64>) -> Int64? {
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

  mutating func sequence(_ node: YAMLNode, _ key: String) -> [YAMLNode]? {
    if case .sequence(let sequence, _) = node { return sequence }
    mismatch(node, key, expected: "a list")
    return nil
  }

  mutating func texts(_ node: YAMLNode, _ key: String) -> [(text: String, node: YAMLNode)] {
    guard let items = sequence(node, key) else { return [] }
    var texts: [(text: String, node: YAMLNode)] = []
    for item in items {
      if let text = filled(item, key) { texts.append((text, item)) }
    }
    return texts
  }
}
