/// A path in a repository, told apart as git does: by its bytes.
///
/// Swift's texts are equal where they are canonically equivalent, so that a folder written in two
/// Unicode normal forms would be one: whatever is kept by path is kept under this.
public struct PathKey: Sendable, Hashable, Comparable, ExpressibleByStringLiteral,
  CustomStringConvertible
{
  /// The path.
  public let text: String

  /// A path's key.
  public init(_ text: String) { self.text = text }

  /// A path's key.
  public init(stringLiteral text: String) { self.text = text }

  /// The path.
  public var description: String { text }

  /// Whether the bytes are the same.
  public static func == (left: PathKey, right: PathKey) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  /// Orders by bytes, as git does.
  public static func < (left: PathKey, right: PathKey) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }

  /// Feeds the bytes.
  public func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    hasher.combine(0xff as UInt8)
  }
}

extension StringProtocol {
  /// Whether the bytes begin so, whatever characters they make together with what follows: a
  /// combining mark may stand behind a `/`.
  public func hasBytes(before prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }

  /// Whether the bytes end so.
  public func hasBytes(after suffix: String) -> Bool {
    utf8.count >= suffix.utf8.count && utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
  }
}

/// What a file is called where utilities are told apart by name.
public enum UtilityName {
  /// The stem, but for the KELVIN SIGN, which is written out: Unicode takes it for the letter `K`.
  ///
  /// A name that is not ASCII is no utility's, and none other is equal to one that is, in any case.
  public static func of(stem: some StringProtocol) -> String {
    guard !stem.utf8.allSatisfy({ $0 < 0x80 }) else { return String(stem) }
    return stem.unicodeScalars.reduce(into: "") { name, scalar in
      if scalar == "\u{212A}" { name += "<U+212A>" } else { name.unicodeScalars.append(scalar) }
    }
  }
}
