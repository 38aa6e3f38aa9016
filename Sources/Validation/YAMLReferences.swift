import CYaml

/// The anchors of a YAML text, and whether anything refers to one: found in libyaml's events, in
/// time and memory that follow the text's length, before a tree is made of it.
///
/// A text that cannot be parsed to its end is looked at as far as it can be; composing it fails.
struct YAMLReferences {
  /// Where an anchor stands, counted from 1.
  struct Anchor: Equatable {
    let name: String
    let line: Int
    let column: Int
  }
  /// The first anchors.
  private(set) var anchors: [Anchor] = []
  /// Whether there is an alias.
  private(set) var hasAlias = false

  private static let limit = 20

  /// Looks through a text.
  init(in text: String) {
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else { return }
    defer { yaml_parser_delete(&parser) }
    var text = text
    text.withUTF8 { bytes in
      yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
      yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
      var isOpen = true
      while isOpen {
        var event = yaml_event_t()
        guard yaml_parser_parse(&parser, &event) == 1 else { return }
        isOpen = event.type != YAML_STREAM_END_EVENT && event.type != YAML_NO_EVENT
        note(event)
        yaml_event_delete(&event)
      }
    }
  }

  private mutating func note(_ event: yaml_event_t) {
    let anchor: UnsafeMutablePointer<yaml_char_t>?
    switch event.type {
    case YAML_ALIAS_EVENT:
      hasAlias = true
      return
    case YAML_SCALAR_EVENT: anchor = event.data.scalar.anchor
    case YAML_SEQUENCE_START_EVENT: anchor = event.data.sequence_start.anchor
    case YAML_MAPPING_START_EVENT: anchor = event.data.mapping_start.anchor
    default: return
    }
    guard let anchor, anchors.count < Self.limit else { return }
    anchors.append(
      Anchor(
        name: String(cString: anchor), line: Int(event.start_mark.line) + 1,
        column: Int(event.start_mark.column) + 1))
  }
}
