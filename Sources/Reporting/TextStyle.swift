/// Whether a text is coloured, with the escape sequences of ECMA-48.
public struct TextStyle: Sendable {
  /// A colour of the terminal.
  public enum Colour: Int, Sendable {
    case red = 31
    case green = 32
    case yellow = 33
    case cyan = 36
    case dim = 2
    case bold = 1
  }

  /// Whether escape sequences are written.
  public var isColoured: Bool

  /// A style with or without colours.
  public init(isColoured: Bool) { self.isColoured = isColoured }

  /// Without colours: for files, pipes, git's `remote:` lines.
  public static let plain = TextStyle(isColoured: false)

  /// The text in a colour.
  public func paint(_ text: String, _ colour: Colour) -> String {
    isColoured ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
  }
}
