import UtilityModel

/// A scalar of a YAML text, and whether it stands without quotes, so that it may mean something else.
struct YAMLText {
  var string: String
  var isPlain: Bool
  var place: FilePlace
}

/// A key of a mapping and its value.
struct YAMLPair {
  var key: YAMLText
  var value: YAMLNode
}

/// A part of a YAML text, with its place.
enum YAMLNode {
  case scalar(YAMLText)
  case sequence([YAMLNode], FilePlace)
  /// In the text's order, each key once.
  case mapping([YAMLPair], FilePlace)
  /// What an alias stands for is not looked at: it is refused.
  case alias(FilePlace)

  /// Where it begins.
  var place: FilePlace {
    switch self {
    case .scalar(let text): return text.place
    case .sequence(_, let place): return place
    case .mapping(_, let place): return place
    case .alias(let place): return place
    }
  }

  /// The text, nil where it is none.
  var scalar: YAMLText? {
    guard case .scalar(let text) = self else { return nil }
    return text
  }
}
