import Testing
import UtilityModel
import Validation

@Suite("Names") struct NameRulesTests {
  @Test(
    "accepted",
    arguments: [
      "a", "_", "_private", "json_to_csv", "Upper", "x9", "match", "type", "case", "maintain",
      "testing", "Init_", String(repeating: "n", count: 50),
    ])
  func accepted(_ name: String) { #expect(NameRules.findings(name: name, path: "p").isEmpty) }

  @Test(
    "refused",
    arguments: [
      ("", "NameInvalid"), (String(repeating: "n", count: 51), "NameInvalid"),
      ("with-dash", "NameInvalid"), ("with space", "NameInvalid"), ("dot.ted", "NameInvalid"),
      ("é", "NameInvalid"), ("naïve", "NameInvalid"), ("a\0b", "NameInvalid"),
      ("a/b", "NameInvalid"), ("ａ", "NameInvalid"), ("9lives", "NameInvalid"),
      ("class", "NameInvalid"), ("None", "NameInvalid"), ("async", "NameInvalid"),
      ("main", "NameReserved"), ("MAIN", "NameReserved"), ("Init", "NameReserved"),
      ("test", "NameReserved"), ("admin", "NameReserved"),
    ])
  func refused(_ name: String, _ rule: String) throws {
    let findings = NameRules.findings(name: name, path: "utils/x.py")
    #expect(findings.map(\.rule) == [rule])
    let finding = try #require(findings.first)
    #expect(finding.path == "utils/x.py" && finding.severity == .high)
    #expect(!finding.hint.isEmpty)
  }
}
