import Hashing
import TestSupport
import Testing
import UtilityModel

@testable import Validation

@Suite("What a change breaks") struct BreakingChangeTests {
  private func version(
    _ name: String, parameters: [Parameter] = [.init(name: "data"), .init(name: "filter")],
    outputs: [String] = ["found"], playbooks: [String] = ["triage"]
  ) -> UtilityInterface {
    var metadata = Metadata(
      title: name, displayname: name, description: "d", category: "c", inputLabel: "i",
      filterLabel: "f")
    metadata.outputs = outputs.map { .name($0) }
    metadata.playbooks = playbooks
    return UtilityInterface(
      name: name, path: "utils/\(name).py", sidecarPath: "utils/\(name).yaml", metadata: metadata,
      parameters: EntryParameters(line: 4, parameters: parameters), outputsLine: 6)
  }

  private func rules(
    _ base: [UtilityInterface], _ head: [UtilityInterface], renames: [String: String] = [:]
  ) -> [String] {
    func named(_ list: [UtilityInterface]) -> [String: UtilityInterface] {
      Dictionary(uniqueKeysWithValues: list.map { ($0.name, $0) })
    }
    return BreakingChange.findings(base: named(base), head: named(head), renames: renames)
      .map { "\($0.rule) \($0.path):\($0.line)" }
  }

  @Test("equal versions break nothing")
  func equal() {
    #expect(rules([version("a")], [version("a")]).isEmpty)
    #expect(rules([], [version("a")]).isEmpty)
  }

  @Test("a removal breaks the playbooks that use it, and nobody else")
  func removal() {
    #expect(rules([version("a")], []) == ["BreakingRemoval utils/a.py:0"])
    #expect(rules([version("a", playbooks: [])], []).isEmpty)
  }

  @Test("a rename is none: it is told at the new place")
  func rename() {
    #expect(
      rules([version("a")], [version("b")], renames: ["b": "a"])
        == ["BreakingRename utils/b.py:0"])
    #expect(rules([version("a", playbooks: [])], [version("b")], renames: ["b": "a"]).isEmpty)
    #expect(
      rules(
        [version("a", playbooks: [])], [version("b", outputs: [])], renames: ["b": "a"])
        == ["BreakingOutput utils/b.yaml:6"])
  }

  @Test(
    "other parameters break callers",
    arguments: [
      [Parameter(name: "data")],
      [.init(name: "text"), .init(name: "filter")],
      [.init(name: "data"), .init(name: "filter"), .init(name: "limit", hasDefault: true)],
      [.init(name: "data"), .init(name: "filter", hasDefault: true)],
      [.init(name: "data", kind: .positional), .init(name: "filter")],
    ])
  func signature(_ parameters: [Parameter]) {
    #expect(
      rules([version("a")], [version("a", parameters: parameters)])
        == ["BreakingSignature utils/a.py:4"])
  }

  @Test("outputs may come and change places, but not go")
  func outputs() {
    let before = version("a", outputs: ["x", "y"])
    #expect(rules([before], [version("a", outputs: ["y", "x", "z"])]).isEmpty)
    #expect(
      rules([before], [version("a", outputs: [])])
        == ["BreakingOutput utils/a.yaml:6", "BreakingOutput utils/a.yaml:6"])
  }

  @Test("what cannot be read is not compared")
  func unreadable() {
    var broken = version("a")
    (broken.metadata, broken.parameters) = (nil, nil)
    #expect(rules([broken], [version("a")]).isEmpty)
    #expect(rules([version("a")], [broken]).isEmpty)
  }

  @Test("all are MEDIUM: none quarantines")
  func severity() {
    let found = BreakingChange.findings(base: ["a": version("a")], head: [:], renames: [:])
    #expect(found.map(\.severity) == [.medium])
  }

  @Test(
    "parameters are read from the syntax tree",
    arguments: [
      ("def f(data, filter): return 1", "data, filter"),
      (
        "def f(data, /, filter='x', *rest, limit=3, **more): return 1",
        "data, /, filter=..., *rest, limit=..., **more"
      ),
      ("def f(a, b, /): return 1", "a, b, /"),
      ("def f(data, *, filter): return 1", "data, *, filter"),
      (
        "def f(a): return 1\n\n\ndef f(data: str, filter: dict = None) -> list: return 1",
        "data, filter=..."
      ),
      ("# comment\nif True:\n    def f(x): return 1\nelse:\n    def f(x): return 1", "x"),
    ])
  func reading(_ source: String, _ expected: String) async throws {
    let blobs = MemoryBlobs()
    let files = UtilityFiles(
      path: "utils/f.py", blob: blobs.add(Array(source.utf8)), sidecarPath: "utils/f.yaml",
      sidecar: blobs.add(Array((Sample.sidecar + "outputs: [a]\n").utf8)))
    let found = try await sharedValidator.interfaces(of: [files], reading: blobs.factory)
    #expect(found.first?.parameters?.text == expected)
    #expect(found.first?.metadata?.outputs.map(\.name) == ["a"])
    #expect(found.first?.outputsLine == 5)
  }

  @Test("no function, or no Python at all, has no parameters", arguments: ["x = 1", "def f(", ""])
  func nothing(_ source: String) async throws {
    let blobs = MemoryBlobs()
    let files = UtilityFiles(
      path: "utils/f.py", blob: blobs.add(Array(source.utf8)), sidecarPath: nil, sidecar: nil)
    let found = try await sharedValidator.interfaces(of: [files], reading: blobs.factory)
    #expect(found.map(\.parameters) == [nil] && found.map(\.metadata) == [nil])
  }
}

@Suite("Kept verdicts as records") struct VerdictRecordTests {
  private var verdict: Verdict {
    var metadata = Metadata(
      title: "t", displayname: "Ü", description: "d\n2", category: "", inputLabel: "i",
      filterLabel: "f")
    metadata.userid = 7
    metadata.renamedFrom = "old"
    metadata.timeout = 3600
    metadata.draft = true
    metadata.packages = ["a>=1", "b"]
    metadata.playbooks = ["p"]
    metadata.acknowledge = ["NoNetwork"]
    metadata.outputs = [.name("x"), .described(name: "y", type: "map", description: "")]
    var verdict = Verdict()
    verdict.source = [
      Finding(path: "", line: 300, column: 2, rule: .noExec, message: "m", hint: "h")
    ]
    verdict.sidecar = [Finding(path: "", rule: .metadataValue, severity: .medium, message: "")]
    verdict.metadata = metadata
    verdict.imports = ["lib", "lib.a"]
    verdict.packagePlaces = [FilePlace(line: 300, column: 5), FilePlace()]
    verdict.filehash = String(repeating: "a", count: 64)
    return verdict
  }

  @Test("a record gives back what it was made of")
  func roundTrip() {
    for verdict in [verdict, Verdict()] {
      #expect(VerdictRecord.decode(VerdictRecord.encode(verdict)) == verdict)
    }
  }

  @Test("anything else is no verdict and no crash")
  func damaged() {
    let record = VerdictRecord.encode(verdict)
    for length in 0..<record.count {
      #expect(VerdictRecord.decode(Array(record.prefix(length))) == nil)
    }
    #expect(VerdictRecord.decode(record + [0]) == nil)
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<2000 {
      var broken = record
      broken[Int.random(in: 0..<broken.count, using: &generator)] ^= UInt8.random(
        in: 1...255, using: &generator)
      _ = VerdictRecord.decode(broken)
    }
  }

  @Test("a blob's id is git's")
  func blobIDs() {
    #expect(BlobID.of([]).hex == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
    #expect(
      BlobID.of(Array("hello\n".utf8)).hex == "ce013625030ba8dba906f756967f9e9ca394464a")
  }
}
