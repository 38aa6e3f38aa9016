/// A line of a file, with a caret under the column that a finding names.
public struct SourceExcerpt: Hashable, Sendable {
  /// The line as it is shown: at most about `width` columns, tabs as spaces, nothing hidden.
  public let line: String
  /// How many columns stand before the caret; nil where the finding names no column.
  public let caret: Int?

  private static let tab = 4

  /// The excerpt of `line` (from 1) of a file; nil where the file has no such line or it is blank.
  ///
  /// `column` counts Unicode scalars from 1; 0 is none. A longer line is cut around the column.
  public init?(of source: [UInt8], line number: Int, column: Int, width: Int = 100) {
    guard number > 0, let bytes = Self.line(number, of: source) else { return nil }
    let scalars = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
    guard scalars.contains(where: { !$0.properties.isWhitespace }) else { return nil }
    // What each scalar is shown as, and the columns before it.
    var cells: [(text: String, start: Int)] = []
    var position = 0
    for scalar in scalars {
      let text: String
      let columns: Int
      if scalar == "\t" {
        columns = Self.tab - position % Self.tab
        text = String(repeating: " ", count: columns)
      } else {
        text = SafeText.shown(scalar)
        let isItself = text.unicodeScalars.count == 1
        columns = isItself ? SafeText.width(of: scalar) : text.unicodeScalars.count
      }
      cells.append((text, position))
      position += columns
      // Far beyond the column nothing is shown: a line may have megabytes.
      if cells.count > max(column, 0) + 2 * width { break }
    }
    let target = column > 0 ? (column <= cells.count ? cells[column - 1].start : position) : 0
    let from = target > width * 3 / 4 ? target - width / 2 : 0
    let visible = cells.filter { $0.start >= from && $0.start < from + width }
    let first = visible.first?.start ?? 0
    let lead = from > 0 ? "…" : ""
    let isCut = (visible.last?.start ?? 0) < (cells.last?.start ?? 0) || cells.count < scalars.count
    var shown = lead + visible.map(\.text).joined() + (isCut ? "…" : "")
    while shown.last == " " { shown.removeLast() }
    line = shown
    caret = column > 0 ? target - first + lead.count : nil
  }

  /// The bytes of one line, without its end; lines as Python counts them.
  private static func line(_ number: Int, of source: [UInt8]) -> ArraySlice<UInt8>? {
    var start = source.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    var current = 1
    while true {
      let end = source[start...].firstIndex { $0 == 10 || $0 == 13 } ?? source.count
      if current == number { return source[start..<end] }
      guard end < source.count else { return nil }
      let isPair = source[end] == 13 && end + 1 < source.count && source[end + 1] == 10
      start = end + (isPair ? 2 : 1)
      current += 1
    }
  }
}
