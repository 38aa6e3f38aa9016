import UtilityModel

/// What a change takes away from those who use a utility: playbooks, and callers of its function.
///
/// The findings are MEDIUM and never quarantine: whether a change may break others is the
/// reviewer's decision.
public enum BreakingChange {
  /// What breaks between two versions of a branch; pure.
  ///
  /// - Parameters:
  ///   - base: the changed or removed utilities as they were, by name.
  ///   - head: the changed or new utilities as they are, by name.
  ///   - renames: new name to former name.
  public static func findings(
    base: [String: UtilityInterface], head: [String: UtilityInterface], renames: [String: String]
  ) -> [Finding] {
    var findings: [Finding] = []
    let successors = Dictionary(renames.map { ($1, $0) }) { first, _ in first }
    for (name, old) in base {
      if let new = head[name] {
        findings += interfaceChanges(from: old, to: new)
      } else if let successor = successors[name], let new = head[successor] {
        if let finding = rename(of: old, to: new) { findings.append(finding) }
        findings += interfaceChanges(from: old, to: new)
      } else if let finding = removal(of: old) {
        findings.append(finding)
      }
    }
    return findings.sorted()
  }

  private static func removal(of old: UtilityInterface) -> Finding? {
    guard let users = users(old) else { return nil }
    return Finding(
      path: old.path, rule: .breakingRemoval, severity: .medium,
      message: "`\(old.name)` is removed and used by \(users)",
      hint: "take it out of \(them(old)) first, then out of its `playbooks`")
  }

  private static func rename(of old: UtilityInterface, to new: UtilityInterface) -> Finding? {
    guard let users = users(old) else { return nil }
    return Finding(
      path: new.path, rule: .breakingRename, severity: .medium,
      message: "`\(old.name)` is renamed to `\(new.name)` and used by \(users)",
      hint: "have \(them(old)) call `\(new.name)` when this goes live")
  }

  private static func interfaceChanges(
    from old: UtilityInterface, to new: UtilityInterface
  ) -> [Finding] {
    var findings: [Finding] = []
    if let before = old.parameters, let after = new.parameters,
      before.parameters != after.parameters
    {
      findings.append(
        Finding(
          path: new.path, line: after.line, column: 1, rule: .breakingSignature, severity: .medium,
          message:
            "`\(old.name)(\(before.text))` becomes `\(new.name)(\(after.text))`"
            + (users(old).map { ", and it is used by \($0)" } ?? ""),
          hint: "keep the parameters, or see that every caller fits the new ones"))
    }
    if let before = old.metadata, let after = new.metadata {
      let kept = Set(after.outputs.map(\.name))
      for output in before.outputs where !kept.contains(output.name) {
        findings.append(
          Finding(
            path: new.sidecarPath, line: new.outputsLine, column: new.outputsLine > 0 ? 1 : 0,
            rule: .breakingOutput, severity: .medium,
            message: "the output `\(output.name)` of `\(old.name)` is removed"
              + (users(old).map { ", and the utility is used by \($0)" } ?? ""),
            hint: "keep the output, or see that no playbook reads it"))
      }
    }
    return findings
  }

  /// The playbooks as a phrase, nil where there is none.
  private static func users(_ utility: UtilityInterface) -> String? {
    guard let playbooks = utility.metadata?.playbooks, !playbooks.isEmpty else { return nil }
    let names = playbooks.prefix(5).map { "`\($0)`" }.joined(separator: ", ")
    let rest = playbooks.count > 5 ? " and \(playbooks.count - 5) more" : ""
    return "the playbook\(playbooks.count == 1 ? "" : "s") \(names)\(rest)"
  }

  private static func them(_ utility: UtilityInterface) -> String {
    utility.metadata?.playbooks.count == 1 ? "that playbook" : "those playbooks"
  }
}

extension Rule {
  /// A removed utility that a playbook uses.
  public static let breakingRemoval = Rule(rawValue: "BreakingRemoval")
  /// A renamed utility that a playbook uses.
  public static let breakingRename = Rule(rawValue: "BreakingRename")
  /// Other parameters of a utility's function.
  public static let breakingSignature = Rule(rawValue: "BreakingSignature")
  /// An output that a utility no longer has.
  public static let breakingOutput = Rule(rawValue: "BreakingOutput")
}
