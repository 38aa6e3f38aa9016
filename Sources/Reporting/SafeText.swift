/// Text that somebody pushed, made harmless for a terminal and honest for a reader.
public enum SafeText {
  /// The text with everything that a terminal obeys, or that hides or reorders what is read,
  /// written out as `<U+202E>`. Tabs and line ends are written out too.
  public static func line(_ text: some StringProtocol) -> String {
    var result = ""
    for scalar in text.unicodeScalars { result += shown(scalar) }
    return result
  }

  /// One scalar as it is shown.
  static func shown(_ scalar: Unicode.Scalar) -> String {
    guard isHidden(scalar) else { return String(Character(scalar)) }
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return "<U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ">"
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7f }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
      .unassigned:
      // Joins letters and emoji: it hides nothing.
      return scalar.value != 0x200d
    default: return false
    }
  }

  /// How many columns of a terminal a scalar takes: 0, 1 or 2.
  ///
  /// Source: Unicode Standard Annex 11, East Asian Width (wide and full-width blocks, emoji).
  static func width(of scalar: Unicode.Scalar) -> Int {
    if scalar.value < 0x300 { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return 0
    default: break
    }
    if scalar.value == 0x200d { return 0 }
    switch scalar.value {
    case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3,
      0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f,
      0x1f680...0x1f6ff, 0x1f900...0x1faff, 0x20000...0x3fffd:
      return 2
    default: return 1
    }
  }
}
