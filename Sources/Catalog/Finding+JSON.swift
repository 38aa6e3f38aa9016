import UtilityModel

extension JSONWriter {
  /// Writes findings with the contract's keys in the contract's order (section 5).
  mutating func findings(_ findings: [Finding]) {
    openArray()
    for finding in findings {
      openObject()
      key("path")
      string(finding.path)
      key("line")
      integer(Int64(finding.line))
      key("column")
      integer(Int64(finding.column))
      key("rule")
      string(finding.rule)
      key("severity")
      string(finding.severity.rawValue)
      key("message")
      string(finding.message)
      key("hint")
      string(finding.hint)
      closeObject()
    }
    closeArray()
  }
}

extension JSONReader {
  /// Reads findings.
  mutating func findings() throws(JSONSyntaxError) -> [Finding] {
    var findings: [Finding] = []
    try array { reader throws(JSONSyntaxError) in findings.append(try reader.finding()) }
    return findings
  }

  private mutating func finding() throws(JSONSyntaxError) -> Finding {
    var finding = Finding(path: "", rule: Rule(rawValue: ""), message: "")
    try object { reader, key throws(JSONSyntaxError) in
      switch key {
      case "path": finding.path = try reader.string()
      case "line": finding.line = Int(try reader.integer())
      case "column": finding.column = Int(try reader.integer())
      case "rule": finding.rule = try reader.string()
      case "severity":
        guard let severity = Severity(rawValue: try reader.string()) else {
          throw reader.failure("a severity")
        }
        finding.severity = severity
      case "message": finding.message = try reader.string()
      case "hint": finding.hint = try reader.string()
      default: _ = try reader.raw()
      }
    }
    return finding
  }
}
