import UtilityModel

/// Findings as workflow commands, which GitHub Actions shows beside the code.
///
/// Source: GitHub's "Workflow commands for GitHub Actions", `error` and `warning`.
public enum GitHubAnnotations {
  /// One line for a finding; its path is taken from the workspace's root.
  public static func line(_ finding: Finding) -> String {
    let command = finding.severity == .high ? "error" : "warning"
    var properties: [String] = []
    if !finding.path.isEmpty { properties.append("file=\(property(finding.path))") }
    if finding.line > 0 {
      properties.append("line=\(finding.line)")
      if finding.column > 0 { properties.append("col=\(finding.column)") }
    }
    properties.append("title=\(property(finding.rule))")
    let hint = finding.hint.isEmpty ? "" : "\nfix: \(finding.hint)"
    return "::\(command) \(properties.joined(separator: ","))::\(text(finding.message + hint))"
  }

  /// A command's text: what would end the line is escaped.
  private static func text(_ value: String) -> String {
    escape(value, [:])
  }

  /// A property: what would end it is escaped too.
  private static func property(_ value: String) -> String {
    escape(value, [":": "%3A", ",": "%2C"])
  }

  private static func escape(_ value: String, _ more: [Unicode.Scalar: String]) -> String {
    var result = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "%": result += "%25"
      case "\r": result += "%0D"
      case "\n": result += "%0A"
      default: result += more[scalar] ?? SafeText.shown(scalar)
      }
    }
    return result
  }
}
