import UtilityModel

/// Reads a sidecar: every finding at once, with its position.
///
/// Source: contract, section 2.
public struct MetadataParser {
  /// The accepted keys, in the contract's order.
  static let keys = [
    "title", "displayname", "description", "category", "input_label", "filter_label",
    "required_filter", "outputs", "packages", "userid", "playbooks", "parameters", "timeout",
    "draft", "renamed_from", "acknowledge",
  ]
  static let requiredKeys = ["description", "category", "input_label", "filter_label"]
  /// The rules whose findings a reviewer may accept.
  static let mediumRules = [Rule.noFileSystem.rawValue, Rule.noNetwork.rawValue]

  /// The metadata of the utility `stem` in the file at `path`: nil with the findings that say why.
  public static func parse(
    _ bytes: [UInt8], path: String, stem: String
  ) -> (metadata: Metadata?, findings: [Finding]) {
    let reading = read(bytes, path: path, stem: stem)
    return (reading.metadata, reading.findings)
  }

  /// What a sidecar says, and where it says it.
  struct Reading {
    /// The metadata, nil where something is wrong.
    var metadata: Metadata?
    /// What is wrong, sorted.
    var findings: [Finding]
    /// Where each of the metadata's packages stands.
    var packagePlaces: [FilePlace] = []
  }

  /// Reads the sidecar of the utility `stem` in the file at `path`.
  static func read(_ bytes: [UInt8], path: String, stem: String) -> Reading {
    let document = YAMLDocument(bytes: bytes, path: path)
    guard let root = document.root else { return Reading(findings: document.findings.sorted()) }
    var reader = NodeReader(path: path)
    reader.findings = document.findings
    var places: [FilePlace] = []
    let metadata = read(root, stem: stem, packagePlaces: &places, with: &reader)
    let isFine = reader.findings.isEmpty
    return Reading(
      metadata: isFine ? metadata : nil, findings: reader.findings.sorted(),
      packagePlaces: isFine ? places : [])
  }

  private static func read(
    _ root: [YAMLPair], stem: String, packagePlaces: inout [FilePlace],
    with reader: inout NodeReader
  ) -> Metadata {
    var values: [String: YAMLNode] = [:]
    for (key, value) in root.map({ ($0.key, $0.value) }) {
      if keys.contains(key.string) {
        values[key.string] = value
      } else {
        reader.reportUnknown(at: key, known: keys)
      }
    }
    for key in requiredKeys where values[key] == nil {
      reader.report(
        .metadataMissingKey, at: nil, "the required key `\(key)` is missing",
        "add `\(key): ...`")
    }
    var metadata = Metadata(
      title: stem, displayname: Metadata.displayName(for: stem), description: "", category: "",
      inputLabel: "", filterLabel: "")
    if let node = values["title"], let title = reader.text(node, "title"), title != stem {
      reader.report(
        .metadataValue, at: node,
        "`title` is `\(title.prefix(60))`, but the file is called `\(stem)`",
        "make them equal, or leave `title` out")
    }
    if let node = values["displayname"], let text = reader.filled(node, "displayname") {
      metadata.displayname = text
    }
    if let node = values["description"], let text = reader.filled(node, "description") {
      metadata.description = text
    }
    if let node = values["category"], let text = reader.filled(node, "category") {
      metadata.category = text
    }
    if let node = values["input_label"], let text = reader.filled(node, "input_label") {
      metadata.inputLabel = text
    }
    if let node = values["filter_label"], let text = reader.filled(node, "filter_label") {
      metadata.filterLabel = text
    }
    if let node = values["required_filter"] {
      metadata.requiredFilter = reader.bool(node, "required_filter") ?? false
    }
    if let node = values["draft"] { metadata.draft = reader.bool(node, "draft") ?? false }
    if let node = values["parameters"] {
      metadata.parameters = reader.text(node, "parameters") ?? ""
    }
    if let node = values["userid"] {
      metadata.userid = reader.integer(node, "userid", 0...Int64.max)
    }
    if let node = values["timeout"] {
      metadata.timeout = Int(reader.integer(node, "timeout", 1...3600) ?? 30)
    }
    if let node = values["playbooks"] {
      metadata.playbooks = reader.texts(node, "playbooks").map(\.text)
    }
    if let node = values["outputs"] { metadata.outputs = outputs(node, with: &reader) }
    if let node = values["packages"] {
      let items = packages(node, with: &reader)
      metadata.packages = items.map(\.text)
      packagePlaces = items.map(\.node.place)
    }
    if let node = values["renamed_from"], let name = reader.text(node, "renamed_from") {
      if NameRules.findings(name: name, path: "").contains(where: { _ in true }) || name == stem {
        reader.report(
          .metadataValue, at: node,
          "`renamed_from` is `\(name.prefix(60))`, which is no former name of `\(stem)`",
          "give the utility's name before the rename")
      } else {
        metadata.renamedFrom = name
      }
    }
    if let node = values["acknowledge"] {
      for (rule, item) in reader.texts(node, "acknowledge") {
        if mediumRules.contains(rule) {
          metadata.acknowledge.append(rule)
        } else {
          let known = mediumRules.map { "`\($0)`" }.joined(separator: " and ")
          reader.report(
            .metadataValue, at: item, "`\(rule.prefix(60))` is no rule that can be acknowledged",
            "only \(known) can")
        }
      }
    }
    return metadata
  }

  private static func outputs(_ node: YAMLNode, with reader: inout NodeReader) -> [OutputField] {
    guard let items = reader.sequence(node, "outputs") else { return [] }
    var fields: [OutputField] = []
    for item in items {
      guard case .mapping(let mapping, _) = item else {
        if let name = reader.filled(item, "outputs") { fields.append(.name(name)) }
        continue
      }
      var parts: [String: String] = [:]
      for (key, value) in mapping.map({ ($0.key, $0.value) }) {
        let name = key.string
        guard ["name", "type", "description"].contains(name) else {
          reader.reportUnknown(at: key, known: ["name", "type", "description"])
          continue
        }
        parts[name] = reader.text(value, "outputs.\(name)")
      }
      guard let name = parts["name"], !name.isEmpty else {
        reader.report(
          .metadataMissingKey, at: item, "an output has no `name`", "add `name: ...` to it")
        continue
      }
      fields.append(
        .described(
          name: name, type: parts["type"] ?? "", description: parts["description"] ?? ""))
    }
    return fields
  }

  private static func packages(
    _ node: YAMLNode, with reader: inout NodeReader
  ) -> [(text: String, node: YAMLNode)] {
    reader.texts(node, "packages").filter { text, item in
      guard let problem = Requirement.problem(with: text) else { return true }
      reader.report(
        .metadataValue, at: item, "`\(text.prefix(80))` is no accepted requirement: \(problem)",
        "write it as PEP 508 has it, such as `requests>=2.31,<3`")
      return false
    }
  }
}
