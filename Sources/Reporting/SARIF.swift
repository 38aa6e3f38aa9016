import Foundation
import UtilityModel

/// Findings as a SARIF 2.1.0 log, for code scanning.
///
/// Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
public struct SARIF: Encodable {
  private let schema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
  private let version = "2.1.0"
  private let runs: [Run]

  private enum CodingKeys: String, CodingKey {
    case schema = "$schema"
    case version, runs
  }

  /// The log of one run: its findings, in their order.
  public init(findings: [Finding], toolVersion: String) {
    let rules = Array(Set(findings.map(\.rule))).sorted()
    let indexes = Dictionary(uniqueKeysWithValues: rules.enumerated().map { ($1, $0) })
    let severities = Dictionary(findings.map { ($0.rule, $0.severity) }) { first, _ in first }
    runs = [
      Run(
        tool: Tool(
          driver: Driver(
            version: toolVersion,
            rules: rules.map { RuleDescriptor($0, severity: severities[$0] ?? .high) })),
        results: findings.map { Result($0, ruleIndex: indexes[$0.rule] ?? 0) })
    ]
  }

  private struct Run: Encodable {
    let tool: Tool
    let columnKind = "unicodeCodePoints"
    let results: [Result]
  }

  private struct Tool: Encodable { let driver: Driver }

  private struct Driver: Encodable {
    let name = "sync-agent"
    let version: String
    let rules: [RuleDescriptor]
  }

  private struct Message: Encodable { let text: String }

  private struct RuleDescriptor: Encodable {
    struct Level: Encodable { let level: String }
    struct Properties: Encodable {
      let tags = ["security"]
      let securitySeverity: String
      enum CodingKeys: String, CodingKey {
        case tags
        case securitySeverity = "security-severity"
      }
    }
    let id: String
    let shortDescription: Message
    let defaultConfiguration: Level
    /// Code scanning sorts by this; the rules about form are none of security.
    let properties: Properties?

    init(_ rule: String, severity: Severity) {
      id = rule
      shortDescription = Message(text: RuleText.sentence(of: rule))
      defaultConfiguration = Level(level: SARIF.level(severity))
      let isSecurity = rule.hasPrefix("No")
      properties =
        isSecurity ? Properties(securitySeverity: severity == .high ? "8.0" : "5.0") : nil
    }
  }

  private struct Result: Encodable {
    let ruleId: String
    let ruleIndex: Int
    let level: String
    let message: Message
    let locations: [Location]?
    let properties: [String: String]

    init(_ finding: Finding, ruleIndex: Int) {
      ruleId = finding.rule
      self.ruleIndex = ruleIndex
      level = SARIF.level(finding.severity)
      let hint = finding.hint.isEmpty ? "" : ". Fix: \(finding.hint)"
      message = Message(text: finding.message + hint)
      locations = finding.path.isEmpty ? nil : [Location(finding)]
      properties = ["severity": finding.severity.rawValue, "hint": finding.hint]
    }
  }

  private struct Location: Encodable {
    struct Physical: Encodable {
      let artifactLocation: Artifact
      let region: Region?
    }
    struct Artifact: Encodable {
      let uri: String
      let uriBaseId = "%SRCROOT%"
    }
    struct Region: Encodable {
      let startLine: Int
      let startColumn: Int?
    }
    let physicalLocation: Physical

    init(_ finding: Finding) {
      physicalLocation = Physical(
        artifactLocation: Artifact(uri: SARIF.uri(of: finding.path)),
        region: finding.line > 0
          ? Region(
            startLine: finding.line, startColumn: finding.column > 0 ? finding.column : nil)
          : nil)
    }
  }

  private static func level(_ severity: Severity) -> String {
    severity == .high ? "error" : "warning"
  }

  /// A path as a relative URI reference. Source: RFC 3986, sections 3.3 and 4.2.
  static func uri(of path: String) -> String {
    var result = ""
    for byte in path.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "/"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        result += "%" + (digits.count < 2 ? "0" : "") + digits
      }
    }
    return result
  }
}
