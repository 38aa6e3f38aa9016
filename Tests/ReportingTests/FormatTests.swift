import Foundation
import Reporting
import Testing
import UtilityModel

private func finding(
  _ path: String = "utils/a.py", line: Int = 3, column: Int = 5, severity: Severity = .high,
  message: String = "m", hint: String = "h"
) -> Finding {
  Finding(
    path: path, line: line, column: column, rule: .noExec, severity: severity, message: message,
    hint: hint)
}

@Suite("Findings as text") struct FindingTextTests {
  @Test("place, severity, rule, message; line and caret; the way out")
  func whole() {
    let lines = FindingText.lines(
      finding(line: 2, column: 5), source: Array("a\nx = eval(y)\n".utf8))
    #expect(
      lines == [
        "utils/a.py:2:5: HIGH NoExec: m", "     2 | x = eval(y)", "       |     ^",
        "       = fix: h",
      ])
  }

  @Test("without a source or a line there is no excerpt, without a hint no way out")
  func short() {
    #expect(FindingText.lines(finding(), source: nil).count == 2)
    #expect(
      FindingText.lines(finding(line: 0, column: 0, hint: ""), source: [0x61])
        == ["utils/a.py: HIGH NoExec: m"])
  }

  @Test("paths and messages obey nobody")
  func hostile() {
    let lines = FindingText.lines(
      finding("utils/\u{1B}[2J.py", line: 0, message: "key `a\nb`", hint: ""), source: nil)
    #expect(lines == ["utils/<U+001B>[2J.py: HIGH NoExec: key `a<U+000A>b`"])
  }

  @Test("colours only where they are wanted")
  func colours() {
    let coloured = FindingText.lines(finding(), source: nil, style: TextStyle(isColoured: true))
    #expect(coloured[0].contains("\u{1B}[31mHIGH\u{1B}[0m"))
    #expect(!FindingText.lines(finding(), source: nil).joined().contains("\u{1B}"))
  }
}

@Suite("GitHub annotations") struct GitHubAnnotationsTests {
  @Test("a command with its place")
  func plain() {
    #expect(
      GitHubAnnotations.line(finding())
        == "::error file=utils/a.py,line=3,col=5,title=NoExec::m%0Afix: h")
    #expect(
      GitHubAnnotations.line(finding(line: 0, column: 0, severity: .medium, hint: ""))
        == "::warning file=utils/a.py,title=NoExec::m")
  }

  @Test("nothing that was pushed ends a property or the line")
  func escapes() {
    let line = GitHubAnnotations.line(
      finding("utils/a,b:c%\n::set.py", message: "50 %\r\n::error::x", hint: ""))
    #expect(
      line == "::error file=utils/a%2Cb%3Ac%25%0A%3A%3Aset.py,line=3,col=5,title=NoExec"
        + "::50 %25%0D%0A::error::x")
    #expect(!line.contains("\n") && !line.contains("\r"))
  }
}

@Suite("SARIF") struct SARIFTests {
  private func log(_ findings: [Finding]) throws -> [String: Any] {
    let data = try JSONEncoder().encode(SARIF(findings: findings, toolVersion: "1.2.3"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  private func run(_ findings: [Finding]) throws -> [String: Any] {
    try #require((try log(findings)["runs"] as? [[String: Any]])?.first)
  }

  @Test("one run of the tool, its rules once each, results that point to them")
  func shape() throws {
    #expect(try log([])["version"] as? String == "2.1.0")
    let run = try run([finding(), finding(line: 4), finding(severity: .medium)])
    let driver = try #require((run["tool"] as? [String: Any])?["driver"] as? [String: Any])
    #expect(driver["version"] as? String == "1.2.3")
    #expect((driver["rules"] as? [[String: Any]])?.map { $0["id"] as? String } == ["NoExec"])
    #expect(run["columnKind"] as? String == "unicodeCodePoints")
    let results = try #require(run["results"] as? [[String: Any]])
    #expect(results.map { $0["level"] as? String } == ["error", "error", "warning"])
    #expect(results.allSatisfy { $0["ruleIndex"] as? Int == 0 })
    #expect(try self.run([])["results"] as? [String] == [])
  }

  @Test("a finding without a line has no region, one without a path no location")
  func places() throws {
    let results = try #require(
      try run([finding(line: 0, column: 0), finding(""), finding(line: 7, column: 0)])["results"]
        as? [[String: Any]])
    func physical(_ index: Int) -> [String: Any]? {
      ((results[index]["locations"] as? [[String: Any]])?.first?["physicalLocation"])
        as? [String: Any]
    }
    #expect(physical(0) != nil && physical(0)?["region"] == nil)
    #expect(physical(1) == nil)
    #expect(physical(2)?["region"] as? [String: Int] == ["startLine": 7])
  }

  @Test("paths become URI references")
  func uris() throws {
    let results = try #require(
      try run([finding("utils/ä b/%:#.py")])["results"] as? [[String: Any]])
    let text = String(decoding: try JSONSerialization.data(withJSONObject: results), as: UTF8.self)
    #expect(text.replacing("\\/", with: "/").contains("utils/%C3%A4%20b/%25%3A%23.py"))
  }
}

@Suite("Differences of values") struct ValueDiffTests {
  @Test("a plain value: before and after")
  func plain() {
    #expect(ValueDiff.lines(from: "\"a\"", to: "\"b\"") == [.removed("\"a\""), .added("\"b\"")])
    #expect(ValueDiff.lines(from: nil, to: "3") == [.added("3")])
    #expect(ValueDiff.lines(from: "true", to: nil) == [.removed("true")])
    #expect(ValueDiff.lines(from: "1", to: "1") == [])
  }

  @Test("JSON in a string is compared inside, and equal lines are left out")
  func inner() throws {
    func fields(_ label: String) throws -> String {
      let inner = #"{"a":1,"b":2,"c":3,"label":"\#(label)","x":1,"y":2,"z":3}"#
      return String(decoding: try JSONEncoder().encode(inner), as: UTF8.self)
    }
    let lines = ValueDiff.lines(from: try fields("old"), to: try fields("new"))
    #expect(
      lines == [
        .skipped(3), .same("  \"c\" : 3,"), .removed("  \"label\" : \"old\","),
        .added("  \"label\" : \"new\","), .same("  \"x\" : 1,"), .skipped(3),
      ])
  }

  @Test("texts of several lines are compared by line")
  func lines() {
    #expect(
      ValueDiff.lines(from: #""one\ntwo\nthree""#, to: #""one\n2\nthree""#)
        == [.same("one"), .removed("two"), .added("2"), .same("three")])
  }

  @Test("long texts are shown as a whole")
  func long() {
    let text = (0..<1000).map { "\($0)" }.joined(separator: "\\n")
    let lines = ValueDiff.lines(from: "\"\(text)\"", to: "\"x\"")
    #expect(lines.count == 1001 && lines.last == .added("\"x\""))
  }
}
