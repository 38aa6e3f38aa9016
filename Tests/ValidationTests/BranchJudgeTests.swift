import TestSupport
import Testing
import UtilityModel

@testable import Validation

@Suite("Trees") struct BranchJudgeTests {
  @Test func acceptsAndRefuses() async throws {
    var branch = Branch()
    try await branch.utility("good", folder: "utils/deep/er")
    try await branch.utility("bad", source: "import os\n" + Sample.source("bad"))
    try await branch.utility("wrong", sidecar: "timeout: 0\n")
    try await branch.utility("broken", source: "def broken(data, filter:\n")
    try await branch.utility("absent", source: Sample.source("other"))
    try await branch.utility("narrow", source: "def narrow(data):\n    return data\n")
    try await branch.write([
      "utils/bare.py": Sample.source("bare"), "utils/orphan.yml": Sample.sidecar,
      "README.md": "text", "utils/notes.txt": "text", "other/x.py": "import os\n",
    ])
    try await branch.utility("class")
    try await branch.utility("Admin")
    #expect(Set(branch.state.utilities.keys) == ["good"])
    let good = try #require(branch.state.utilities["good"])
    #expect(good.path == "utils/deep/er/good.py" && good.sidecarPath == "utils/deep/er/good.yaml")
    #expect(good.findings.isEmpty && good.modules.isEmpty && good.metadata.description == "d")
    #expect(branch.refusal("bad") == ["NoImportOS"])
    #expect(branch.refusal("wrong") == ["MetadataValue"])
    #expect(branch.refusal("broken") == ["PythonSyntax"])
    #expect(branch.refusal("absent") == ["FunctionMissing"])
    #expect(branch.refusal("narrow") == ["FunctionSignature"])
    #expect(branch.refusal("bare") == ["MetadataMissing"])
    #expect(branch.refusal("orphan") == ["SourceMissing"])
    #expect(branch.refusal("class")?.contains("NameInvalid") == true)
    #expect(branch.refusal("Admin") == ["NameReserved"])
    #expect(branch.state.refused.count == 9)
    let findings = branch.state.refused["bad"]?.findings ?? []
    #expect(findings.map(\.path) == ["utils/bad.py"] && findings.map(\.line) == [1])
  }

  @Test("a refused utility comes back once it is corrected, and goes when it is removed")
  func correction() async throws {
    var branch = Branch()
    try await branch.utility("demo")
    let before = try #require(branch.state.utilities["demo"])
    let update = try await branch.write(["utils/demo.py": "import os\n"])
    #expect(update.names == ["demo"] && update.replaced["demo"] == before)
    #expect(branch.refusal("demo") != nil && branch.state.utilities.isEmpty)
    try await branch.write(["utils/demo.py": Sample.source("demo")])
    #expect(branch.state.utilities["demo"] == before && branch.state.refused.isEmpty)
    try await branch.write(["utils/demo.py": nil])
    #expect(branch.refusal("demo") == ["SourceMissing"])
    try await branch.write(["utils/demo.yaml": nil])
    #expect(branch.state.refused.isEmpty && branch.state.utilities.isEmpty)
  }

  @Test(
    "MEDIUM findings follow the tighter of both policies",
    arguments: [
      (.warn, "", "", true), (.warn, "", "acknowledge", false), (.warn, "ack", "acknowledge", true),
      (.warn, "ack", "block", false), (.acknowledge, "", "", false),
      (.acknowledge, "ack", "", true), (.acknowledge, "", "warn", false),
      (.acknowledge, "other", "", false), (.block, "ack", "warn", false), (.block, "", "", false),
    ] as [(MediumPolicy, String, String, Bool)])
  func medium(_ policy: MediumPolicy, _ ack: String, _ tenant: String, _ accepted: Bool)
    async throws
  {
    var branch = Branch(policy: policy)
    let rules = ["ack": "acknowledge: [NoNetwork]\n", "other": "acknowledge: [NoFileSystem]\n"]
    try await branch.utility(
      "web", source: "import requests\n" + Sample.source("web"), sidecar: rules[ack] ?? "")
    if !tenant.isEmpty { try await branch.write(["tenant.yaml": "policy: {medium: \(tenant)}\n"]) }
    #expect((branch.state.utilities["web"] != nil) == accepted)
    #expect((branch.refusal("web") == ["NoNetwork"]) == !accepted)
    if accepted { #expect(branch.state.utilities["web"]?.findings.map(\.rule) == ["NoNetwork"]) }
    try await branch.write(["tenant.yaml": nil])
    let alone = try await branch.judgedAnew()
    #expect(branch.state.utilities == alone.utilities && branch.state.refused == alone.refused)
  }

  @Test("a policy of tenant.yaml has every name planned again")
  func settings() async throws {
    var branch = Branch()
    try await branch.utility("demo")
    #expect(try await branch.write(["tenant.yaml": "userid: 5\n"]).names == nil)
    #expect(branch.state.settings.userid == 5)
    #expect(try await branch.write(["tenant.yaml": "# same\nuserid: 5\n"]).names == [])
    #expect(try await branch.write(["tenant.yaml": nil]).names == nil)
    #expect(branch.state.settings == TenantSettings() && branch.state.settingsBlob == nil)
  }

  @Test(
    "a tenant.yaml that is refused leaves the former settings in force",
    arguments: [
      "policy: {medium: blok}\n", "policy: {medium: block\n", "users: [\n", "userid: x\n",
    ])
  func refusedSettings(_ text: String) async throws {
    var branch = Branch()
    try await branch.utility("web", source: "import requests\n" + Sample.source("web"))
    try await branch.write(["tenant.yaml": "policy: {medium: block}\nuserid: 5\n"])
    #expect(branch.refusal("web") == ["NoNetwork"])
    let good = try #require(branch.state.settingsBlob)
    #expect(try await branch.write(["tenant.yaml": text]).names == [])
    #expect(branch.refusal("web") == ["NoNetwork"] && branch.state.settings.userid == 5)
    #expect(branch.state.findings.contains { $0.path == "tenant.yaml" && $0.severity == .high })
    #expect(branch.state.settingsBlob == good)
    // A judge made anew is told what was in force.
    let anew = try await branch.judgedAnew(settings: good)
    #expect(anew.settings == branch.state.settings && anew.settingsBlob == good)
    #expect(anew.refused == branch.state.refused && anew.findings == branch.state.findings)
    try await branch.set(["tenant.yaml": .link])
    #expect(branch.state.findings.map(\.rule) == ["FileMode"])
    #expect(branch.state.settings.userid == 5 && branch.refusal("web") != nil)
    try await branch.write(["tenant.yaml": "userid: 6\n"])
    #expect(branch.state.settings.userid == 6 && branch.state.findings.isEmpty)
    #expect(branch.state.utilities["web"] != nil)
    // Where there is none any more, none is in force, whatever was.
    let gone = Branch()
    #expect(try await gone.judgedAnew(settings: good).settingsBlob == nil)
  }

  @Test("paths are told apart by their bytes")
  func normalForms() async throws {
    let (composed, decomposed) = ("utils/Z\u{FC}rich", "utils/Zu\u{308}rich")
    var branch = Branch()
    try await branch.utility("a", folder: composed)
    #expect(branch.state.utilities["a"] != nil)
    // Renamed in one change, in either order of its halves.
    for (old, new) in [(composed, decomposed), (decomposed, composed)] {
      try await branch.move("a", from: old, to: new)
      let version = try #require(branch.state.utilities["a"])
      #expect(PathKey(version.path) == PathKey("\(new)/a.py") && branch.state.refused.isEmpty)
    }
    try await branch.utility("a", folder: decomposed)
    #expect(branch.refusal("a") == ["NameDuplicate"] && branch.state.utilities.isEmpty)
    try await branch.write([PathKey("\(composed)/a.py"): nil])
    try await branch.write([PathKey("\(composed)/a.yaml"): nil])
    let version = try #require(branch.state.utilities["a"])
    #expect(PathKey(version.path) == PathKey("\(decomposed)/a.py"))
  }

  @Test("shared modules too")
  func moduleForms() async throws {
    var branch = Branch()
    try await branch.write(["lib/e\u{301}/x.py": "x = 1\n"])
    try await branch.write(["lib/\u{E9}/x.py": "x = 2\n"])
    #expect(branch.state.modules.count == 2)
    try await branch.write(["lib/e\u{301}/x.py": nil])
    #expect(branch.state.modules.keys.map { Array($0.text.utf8).count } == [11])
  }

  @Test("a combining mark behind a `/` hides nothing")
  func combiningMarks() async throws {
    var branch = Branch()
    try await branch.utility("comb", folder: "utils/\u{301}d")
    #expect(branch.state.utilities["comb"] != nil)
    try await branch.write(["utils/\u{301}x.py": "import os\n"])
    #expect(branch.state.refused.count == 1)
    try await branch.set(["utils/\u{301}link": .link, "lib/\u{301}m.py": .text("import os\n")])
    #expect(branch.state.findings.map(\.rule).sorted() == ["FileMode", "NoImportOS"])
  }

  @Test("the Kelvin sign is no `k`")
  func kelvin() async throws {
    var branch = Branch()
    for name in ["k", "K"] {
      try await branch.utility(name)
      try await branch.utility("\u{212A}", folder: "utils/x")
      #expect(branch.state.utilities.keys.sorted() == [name])
      #expect(branch.state.refused.keys.sorted() == ["<U+212A>"])
      #expect(branch.refusal("<U+212A>")?.contains("NameInvalid") == true)
      try await branch.write([
        PathKey("utils/\(name).py"): nil, PathKey("utils/\(name).yaml"): nil,
      ])
    }
  }

  @Test("a sidecar alone elsewhere says nothing of the utility of its name")
  func strays() async throws {
    var branch = Branch()
    try await branch.utility("a")
    try await branch.write(["utils/x/a.yaml": Sample.sidecar, "utils/y/A.yml": Sample.sidecar])
    #expect(branch.state.utilities.keys.sorted() == ["a"] && branch.state.refused.isEmpty)
    #expect(branch.state.findings.map(\.path) == ["utils/x/a.yaml", "utils/y/A.yml"])
    #expect(branch.state.findings.allSatisfy { $0.rule == "SourceMissing" })
    try await branch.write(["utils/a.py": nil, "utils/a.yaml": nil])
    #expect(branch.refusal("a") == ["SourceMissing"] && branch.refusal("A") == ["SourceMissing"])
    #expect(branch.state.findings.isEmpty)
    try await branch.write(["utils/x/a.py": Sample.source("a")])
    #expect(branch.state.findings.map(\.path) == ["utils/y/A.yml"])
    try await branch.write(["utils/y/A.yml": nil])
    #expect(branch.state.findings.isEmpty && branch.state.utilities["a"] != nil)
  }

  @Test("Git LFS pointers among other files are findings")
  func pointers() async throws {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    var branch = Branch()
    try await branch.write([
      "utils/blob.bin": pointer, "lib/data/table.csv": pointer, "other/blob.bin": pointer,
      "utils/readme.txt": "version 1\n",
    ])
    #expect(branch.state.findings.map(\.path) == ["lib/data/table.csv", "utils/blob.bin"])
    #expect(branch.state.findings.allSatisfy { $0.rule == "FileMode" })
    try await branch.write(["utils/blob.bin": "1,2\n"])
    try await branch.set(["lib/data/table.csv": nil])
    #expect(branch.state.findings.isEmpty)
  }

  @Test("packages that are not allowed are told at their place")
  func packagePlaces() async throws {
    var branch = Branch(packages: PackageAllowList("requests"))
    try await branch.utility("a", sidecar: "packages:\n  - requests\n  - pandas\n")
    let findings = branch.state.refused["a"]?.findings ?? []
    #expect(findings.map { "\($0.rule) \($0.line):\($0.column)" } == ["PackageNotAllowed 7:5"])
    try await branch.utility("a", sidecar: "packages: [requests]\n")
    #expect(
      branch.state.utilities["a"]?.packagePlaces == [FilePlace(line: 5, column: 12)])
  }

  @Test func duplicates() async throws {
    var branch = Branch()
    try await branch.utility("same", folder: "utils/a")
    try await branch.utility("same", folder: "utils/b")
    try await branch.utility("Case")
    try await branch.utility("case", folder: "utils/c")
    #expect(branch.state.utilities.isEmpty)
    for name in ["same", "Case", "case"] { #expect(branch.refusal(name) == ["NameDuplicate"]) }
    #expect(branch.state.refused["same"]?.findings.count == 2)
    let update = try await branch.write(["utils/c/case.py": nil, "utils/c/case.yaml": nil])
    #expect(update.names == ["case", "Case"])
    #expect(Set(branch.state.utilities.keys) == ["Case"])
    try await branch.write(["utils/a/same.py": nil, "utils/a/same.yaml": nil])
    #expect(branch.state.utilities["same"]?.path == "utils/b/same.py")
    try await branch.write(["utils/Case.yml": Sample.sidecar])
    #expect(branch.refusal("Case") == ["NameDuplicate"])
  }

  @Test func odd() async throws {
    var branch = Branch()
    try await branch.utility("lfs")
    try await branch.utility("binary")
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    try await branch.set([
      "utils/link.py": .link, "utils/link.yaml": .text(Sample.sidecar), "utils/module": .submodule,
      "lib/link.py": .link, "lib/data": .link, "utils/lfs.py": .text(pointer),
      "utils/binary.py": .bytes(
        Array("def binary(data, filter):\n    return '".utf8) + [0xff, 39]),
      "utils/half.py": .text(Sample.source("half")), "utils/half.yaml": .link,
    ])
    #expect(branch.refusal("link") == ["FileMode"])
    #expect(branch.refusal("half")?.contains("FileMode") == true)
    #expect(branch.refusal("lfs") == ["FileMode"])
    #expect(branch.refusal("binary") == ["FileEncoding"])
    #expect(branch.state.utilities.isEmpty)
    #expect(
      Set(branch.state.findings.map(\.path)) == ["utils/module", "lib/link.py", "lib/data"])
    #expect(branch.state.findings.allSatisfy { $0.rule == "FileMode" })
    try await branch.set(["utils/module": nil, "lib/link.py": nil, "lib/data": nil])
    #expect(branch.state.findings.isEmpty)
  }

  @Test("a file over 10 MiB is refused unread")
  func tooLarge() async throws {
    var branch = Branch()
    try await branch.utility("big")
    try await branch.set(["utils/big.py": .bytes([UInt8](repeating: 35, count: 10_485_761))])
    #expect(branch.refusal("big") == ["FileTooLarge"])
  }

  @Test("a damaged blob refuses its utility and no other")
  func damaged() async throws {
    var branch = Branch()
    branch.blobs.lose(branch.blobs.add(Array(Sample.source("lost").utf8)))
    try await branch.utility("lost")
    try await branch.utility("found")
    #expect(branch.refusal("lost") == ["CheckerFailed"])
    #expect(branch.state.utilities.keys.sorted() == ["found"])
  }

  @Test("a utility keeps a bounded number of findings, and the last one tells of the others")
  func boundedFindings() async throws {
    var branch = Branch()
    try await branch.write([
      "lib/__init__.py": "", "lib/bad.py": String(repeating: "import os\n", count: 600),
      "lib/web.py": String(repeating: "import requests\n", count: 600),
    ])
    try await branch.utility(
      "refused", source: "import os\nfrom lib import bad\n" + Sample.source("refused"))
    try await branch.utility(
      "warned", source: "import requests\nfrom lib import web\n" + Sample.source("warned"))
    let refused = try #require(branch.state.refused["refused"]?.findings)
    let warned = try #require(branch.state.utilities["warned"]?.findings)
    for findings in [refused, warned] {
      #expect(findings.count == 500 && findings.last?.message == "2 more findings are not listed")
      #expect(Array(findings.dropLast()) == findings.dropLast().sorted())
    }
    #expect(refused.last?.severity == .high && warned.last?.severity == .medium)
    let alone = try await branch.judgedAnew()
    #expect(branch.state.utilities == alone.utilities && branch.state.refused == alone.refused)
  }

  @Test func modules() async throws {
    var branch = Branch()
    try await branch.write([
      "lib/__init__.py": "", "lib/dates.py": "from lib.base import x\n", "lib/base.py": "x = 1\n",
      "lib/text/__init__.py": "", "lib/text/words.py": "y = 2\n",
    ])
    try await branch.utility("far", source: "from lib import dates\n" + Sample.source("far"))
    try await branch.utility("near", source: "import lib.text.words\n" + Sample.source("near"))
    try await branch.utility("plain")
    #expect(
      branch.state.utilities["far"]?.modules == ["lib/__init__.py", "lib/base.py", "lib/dates.py"])
    #expect(
      branch.state.utilities["near"]?.modules
        == ["lib/__init__.py", "lib/text/__init__.py", "lib/text/words.py"])
    #expect(branch.state.modules.count == 5)

    let old = try #require(branch.state.modules["lib/base.py"])
    let update = try await branch.write(["lib/base.py": "import subprocess\nx = 1\n"])
    #expect(branch.refusal("far")?.isEmpty == false)
    #expect(branch.state.refused["far"]?.findings.allSatisfy { $0.path == "lib/base.py" } == true)
    #expect(branch.state.utilities.keys.sorted() == ["near", "plain"])
    #expect(update.replacedModules == ["lib/base.py": old])
    #expect(update.names?.contains("far") == true && update.names?.contains("plain") == false)
    #expect(branch.state.modules["lib/base.py"] == nil)
    #expect(branch.state.findings.contains { $0.path == "lib/base.py" })

    try await branch.write(["lib/base.py": nil])
    #expect(branch.refusal("far") == ["ModuleMissing"])
    try await branch.write(["lib/base.py": "x = 3\n"])
    #expect(branch.state.refused.isEmpty && branch.state.findings.isEmpty)
    try await branch.write(["lib/text/words.py": "import requests\n"])
    #expect(branch.state.utilities["near"]?.findings.map(\.path) == ["lib/text/words.py"])
  }

  @Test(
    "following changes gives what judging the whole tree gives", arguments: [1, 2, 3] as [UInt64])
  func incremental(_ seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    var branch = Branch()
    let heads = [
      "", "import os\n", "import requests\n", "from lib import m0\n", "import lib.sub.m1\n",
      "from lib.m2 import x\n",
    ]
    for step in 0..<60 {
      var files: [PathKey: String?] = [:]
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let roll = Int.random(in: 0..<10, using: &generator)
        let head = heads.randomElement(using: &generator) ?? ""
        let gone = Int.random(in: 0..<4, using: &generator) == 0
        if roll < 4 {
          let name = ["a", "A", "b", "c"].randomElement(using: &generator) ?? "a"
          let folder = ["utils", "utils/x"].randomElement(using: &generator) ?? "utils"
          files[PathKey("\(folder)/\(name).py")] = .some(gone ? nil : head + Sample.source(name))
        } else if roll < 7 {
          let name = ["a", "A", "b", "c"].randomElement(using: &generator) ?? "a"
          let folder = ["utils", "utils/x"].randomElement(using: &generator) ?? "utils"
          let ending = ["yaml", "yaml", "yml"].randomElement(using: &generator) ?? "yaml"
          let extra = ["", "acknowledge: [NoNetwork]\n", "timeout: 0\n"]
          files[PathKey("\(folder)/\(name).\(ending)")] = .some(
            gone ? nil : Sample.sidecar + (extra.randomElement(using: &generator) ?? ""))
        } else if roll < 9 {
          let path = ["lib/m0.py", "lib/sub/m1.py", "lib/m2.py", "lib/__init__.py"]
          files[PathKey(path.randomElement(using: &generator) ?? "")] = .some(
            gone ? nil : head + "x = 1\n")
        } else {
          let policy = MediumPolicy.allCases.randomElement(using: &generator) ?? .warn
          files["tenant.yaml"] = .some(gone ? nil : "policy: {medium: \(policy.rawValue)}\n")
        }
      }
      let before = branch.state
      let update = try await branch.write(files)
      let whole = try await branch.judgedAnew()
      let place = Comment(rawValue: "seed \(seed), step \(step): \(files.keys.sorted())")
      #expect(branch.state.utilities == whole.utilities, place)
      #expect(branch.state.refused == whole.refused, place)
      #expect(branch.state.modules == whole.modules, place)
      #expect(branch.state.findings == whole.findings, place)
      #expect(branch.state.settings == whole.settings, place)
      // Whatever is not among the update's names stands as before.
      guard let names = update.names else { continue }
      let all = Set(before.utilities.keys).union(before.refused.keys)
        .union(whole.utilities.keys).union(whole.refused.keys)
      for name in all.subtracting(names) {
        #expect(before.utilities[name] == whole.utilities[name], place)
        #expect(before.refused[name] == whole.refused[name], place)
      }
    }
  }
}
