/// PEP 508 requirements, without URLs and options.
enum Requirement {
  /// What is wrong with `text`, or nil when it is `name[extras] versions ; marker`.
  static func problem(with text: String) -> String? {
    guard text.utf8.count <= 200, text.unicodeScalars.allSatisfy({ (32..<127).contains($0.value) })
    else { return "it has other than printable ASCII characters, or more than 200" }
    if text.hasPrefix("-") { return "options are not accepted" }
    if text.contains("@") || text.contains("://") { return "URLs are not accepted" }
    let parts = text.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2, let problem = Marker.problem(with: parts[1]) { return problem }
    let name = #/[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?/#
    let extras = #/\[\s*(?:[A-Za-z0-9._-]+(?:\s*,\s*[A-Za-z0-9._-]+)*)?\s*\]/#
    let clause = #/\s*(?:===|~=|==|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+\s*/#
    var rest = parts[0].drop { $0 == " " }
    guard let match = rest.prefixMatch(of: name) else { return "it does not begin with a name" }
    rest = rest[match.range.upperBound...].drop { $0 == " " }
    if let match = rest.prefixMatch(of: extras) {
      rest = rest[match.range.upperBound...].drop { $0 == " " }
    }
    if rest.hasPrefix("("), let end = rest.lastIndex(of: ")") {
      guard rest[rest.index(after: end)...].allSatisfy({ $0 == " " }) else {
        return "something stands behind the versions"
      }
      rest = rest[rest.index(after: rest.startIndex)..<end]
    }
    while !rest.allSatisfy({ $0 == " " }) {
      guard let match = rest.prefixMatch(of: clause) else {
        return "`\(rest.prefix(40))` is no version clause"
      }
      rest = rest[match.range.upperBound...]
      if rest.hasPrefix(",") {
        rest = rest.dropFirst()
        if rest.allSatisfy({ $0 == " " }) { return "a version clause is missing behind `,`" }
      } else if !rest.isEmpty {
        return "`\(rest.prefix(40))` stands behind the versions"
      }
    }
    return nil
  }

  /// PEP 508's environment markers: comparisons, joined by `and` and `or`, in parentheses.
  private struct Marker {
    private static let variables: Set<Substring> = [
      "python_version", "python_full_version", "os_name", "sys_platform", "platform_release",
      "platform_system", "platform_version", "platform_machine", "platform_python_implementation",
      "implementation_name", "implementation_version", "extra", "os.name", "sys.platform",
      "platform.version", "platform.machine", "platform.python_implementation",
      "python_implementation",
    ]
    private static let operators: Set<Substring> = [
      "<=", "<", "!=", "==", ">=", ">", "~=", "===", "in",
    ]
    private var tokens: ArraySlice<Substring>

    /// What is wrong with a marker, or nil. Its text has 200 characters at most.
    static func problem(with text: Substring) -> String? {
      var rest = text.drop { $0 == " " }
      var tokens: [Substring] = []
      let token = #/[A-Za-z_][A-Za-z0-9_.]*|'[^']*'|"[^"]*"|[<>=!~]+|[()]/#
      while !rest.isEmpty {
        guard let match = rest.prefixMatch(of: token) else {
          return "`\(rest.prefix(40))` in the marker is none of PEP 508's"
        }
        tokens.append(match.output)
        rest = rest[match.range.upperBound...].drop { $0 == " " }
      }
      if tokens.isEmpty { return "the marker is empty" }
      var marker = Marker(tokens: tokens[...])
      guard marker.takeExpression() else {
        return marker.tokens.first.map { "`\($0)` does not belong there in the marker" }
          ?? "the marker ends too early"
      }
      return marker.tokens.first.map { "`\($0)` stands behind the marker" }
    }

    /// Takes terms joined by `and` and `or`; stops at what fits nowhere.
    private mutating func takeExpression() -> Bool {
      repeat {
        guard takeTerm() else { return false }
      } while take { $0 == "and" || $0 == "or" }
      return true
    }

    private mutating func takeTerm() -> Bool {
      if take({ $0 == "(" }) { return takeExpression() && take { $0 == ")" } }
      guard takeValue() else { return false }
      if take({ $0 == "not" }) {
        guard take({ $0 == "in" }) else { return false }
      } else {
        guard take(Self.operators.contains) else { return false }
      }
      return takeValue()
    }

    private mutating func takeValue() -> Bool {
      take { $0.first == "'" || $0.first == "\"" || Self.variables.contains($0) }
    }

    private mutating func take(_ fits: (Substring) -> Bool) -> Bool {
      guard let first = tokens.first, fits(first) else { return false }
      tokens.removeFirst()
      return true
    }
  }
}
