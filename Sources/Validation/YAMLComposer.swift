import CYaml
import UtilityModel

/// Makes a tree of libyaml's events, in time and memory that follow the text's length, and tells
/// where its form is refused: anchors, aliases, tags, merge keys, keys that stand twice, nesting.
///
/// What is refused is left out of the tree, so that the rest can be judged. Nothing is expanded and
/// nothing recurses with the nesting.
struct YAMLComposer {
  /// What is wrong with the form, and where.
  struct Problem: Equatable {
    var place: FilePlace
    var message: String
    var hint: String
  }

  /// The tree; nil where the text is empty, or cannot be read to its end.
  private(set) var root: YAMLNode?
  /// What is wrong, in the order of the text.
  private(set) var problems: [Problem] = []

  /// A mapping or a list whose end is not reached yet.
  private struct Frame {
    enum Key {
      case none
      case kept(YAMLText)
      case dropped
    }
    var place: FilePlace
    var isMapping: Bool
    var items: [YAMLNode] = []
    var pairs: [YAMLPair] = []
    var names: Set<String> = []
    var key = Key.none

    var node: YAMLNode { isMapping ? .mapping(pairs, place) : .sequence(items, place) }
  }
  private var frames: [Frame] = []
  private var documents = 0
  private static let problemLimit = 100
  private static let tags =
    ["!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map"]
    + ["tag:yaml.org,2002:seq"]

  /// Composes a UTF-8 text without a byte order mark.
  init(_ bytes: [UInt8]) {
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else {
      report(FilePlace(), "the YAML cannot be parsed", "check it with a YAML editor")
      return
    }
    defer { yaml_parser_delete(&parser) }
    bytes.withUnsafeBufferPointer { bytes in
      yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
      yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
      var goesOn = true
      while goesOn {
        var event = yaml_event_t()
        guard yaml_parser_parse(&parser, &event) == 1 else {
          report(parser, bytes)
          goesOn = false
          root = nil
          continue
        }
        goesOn = take(event)
        yaml_event_delete(&event)
      }
    }
  }

  /// Takes an event over; whether to go on.
  private mutating func take(_ event: yaml_event_t) -> Bool {
    let place = FilePlace(event.start_mark)
    switch event.type {
    case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return false
    case YAML_DOCUMENT_START_EVENT:
      documents += 1
      if documents > 1 {
        report(place, "the file has a second document", "keep one, without a `---` behind it")
        root = nil
        return false
      }
    case YAML_ALIAS_EVENT:
      guard isShallow(place) else { return false }
      let name = event.data.alias.anchor.map { String(cString: $0) } ?? ""
      report(place, "the alias `*\(name)` is not accepted", "write the value out")
      add(.alias(place))
    case YAML_SCALAR_EVENT:
      guard isShallow(place) else { return false }
      let scalar = event.data.scalar
      inspect(anchor: scalar.anchor, tag: scalar.tag, place)
      let text = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      add(
        .scalar(
          YAMLText(
            string: String(decoding: text, as: UTF8.self),
            isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE, place: place)))
    case YAML_SEQUENCE_START_EVENT:
      guard isShallow(place) else { return false }
      let start = event.data.sequence_start
      inspect(anchor: start.anchor, tag: start.tag, place)
      frames.append(Frame(place: place, isMapping: false))
    case YAML_MAPPING_START_EVENT:
      guard isShallow(place) else { return false }
      let start = event.data.mapping_start
      inspect(anchor: start.anchor, tag: start.tag, place)
      frames.append(Frame(place: place, isMapping: true))
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
      if let frame = frames.popLast() { add(frame.node) }
    default: break
    }
    return true
  }

  private mutating func isShallow(_ place: FilePlace) -> Bool {
    guard frames.count >= YAMLDocument.depthLimit else { return true }
    report(place, "nesting is deeper than \(YAMLDocument.depthLimit) levels", "flatten it")
    return false
  }

  private mutating func inspect(
    anchor: UnsafeMutablePointer<yaml_char_t>?, tag: UnsafeMutablePointer<yaml_char_t>?,
    _ place: FilePlace
  ) {
    if let anchor {
      report(
        place, "the anchor `&\(String(cString: anchor))` is not accepted",
        "write the value out where it is used")
    }
    if let tag = tag.map({ String(cString: $0) }), !Self.tags.contains(tag) {
      report(place, "the tag `\(tag)` is not accepted", "remove the tag")
    }
  }

  /// Puts a node where it belongs.
  private mutating func add(_ node: YAMLNode) {
    guard let last = frames.indices.last else {
      root = node
      return
    }
    guard frames[last].isMapping else {
      frames[last].items.append(node)
      return
    }
    switch frames[last].key {
    case .none:
      let key = accepted(key: node, besides: frames[last].names)
      if let key { frames[last].names.insert(key.string) }
      frames[last].key = key.map { .kept($0) } ?? .dropped
    case .kept(let key):
      frames[last].pairs.append(YAMLPair(key: key, value: node))
      frames[last].key = .none
    case .dropped: frames[last].key = .none
    }
  }

  /// The key that a node is; nil, and reported, where it is none that counts.
  private mutating func accepted(key: YAMLNode, besides names: Set<String>) -> YAMLText? {
    switch key {
    case .alias: return nil
    case .mapping, .sequence:
      report(key.place, "a key is not a plain text", "write keys as single words")
      return nil
    case .scalar(let scalar):
      if scalar.string == "<<" {
        report(scalar.place, "merge keys are not accepted", "write the values out")
        return nil
      }
      if names.contains(scalar.string) {
        report(
          scalar.place, "the key `\(scalar.string.prefix(60))` stands twice", "keep one of them")
        return nil
      }
      return scalar
    }
  }

  private mutating func report(_ place: FilePlace, _ message: String, _ hint: String) {
    guard problems.count < Self.problemLimit else { return }
    problems.append(Problem(place: place, message: message, hint: hint))
  }

  private mutating func report(_ parser: yaml_parser_t, _ bytes: UnsafeBufferPointer<UInt8>) {
    let problem = parser.problem.map { String(cString: $0) } ?? "it makes no sense"
    switch parser.error {
    case YAML_READER_ERROR:
      report(
        FilePlace(behind: bytes.prefix(parser.problem_offset)),
        "the YAML cannot be read: \(problem)", "remove control characters")
    case YAML_SCANNER_ERROR, YAML_PARSER_ERROR:
      report(
        FilePlace(parser.problem_mark), "the YAML cannot be parsed: \(problem)",
        "check indentation, quotes and colons on this line")
    default:
      report(FilePlace(), "the YAML cannot be parsed", "check it with a YAML editor")
    }
  }
}

extension FilePlace {
  fileprivate init(_ mark: yaml_mark_t) {
    self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }

  /// The place behind some bytes of a text: its lines end in LF, CR or both; what is no UTF-8 ends
  /// the count.
  init(behind bytes: some Sequence<UInt8>) {
    self.init(line: 1, column: 1)
    var (iterator, decoder) = (bytes.makeIterator(), UTF8())
    var last: Unicode.Scalar = " "
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
      if scalar == "\n" && last == "\r" {
        // It is the second half of the line's end.
      } else if scalar == "\n" || scalar == "\r" {
        (line, column) = (line + 1, 1)
      } else {
        column += 1
      }
      last = scalar
    }
  }
}
