import UtilityModel
import Yams

/// Reads a sidecar: every finding at once, with its position.
///
/// Source: contract, section 2. Call it on a `Concurrency.Thread`: see `YAMLDocument`.
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
    let document = YAMLDocument(bytes: bytes, path: path)
    guard let root = document.root else { return (nil, document.findings) }
    var reader = NodeReader(path: path)
    reader.findings = document.findings
    let metadata = read(root, stem: stem, with: &reader)
    return (reader.findings.isEmpty ? metadata : nil, reader.findings.sorted())
  }

  private static func read(
    _ root: Node.Mapping, stem: String, with reader: inout NodeReader
  ) -> Metadata {
    var values: [String: Node] = [:]
    for (key, value) in root {
      guard let name = key.scalar?.string, name != "<<" else { continue }
      if keys.contains(name) {
        values[name] = value
      } else {
        reader.reportUnknown(key: name, at: key, known: keys)
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
      metadata.packages = packages(node, with: &reader)
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

  private static func outputs(_ node: Node, with reader: inout NodeReader) -> [OutputField] {
    guard let items = reader.sequence(node, "outputs") else { return [] }
    var fields: [OutputField] = []
    for item in items {
      guard case .mapping(let mapping) = item else {
        if let name = reader.filled(item, "outputs") { fields.append(.name(name)) }
        continue
      }
      var parts: [String: String] = [:]
      for (key, value) in mapping {
        guard let name = key.scalar?.string else { continue }
        guard ["name", "type", "description"].contains(name) else {
          reader.reportUnknown(key: name, at: key, known: ["name", "type", "description"])
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

  private static func packages(_ node: Node, with reader: inout NodeReader) -> [String] {
    reader.texts(node, "packages").compactMap { text, item in
      guard let problem = Requirement.problem(with: text) else { return text }
      reader.report(
        .metadataValue, at: item, "`\(text.prefix(80))` is no accepted requirement: \(problem)",
        "write it as PEP 508 has it, such as `requests>=2.31,<3`")
      return nil
    }
  }
}
