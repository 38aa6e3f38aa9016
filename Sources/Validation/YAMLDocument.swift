import UtilityModel
import Yams

/// A sidecar's or `tenant.yaml`'s text as a tree with positions, and what is wrong with its form.
///
/// Stricter than YAML: one document, whose root is a mapping, with string keys that stand once, no
/// anchors, aliases, merge keys or tags, at most 64 KiB and 16 levels. Source: contract, section 2.
///
/// Parsing recurses with the nesting of its input: call it on a `Concurrency.Thread`, whose stack
/// is made for the deepest 64 KiB.
struct YAMLDocument {
  /// The largest accepted text, in bytes.
  static let sizeLimit = 64 << 10
  /// The deepest accepted nesting.
  static let depthLimit = 16

  /// The root mapping, or nil where the text is no acceptable YAML.
  private(set) var root: Node.Mapping?
  /// What is wrong with the form, in no order.
  private(set) var findings: [Finding] = []
  private let path: String

  /// Parses the text of the file at `path`.
  init(bytes: [UInt8], path: String) {
    self.path = path
    guard bytes.count <= Self.sizeLimit else {
      findings.append(
        Finding(
          path: path, rule: .fileTooLarge,
          message: "the file has \(bytes.count) bytes; at most \(Self.sizeLimit) are accepted",
          hint: "shorten the texts"))
      return
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      findings.append(
        Finding(
          path: path, rule: .fileEncoding, message: "the file is not UTF-8",
          hint: "save it as UTF-8"))
      return
    }
    // What composing copies grows with each alias, without end: they are looked for before.
    let references = YAMLReferences(in: text)
    if references.hasAlias, !references.anchors.isEmpty {
      for anchor in references.anchors {
        report(
          .metadataSyntax, anchor.line, anchor.column,
          "the anchor `&\(anchor.name)` is not accepted", "write the value out where it is used")
      }
      return
    }
    compose(text)
  }

  private mutating func compose(_ text: String) {
    var text = text
    // Every round takes one level of repeated keys away; the bound is on hostile input.
    for _ in 0..<4 {
      do {
        let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
        guard let node = try parser.singleRoot() else {
          report(.metadataSyntax, 0, 0, "the file is empty", "write the metadata as `key: value`")
          return
        }
        guard case .mapping(let mapping) = node else {
          report(
            .metadataSyntax, node.mark?.line ?? 1, node.mark?.column ?? 1,
            "the file is not a mapping", "write the metadata as `key: value`, one a line")
          return
        }
        inspect(node)
        root = mapping
        return
      } catch let error as YamlError {
        guard case .duplicatedKeysInMapping(let keys, _) = error,
          let rest = removeRepeated(keys, from: text)
        else {
          report(error)
          return
        }
        text = rest
      } catch {
        report(.metadataSyntax, 0, 0, "the file cannot be parsed", "")
        return
      }
    }
  }

  /// Blanks the lines that repeat one of `keys` and reports each; nil where none can be found.
  private mutating func removeRepeated(_ keys: [String], from text: String) -> String? {
    // The keys of the mappings that are open at a line, by their indentation.
    var seen: [Int: Set<String>] = [:]
    var found = false
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    for (index, line) in lines.enumerated() {
      let trimmed = line.drop { $0 == " " || $0 == "-" }
      guard !trimmed.isEmpty else { continue }
      let indentation = line.count - trimmed.count
      // A shallower line, and a new item of a list, end the mappings below.
      let start = line.prefix { $0 == " " }.count
      seen = seen.filter { $0.key <= start }
      for key in keys {
        let spellings = ["\(key):", "\"\(key)\":", "'\(key)':"]
        guard spellings.contains(where: { trimmed.hasPrefix($0) }) else { continue }
        if !seen[indentation, default: []].insert(key).inserted {
          report(
            .metadataSyntax, index + 1, indentation + 1, "the key `\(key)` stands twice",
            "keep one of them")
          lines[index] = ""
          found = true
        }
      }
    }
    if found { return lines.joined(separator: "\n") }
    report(
      .metadataSyntax, 0, 0, "the key `\(keys.first ?? "")` stands twice in one mapping",
      "keep one of them")
    return nil
  }

  /// Walks the tree without recursion: depth, anchors, tags, keys.
  private mutating func inspect(_ root: Node) {
    var pending: [(Node, Int)] = [(root, 1)]
    while let (node, depth) = pending.popLast() {
      let line = node.mark?.line ?? 0
      let column = node.mark?.column ?? 0
      if depth > Self.depthLimit {
        report(
          .metadataSyntax, line, column, "nesting is deeper than \(Self.depthLimit) levels",
          "flatten it")
        return
      }
      if let anchor = node.anchor {
        report(
          .metadataSyntax, line, column, "the anchor `&\(anchor.rawValue)` is not accepted",
          "write the value out where it is used")
      }
      let tag = node.tag.rawValue
      let plain = [
        Tag.Name.implicit, .str, .map, .seq, .nonSpecific,
      ].contains { $0.rawValue == tag }
      if !plain {
        report(.metadataSyntax, line, column, "the tag `\(tag)` is not accepted", "remove the tag")
      }
      switch node {
      case .mapping(let mapping):
        for (key, value) in mapping {
          if key.scalar == nil {
            report(
              .metadataSyntax, key.mark?.line ?? 0, key.mark?.column ?? 0,
              "a key is not a plain text", "write keys as single words")
          } else if key.scalar?.string == "<<" {
            report(
              .metadataSyntax, key.mark?.line ?? 0, key.mark?.column ?? 0,
              "merge keys are not accepted", "write the values out")
          }
          pending.append((key, depth + 1))
          pending.append((value, depth + 1))
        }
      case .sequence(let sequence):
        for value in sequence { pending.append((value, depth + 1)) }
      case .scalar, .alias: break
      }
    }
  }

  private mutating func report(
    _ rule: Rule, _ line: Int, _ column: Int, _ message: String, _ hint: String
  ) {
    let finding = Finding(
      path: path, line: line, column: column, rule: rule, message: message, hint: hint)
    if !findings.contains(finding) { findings.append(finding) }
  }

  private mutating func report(_ error: YamlError) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      let alias = problem.contains("undefined alias")
      report(
        .metadataSyntax, mark.line, mark.column,
        alias ? "an alias is not accepted" : "the YAML cannot be parsed: \(problem)",
        alias ? "write the value out" : "check indentation, quotes and colons on this line")
    case .reader(let problem, _, _, _):
      report(
        .metadataSyntax, 0, 0, "the YAML cannot be read: \(problem)",
        "remove control characters")
    default:
      report(.metadataSyntax, 0, 0, "the YAML cannot be parsed", "check it with a YAML editor")
    }
  }
}
