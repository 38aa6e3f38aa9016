import UtilityModel

extension BranchJudge {
  /// What is wrong with a unit before its files are read.
  func formFindings(
    _ unit: Inventory.Unit, key: PathKey, name: String, path: String
  ) -> [Finding] {
    var findings: [Finding] = []
    for entry in [unit.source, unit.yaml, unit.yml].compactMap({ $0 })
    where entry.kind != .file || !entry.isValidPath {
      findings.append(Self.odd(entry))
    }
    if unit.source == nil { return findings + [Self.orphan(path, name: name)] }
    findings += NameRules.findings(name: name, path: path)
    if unit.sidecar == nil {
      findings.append(
        Finding(
          path: path, rule: .metadataMissing,
          message: "the utility has no `\(name).yaml` beside it",
          hint: "add the sidecar with description, category, input_label and filter_label"))
    }
    if let yaml = unit.yaml, let yml = unit.yml {
      findings.append(
        Finding(
          path: yml.path, rule: .nameDuplicate,
          message: "the utility has two sidecars, `\(yaml.path)` and `\(yml.path)`",
          hint: "keep one of them"))
    }
    if let twin = twins(of: key, name: name).first {
      findings.append(
        Finding(
          path: path, rule: .nameDuplicate,
          message: "the name `\(name)` is taken by `\(twin)` too",
          hint: "names are unique in the repository, whatever the folder and the case: rename one"))
    }
    return findings
  }

  /// The `.py` files elsewhere that have the name, whatever its case, sorted.
  func twins(of key: PathKey, name: String) -> [String] {
    (inventory.namesakes[name.lowercased()] ?? []).subtracting([key]).sorted()
      .compactMap { inventory.units[$0]?.source?.path }
  }

  /// Findings that belong to no single utility, sorted.
  func looseFindings() -> [Finding] {
    var findings = settingsFindings + inventory.oddities.values.map(Self.odd)
    findings += strays.values.joined()
    for path in pointers { findings += Self.placed([Validator.pointer], at: path.text) }
    for module in graph.modules.values { findings += module.findings }
    return findings.sorted()
  }

  static func placed(_ findings: [Finding], at path: String) -> [Finding] {
    findings.map { finding in
      var finding = finding
      finding.path = path
      return finding
    }
  }

  static func orphan(_ path: String, name: String) -> Finding {
    Finding(
      path: path, rule: .sourceMissing, message: "the sidecar has no `\(name).py` beside it",
      hint: "add the file, or remove the sidecar")
  }

  static func odd(_ entry: SourceEntry) -> Finding {
    let (what, hint) =
      switch entry.kind {
      case .symbolicLink: ("a symbolic link", "commit the file itself")
      case .submodule: ("a submodule", "commit the files themselves")
      case .file:
        ("a path that is not UTF-8, or has control characters, `..` or `.git` in it", "rename it")
      }
    return Finding(
      path: entry.path, rule: .fileMode, message: "\(what) is not accepted here", hint: hint)
  }
}
