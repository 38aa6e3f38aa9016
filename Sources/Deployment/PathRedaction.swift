/// Cuts absolute paths in a text to their last part.
enum PathRedaction {
  /// "open /srv/data/x.py: denied" becomes "open …/x.py: denied".
  ///
  /// A path begins with a `/` at the start of a word and ends at white space, a quote, or one of
  /// `:,;)]>`; URLs stay, because their `//` follows a colon within the word.
  static func apply(to text: String) -> String {
    guard text.contains("/") else { return text }
    var result = ""
    var rest = text[...]
    while let first = rest.first {
      if first == "/", isWordStart(result.last) {
        let path = rest.prefix { !isEnd($0) }
        let tail = path.split(separator: "/").last
        result += path.dropFirst().contains("/") ? "…/\(tail ?? "")" : String(path)
        rest = rest.dropFirst(path.count)
      } else {
        result.append(first)
        rest = rest.dropFirst()
      }
    }
    return result
  }

  private static func isWordStart(_ previous: Character?) -> Bool {
    guard let previous else { return true }
    return previous.isWhitespace || "'\"`([<=,".contains(previous)
  }

  private static func isEnd(_ character: Character) -> Bool {
    character.isWhitespace || "'\"`:,;)]>".contains(character)
  }
}
