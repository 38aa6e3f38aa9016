/// PEP 508 requirements, without URLs and options.
enum Requirement {
  /// What is wrong with `text`, or nil when it is `name[extras] versions ; marker`.
  static func problem(with text: String) -> String? {
    guard text.utf8.count <= 200, text.unicodeScalars.allSatisfy({ (32..<127).contains($0.value) })
    else { return "it has other than printable ASCII characters, or more than 200" }
    if text.hasPrefix("-") { return "options are not accepted" }
    if text.contains("@") || text.contains("://") { return "URLs are not accepted" }
    let parts = text.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2, parts[1].allSatisfy({ $0 == " " }) { return "the marker is empty" }
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
}
