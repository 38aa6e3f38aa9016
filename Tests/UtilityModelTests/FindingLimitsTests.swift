import Testing
import UtilityModel

@Suite("Bounds on findings") struct FindingLimitsTests {
  private func findings(
    _ count: Int, in path: String = "lib/bad.py", severity: Severity = .high
  ) -> [Finding] {
    (0..<count).map {
      Finding(path: path, line: $0 + 1, rule: .noExec, severity: severity, message: "m")
    }
  }

  @Test func keepsWhatFits() {
    for count in [0, 1, 499, 500] {
      #expect(FindingLimits.bounded(findings(count)) == findings(count))
    }
    let two = findings(2)
    #expect(FindingLimits.bounded(two, limit: 0) == two)
  }

  @Test("the last finding says how many are left out, also where some were before")
  func more() throws {
    let bounded = FindingLimits.bounded(findings(501))
    #expect(bounded.count == 500 && Array(bounded.dropLast()) == findings(499))
    let last = try #require(bounded.last)
    #expect(last.rule == "MoreFindings" && last.severity == .high && last.path == "lib/bad.py")
    #expect(last.message == "2 more findings are not listed")
    let again = FindingLimits.bounded(bounded, limit: 100)
    #expect(again.count == 100 && again.last?.message == "402 more findings are not listed")
    #expect(FindingLimits.bounded(again, limit: 100) == again)
  }

  @Test("HIGH ones are kept before others, and those of tenant.yaml before all")
  func ranks() {
    let medium = findings(10, in: "lib/a.py", severity: .medium)
    let high = findings(3, in: "lib/b.py")
    let settings = findings(1, in: "tenant.yaml")
    let bounded = FindingLimits.bounded(medium + high + settings, limit: 6)
    #expect(Array(bounded.dropLast()) == Array(medium.prefix(1)) + high + settings)
    #expect(bounded.last?.severity == .medium)
    let few = FindingLimits.bounded(medium + high + settings, limit: 2)
    #expect(few.first == settings.first && few.last?.severity == .high)
  }

  @Test("one module's findings, told of each of its importers, stay bounded")
  func branch() {
    let refused =
      (100..<250).map { QuarantinedUtility(name: "importer_\($0)", findings: findings(500)) }
      + [QuarantinedUtility(name: "other", findings: findings(3, in: "utils/other.py"))]
    let bounded = FindingLimits.bounded(refused)
    #expect(bounded.map(\.name) == refused.map(\.name))
    #expect(bounded.last == refused.last)
    let counts = bounded.map(\.findings.count)
    #expect(counts.reduce(0, +) <= FindingLimits.branch)
    #expect(counts.dropLast().allSatisfy { $0 == 133 })
    #expect(bounded.first?.findings.last?.message == "368 more findings are not listed")
    #expect(FindingLimits.bounded(refused) == bounded)
    let small = Array(refused.prefix(40))
    #expect(FindingLimits.bounded(small) == small)
  }

  @Test("with very many refused utilities each keeps one finding")
  func many() {
    let refused = (0..<30).map { QuarantinedUtility(name: "u\($0)", findings: findings(5)) }
    for utility in FindingLimits.bounded(refused, limit: 20) {
      #expect(utility.findings.count == 2 && utility.findings.first == findings(1).first)
      #expect(utility.findings.last?.message == "4 more findings are not listed")
    }
  }

  @Test("long texts count too")
  func bytes() {
    let path = "lib/" + String(repeating: "x", count: 4000) + ".py"
    let refused = (0..<40).map {
      QuarantinedUtility(name: "u\($0)", findings: findings(500, in: path))
    }
    let bounded = FindingLimits.bounded(refused)
    let size = bounded.flatMap(\.findings).reduce(0) { $0 + $1.path.utf8.count }
    #expect(size <= 8 << 20 && bounded.allSatisfy { $0.findings.count > 2 })
  }
}
