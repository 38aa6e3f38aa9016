import Foundation
import Testing
import UtilityModel

@testable import Validation

/// A sidecar and what is found in it, as "Rule line:column".
struct SidecarCase: Sendable, CustomTestStringConvertible {
  let name: String
  let text: String
  let found: [String]
  let hint: String

  /// A whole sidecar.
  init(_ name: String, whole text: String, _ found: [String], hint: String = "") {
    (self.name, self.text, self.found, self.hint) = (name, text, found, hint)
  }

  /// Lines behind the four required ones, so that they begin at line 5.
  init(_ name: String, _ lines: String, _ found: [String], hint: String = "") {
    self.init(name, whole: Sample.sidecar + lines + "\n", found, hint: hint)
  }

  var testDescription: String { name }
}

@Suite("Sidecars") struct MetadataParserTests {
  private func parse(
    _ bytes: [UInt8], stem: String = "demo"
  ) async -> (metadata: Metadata?, findings: [Finding]) {
    await testPool.run { MetadataParser.parse(bytes, path: "utils/demo.yaml", stem: stem) }
  }

  private func parse(_ text: String) async -> (metadata: Metadata?, findings: [Finding]) {
    await parse(Array(text.utf8))
  }

  private static func places(_ findings: [Finding]) -> [String] {
    findings.map { "\($0.rule) \($0.line):\($0.column)" }
  }

  @Test func everyKey() async throws {
    let text = """
      title: demo
      displayname: "Demo: the first"
      description: |
        Two
        lines
      category: Data
      input_label: In
      filter_label: 'Out'
      required_filter: true
      outputs:
        - plain
        - name: rich
          type: string
          description: what it is
        - name: bare
      packages: [ "pandas>=2", requests ]
      userid: 42
      playbooks: [one, two]
      parameters: "a=1"
      timeout: 3600
      draft: false
      renamed_from: old_demo
      acknowledge: [NoNetwork, NoFileSystem]
      """
    let (read, findings) = await parse(text)
    #expect(findings.isEmpty)
    var expected = Metadata(
      title: "demo", displayname: "Demo: the first", description: "Two\nlines\n",
      category: "Data", inputLabel: "In", filterLabel: "Out")
    expected.requiredFilter = true
    expected.outputs = [
      .name("plain"), .described(name: "rich", type: "string", description: "what it is"),
      .described(name: "bare", type: "", description: ""),
    ]
    expected.packages = ["pandas>=2", "requests"]
    expected.userid = 42
    expected.playbooks = ["one", "two"]
    expected.parameters = "a=1"
    expected.timeout = 3600
    expected.renamedFrom = "old_demo"
    expected.acknowledge = ["NoNetwork", "NoFileSystem"]
    #expect(read == expected)
  }

  @Test func defaults() async throws {
    let (read, findings) = await parse(Sample.sidecar)
    #expect(findings.isEmpty)
    let metadata = try #require(read)
    #expect(metadata.title == "demo" && metadata.displayname == "Demo")
    #expect(metadata.timeout == 30 && !metadata.draft && !metadata.requiredFilter)
    #expect(metadata.userid == nil && metadata.renamedFrom == nil && metadata.parameters == "")
    #expect(metadata.packages.isEmpty && metadata.acknowledge.isEmpty && metadata.outputs.isEmpty)
  }

  static let forms: [SidecarCase] = [
    .init("empty", whole: "", ["MetadataSyntax 0:0"]),
    .init("comments only", whole: "# nothing\n", ["MetadataSyntax 0:0"]),
    .init("a list", whole: "- a\n", ["MetadataSyntax 1:1"]),
    .init("a text", whole: "hello\n", ["MetadataSyntax 1:1"]),
    .init(
      "an empty mapping", whole: "{}\n", Array(repeating: "MetadataMissingKey 0:0", count: 4)),
    .init("two documents", whole: Sample.sidecar + "---\n" + Sample.sidecar, ["MetadataSyntax"]),
    .init("a tab as indentation", "outputs:\n\t- a", ["MetadataSyntax"]),
    .init("an open quote", "parameters: \"abc", ["MetadataSyntax"]),
    .init("an open list", "playbooks: [a, b", ["MetadataSyntax"]),
    .init("a colon in a plain text", "parameters: a: b", ["MetadataSyntax"]),
    .init("a raw NUL", "parameters: a\0b", ["MetadataSyntax"]),
    .init("an escaped NUL", #"parameters: "a\0b""#, ["MetadataValue 5:13"]),
    .init("an anchor", "parameters: &here x", ["MetadataSyntax 5:13"]),
    .init("an unknown alias", "parameters: *there", ["MetadataSyntax"]),
    .init("a tag", "parameters: !!python/object:os.system x", ["MetadataSyntax 5:13"]),
    .init("a tag of one's own", "parameters: !secret x", ["MetadataSyntax 5:13"]),
    .init("a merge key", "<<: {draft: true}", ["MetadataSyntax 5:1"]),
    .init("a mapping as a key", "? {a: b}\n: c", ["MetadataSyntax 5:3"]),
    .init("a duplicate", "draft: true\ndraft: false", ["MetadataSyntax 6:1"]),
    .init("a duplicate of a required key", "category: c", ["MetadataSyntax 5:1"]),
    .init(
      "two duplicates", "category: c\ndescription: x", ["MetadataSyntax 5:1", "MetadataSyntax 6:1"]
    ),
    .init(
      "a duplicate in one of two outputs",
      "outputs:\n  - name: a\n    name: b\n  - name: c", ["MetadataSyntax 7:5"]),
    .init(
      "a duplicate with CRLF",
      whole: (Sample.sidecar + "category: x\n").replacingOccurrences(of: "\n", with: "\r\n"),
      ["MetadataSyntax 5:1"]),
    .init(
      "a duplicate in a flow mapping", "outputs: [{name: a, name: b}]", ["MetadataSyntax 5:21"]),
    .init(
      "a duplicate in a flow root",
      whole: "{description: d, category: c, input_label: i, filter_label: f, category: x}\n",
      ["MetadataSyntax 1:64"]),
    .init("a duplicate with a space before its colon", "category : E", ["MetadataSyntax 5:1"]),
    .init("a duplicate with an explicit key", "? category\n: E", ["MetadataSyntax 5:3"]),
    .init("a duplicate in quotes", "\"category\": E", ["MetadataSyntax 5:1"]),
    .init("a block text with lines like keys", "parameters: |\n  category: a\n  category: b", []),
    .init("a byte order mark", whole: "\u{FEFF}" + Sample.sidecar, []),
    .init("a control character", "parameters: a\u{1}b", ["MetadataSyntax 5:14"]),
    .init("a control character behind CRLF", whole: "a: b\r\nc: \u{1}\n", ["MetadataSyntax 2:4"]),
    .init(
      "anchors, aliases and the rest at once",
      whole: "description: &a D\ncategory: *a\nzzz: 1\ninput_label: i\n",
      [
        "MetadataMissingKey 0:0", "MetadataSyntax 1:14", "MetadataSyntax 2:11",
        "MetadataUnknownKey 3:1",
      ]),
  ]

  static let keys: [SidecarCase] = [
    .init("a typo", "timout: 3", ["MetadataUnknownKey 5:1"], hint: "did you mean `timeout`?"),
    .init(
      "a swap", "darft: true", ["MetadataUnknownKey 5:1"], hint: "did you mean `draft`?"),
    .init(
      "another case", "Draft: true", ["MetadataUnknownKey 5:1"], hint: "did you mean `draft`?"),
    .init("far from all", "zzzzzzzz: 1", ["MetadataUnknownKey 5:1"], hint: "known keys: title"),
    .init("an indented column", "outputs:\n  - name: a\n    typ: b", ["MetadataUnknownKey 7:5"]),
    .init("an output without a name", "outputs:\n  - type: a", ["MetadataMissingKey 6:5"]),
    .init(
      "several errors", "timeout: 0\ndraft: 1\nzzzzzzzz: 1",
      ["MetadataValue 5:10", "MetadataType 6:8", "MetadataUnknownKey 7:1"]),
    .init(
      "missing keys", whole: "description: d\n",
      Array(repeating: "MetadataMissingKey 0:0", count: 3)),
    .init(
      "empty texts", whole: "description: ''\ncategory: ' '\ninput_label: \"\\n\"\nfilter_label:\n",
      ["MetadataValue 1:14", "MetadataValue 2:11", "MetadataValue 3:14", "MetadataType"]),
    .init("another title", "title: other", ["MetadataValue 5:8"]),
  ]

  static let types: [SidecarCase] = [
    .init("title is a number", "title: 5", ["MetadataType 5:8"], hint: "put it in quotes"),
    .init("displayname is a list", "displayname: [a]", ["MetadataType 5:14"]),
    .init(
      "description is a mapping",
      whole: "description: {a: b}\ncategory: c\ninput_label: i\nfilter_label: f\n",
      ["MetadataType 1:14"]),
    .init("required_filter is a text", "required_filter: \"yes\"", ["MetadataType 5:18"]),
    .init("outputs is a text", "outputs: a", ["MetadataType 5:10"]),
    .init("outputs has a list", "outputs: [[a]]", ["MetadataType 5:11"]),
    .init("an output's type is a number", "outputs: [{name: a, type: 1}]", ["MetadataType 5:27"]),
    .init("packages is a text", "packages: requests", ["MetadataType 5:11"]),
    .init("packages has a number", "packages: [1.5]", ["MetadataType 5:12"]),
    .init("userid is a text", "userid: ann", ["MetadataType 5:9"]),
    .init("userid is a float", "userid: 1.0", ["MetadataType 5:9"]),
    .init("userid is negative", "userid: -1", ["MetadataValue 5:9"]),
    .init("userid overflows", "userid: 9223372036854775808", ["MetadataValue 5:9"]),
    .init("playbooks has null", "playbooks: [~]", ["MetadataType 5:13"]),
    .init("parameters is a list", "parameters: [a]", ["MetadataType 5:13"]),
    .init("timeout is a text", "timeout: '30'", ["MetadataType 5:10"]),
    .init("timeout is a boolean", "timeout: on", ["MetadataType 5:10"]),
    .init("draft is a number", "draft: 0", ["MetadataType 5:8"]),
    .init("renamed_from is a boolean", "renamed_from: no", ["MetadataType 5:15"]),
    .init("acknowledge is a text", "acknowledge: NoNetwork", ["MetadataType 5:14"]),
    .init("a key's value is an integer key", "5: x", ["MetadataUnknownKey 5:1"]),
  ]

  static let values: [SidecarCase] = [
    .init("timeout 0", "timeout: 0", ["MetadataValue 5:10"], hint: "from 1 to 3600"),
    .init("timeout 1", "timeout: 1", []), .init("timeout 3600", "timeout: 3600", []),
    .init("timeout 3601", "timeout: 3601", ["MetadataValue 5:10"]),
    .init("timeout octal 010 is 8", "timeout: 010", []),
    .init("timeout hexadecimal", "timeout: 0x10", []),
    .init("timeout sexagesimal", "timeout: 1:30", ["MetadataValue 5:10"]),
    .init("timeout .inf", "timeout: .inf", ["MetadataType 5:10"]),
    .init("renamed_from itself", "renamed_from: demo", ["MetadataValue 5:15"]),
    .init("renamed_from no name", "renamed_from: not-a-name", ["MetadataValue 5:15"]),
    .init("renamed_from reserved", "renamed_from: admin", ["MetadataValue 5:15"]),
    .init("renamed_from in another case", "renamed_from: Demo", []),
    .init("acknowledge nothing", "acknowledge: []", []),
    .init("acknowledge a HIGH rule", "acknowledge: [NoExec]", ["MetadataValue 5:15"]),
    .init("acknowledge in another case", "acknowledge: [nonetwork]", ["MetadataValue 5:15"]),
    .init(
      "two bad packages", "packages:\n  - good\n  - -r x\n  - a @ http://b",
      ["MetadataValue 7:5", "MetadataValue 8:5"]),
  ]

  @Test("finds", arguments: forms + keys + types + values)
  func finds(_ row: SidecarCase) async throws {
    let (metadata, findings) = await parse(row.text)
    let places = Self.places(findings)
    let matches =
      places.count == row.found.count
      && zip(places, row.found).allSatisfy { $0 == $1 || $0.hasPrefix($1 + " ") }
    #expect(matches, "found \(places), expected \(row.found): \(findings.map(\.message))")
    #expect((metadata == nil) == !row.found.isEmpty)
    #expect(findings.allSatisfy { $0.severity == .high && $0.path == "utils/demo.yaml" })
    if !row.hint.isEmpty {
      #expect(findings.contains { $0.hint.contains(row.hint) }, "\(findings.map(\.hint))")
    }
  }

  @Test("an alias of a known anchor is refused at its anchor")
  func alias() async {
    let (metadata, findings) = await parse(Sample.sidecar + "title: &t demo\ndisplayname: *t\n")
    #expect(metadata == nil)
    #expect(findings.contains { $0.rule == "MetadataSyntax" && $0.line == 5 })
  }

  @Test("limits")
  func limits() async {
    func padded(_ size: Int) -> [UInt8] {
      let text = Sample.sidecar + "#"
      return Array((text + String(repeating: "x", count: size - text.utf8.count)).utf8)
    }
    #expect(await parse(padded(64 << 10)).findings.isEmpty)
    let over = await parse(padded((64 << 10) + 1))
    #expect(over.metadata == nil && over.findings.map(\.rule) == ["FileTooLarge"])
    let notText = await parse(Array(Sample.sidecar.utf8) + [0xff])
    #expect(notText.metadata == nil && Self.places(notText.findings) == ["FileEncoding 5:1"])
  }

  @Test("depth", arguments: [(15, false), (16, true), (17, true), (10_000, true)])
  func depth(_ lists: Int, _ refused: Bool) async {
    // The root is the first level and the innermost text the last one.
    let flow =
      "playbooks: " + String(repeating: "[", count: lists - 1) + "x"
      + String(repeating: "]", count: lists - 1)
    let (metadata, findings) = await parse(Sample.sidecar + flow + "\n")
    #expect(metadata == nil)
    #expect(findings.contains { $0.rule == "MetadataSyntax" } == refused)
    let open = await parse(Sample.sidecar + "playbooks: " + String(repeating: "[", count: lists))
    #expect(open.findings.contains { $0.rule == "MetadataSyntax" })
    let maps = await parse(String(repeating: "{a: ", count: lists))
    #expect(maps.findings.contains { $0.rule == "MetadataSyntax" })
  }

  @Test(
    "plain scalars mean what YAML 1.1 says",
    arguments: [
      ("yes", .bool(true)), ("Off", .bool(false)), ("TRUE", .bool(true)), ("y", .text("y")),
      ("tRue", .text("tRue")), ("~", .null), ("", .null), ("Null", .null), ("nil", .text("nil")),
      ("010", .integer(8)), ("0o10", .text("0o10")), ("08", .text("08")), ("-0x1F", .integer(-31)),
      ("0b101", .integer(5)), ("1_000", .integer(1000)), ("+7", .integer(7)), ("0", .integer(0)),
      ("190:20:30", .integer(nil)), ("1:60", .text("1:60")), ("1.5", .float), ("1.", .float),
      (".5", .float), ("1.5e+3", .float), ("1e3", .text("1e3")), (".inf", .float),
      ("-.INF", .float), (".nan", .float), ("-.nan", .text("-.nan")), (".", .text(".")),
      ("-", .text("-")), ("2001-12-14", .timestamp), ("2001-12-14 21:59:43", .timestamp),
      ("2001-12-14x", .text("2001-12-14x")), ("1.2.3", .text("1.2.3")),
    ] as [(String, YAMLScalar)])
  func scalars(_ text: String, _ meaning: YAMLScalar) {
    #expect(YAMLScalar(plain: text) == meaning)
  }

  @Test(
    "accepted requirements",
    arguments: [
      "requests", "requests>=2.31,<3", "a.b-c_d", "x [ security , tests ] >= 2.8.1", "x (>=1.0)",
      "x==1.*", "x===1.0+local", "x~=1.4.2", "x!=1.5 ; python_version < '3.9'", "x;os_name=='nt'",
      "x; (python_version>='3' and os_name == \"posix\") or 'linux' in sys_platform",
      "x; sys_platform not in 'win32 cygwin'", "x ; extra == 'a'", "x; '3.9' <= python_version",
    ])
  func goodRequirement(_ text: String) { #expect(Requirement.problem(with: text) == nil) }

  @Test(
    "refused requirements",
    arguments: [
      "", " ", "-r other.txt", "--index-url=http://x", "x @ https://e.com/x.whl", "git+https://e",
      "x>=", "x>=1,", "x 1.0", "x=1", "[extra]", "x[", "x;", "x>=1 y", "_x", "é",
      "a; bogus", "x; python_version", "x; python_version < 3.9", "x; python_version < '3' and",
      "x; (os_name == 'nt'", "x; os_name == 'nt')", "x; os_name = 'nt'", "x; os_name == 'nt",
      "x; nonsense == '1'", "x; os_name not 'nt'", "x; os_name == 'nt' os_name == 'nt'",
      "x (>=1) y", String(repeating: "x", count: 201), "x\nrequests", "../x", "./x", "x/y",
    ])
  func badRequirement(_ text: String) { #expect(Requirement.problem(with: text) != nil) }

  @Test("tenant.yaml")
  func tenant() async {
    let text = """
      userid: 7
      users:
        Ann@Example.com: 42
        bob@example.com: {userid: 43, username: bob}
        cora@example.com: x
        dora@example.com: {userid: 1, nick: d}
      policy: {medium: block}
      polcy: 1
      """
    let (settings, findings) = await testPool.run {
      TenantSettingsParser.parse(Array(text.utf8))
    }
    #expect(settings.userid == 7 && settings.mediumPolicy == .block)
    #expect(settings.users["ann@example.com"] == .init(userid: 42))
    #expect(settings.users["bob@example.com"] == .init(userid: 43, username: "bob"))
    #expect(settings.users["cora@example.com"] == nil)
    #expect(
      Self.places(findings) == [
        "MetadataType 5:21", "MetadataUnknownKey 6:33", "MetadataUnknownKey 8:1",
      ])
    let wrong = await testPool.run {
      TenantSettingsParser.parse(Array("policy: {medium: strict}\nusers: []\n".utf8))
    }
    #expect(wrong.settings == TenantSettings())
    #expect(Self.places(wrong.findings) == ["MetadataValue 1:18", "MetadataType 2:8"])
  }
}
