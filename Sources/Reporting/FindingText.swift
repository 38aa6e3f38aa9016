import UtilityModel

/// Findings as people read them.
public enum FindingText {
  /// `path:line:column: HIGH Rule: message`, then the source line with a caret, then the way out.
  ///
  /// `source` is the file, where it can be had. Ends without a line's end.
  public static func lines(
    _ finding: Finding, source: [UInt8]?, style: TextStyle = .plain
  ) -> [String] {
    let path = SafeText.line(finding.path)
    let place =
      finding.line > 0
      ? "\(path):\(finding.line):\(finding.column)" : path.isEmpty ? "repository" : path
    let colour: TextStyle.Colour = finding.severity == .high ? .red : .yellow
    let severity = style.paint(finding.severity.rawValue, colour)
    var lines = [
      "\(style.paint(place, .bold)): \(severity) \(finding.rule): \(SafeText.line(finding.message))"
    ]
    var gutter = "  "
    if let source,
      let excerpt = SourceExcerpt(of: source, line: finding.line, column: finding.column)
    {
      let number = String(finding.line)
      gutter = String(repeating: " ", count: max(4, number.count) + 1)
      let numbered = String(gutter.dropFirst(number.count + 1)) + number + " "
      lines.append("  " + style.paint("\(numbered)|", .cyan) + " \(excerpt.line)")
      if let caret = excerpt.caret {
        let space = String(repeating: " ", count: caret)
        lines.append(
          "  " + style.paint("\(gutter)|", .cyan) + " \(space)" + style.paint("^", colour))
      }
    }
    if !finding.hint.isEmpty {
      lines.append("  \(gutter)" + style.paint("= fix:", .cyan) + " \(SafeText.line(finding.hint))")
    }
    return lines
  }
}
