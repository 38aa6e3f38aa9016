import Reporting
import Testing

@Suite("Source excerpts") struct SourceExcerptTests {
  private func excerpt(
    _ source: String, line: Int = 1, column: Int, width: Int = 100
  ) throws -> (line: String, under: String) {
    let found = try #require(
      SourceExcerpt(of: Array(source.utf8), line: line, column: column, width: width))
    return (found.line, String(repeating: " ", count: found.caret ?? -1) + "^")
  }

  @Test("the caret stands under the column")
  func plain() throws {
    let found = try excerpt("import json\nx = eval(data)\n", line: 2, column: 5)
    #expect(found.line == "x = eval(data)")
    #expect(found.under == "    ^")
  }

  @Test("tabs become spaces up to the next stop, and move the caret")
  func tabs() throws {
    #expect(try excerpt("\teval(x)", column: 2) == ("    eval(x)", "    ^"))
    #expect(try excerpt("a\tb\tc", column: 5) == ("a   b   c", "        ^"))
    #expect(try excerpt("\t\tx", column: 1) == ("        x", "^"))
  }

  @Test("wide characters take two columns, combining ones none")
  func wide() throws {
    #expect(try excerpt("x = \"日本\" + eval(y)", column: 12).under == "             ^")
    #expect(try excerpt("s = \"😀\"; eval(y)", column: 10).under == "          ^")
    #expect(try excerpt("e\u{301} = eval(y)", column: 6).under == "    ^")
  }

  @Test("what a terminal obeys or hides is written out")
  func hostile() throws {
    let escape = try excerpt("a\u{1B}[31m = eval(y)", column: 10)
    #expect(escape.line == "a<U+001B>[31m = eval(y)")
    #expect(escape.under == String(repeating: " ", count: 16) + "^")
    #expect(try excerpt("x = 1 # \u{202E}ytfas", column: 1).line == "x = 1 # <U+202E>ytfas")
    #expect(try excerpt("zero\u{200B}width", column: 1).line == "zero<U+200B>width")
  }

  @Test("lines end as Python has them", arguments: ["\n", "\r\n", "\r"])
  func lineEnds(_ end: String) throws {
    let source = "one\(end)two\(end)three"
    #expect(try excerpt(source, line: 2, column: 1).line == "two")
    #expect(try excerpt(source, line: 3, column: 4).line == "three")
    #expect(SourceExcerpt(of: Array(source.utf8), line: 4, column: 1) == nil)
  }

  @Test("a long line is cut around the column")
  func long() throws {
    let (before, after) = (
      String(repeating: "a + ", count: 500), String(repeating: " + b", count: 500)
    )
    let source = before + "eval(x)" + after
    let found = try excerpt(source, column: 2001, width: 60)
    #expect(found.line.hasPrefix("…") && found.line.hasSuffix("…"))
    #expect(found.line.count <= 62)
    let caret = found.line.index(found.line.startIndex, offsetBy: found.under.count - 1)
    #expect(found.line[caret...].hasPrefix("eval(x)"))
  }

  @Test("there is none for no line, a blank line, or a place beyond the file")
  func none() {
    let bytes = Array("x\n   \n".utf8)
    for line in [-1, 0, 2, 3, 9] {
      #expect(SourceExcerpt(of: bytes, line: line, column: 1) == nil)
    }
    #expect(SourceExcerpt(of: [], line: 1, column: 1) == nil)
  }

  @Test("a column beyond the line points behind it; none has no caret; odd bytes show")
  func edges() throws {
    #expect(try excerpt("ab", column: 3).under == "  ^")
    #expect(try excerpt("ab", column: 99).under == "  ^")
    #expect(SourceExcerpt(of: Array("ab".utf8), line: 1, column: 0)?.caret == nil)
    #expect(SourceExcerpt(of: [0x78, 0xff, 0x79], line: 1, column: 2)?.line == "x\u{FFFD}y")
    #expect(try excerpt("\u{FEFF}import os", column: 8).line == "import os")
  }
}
