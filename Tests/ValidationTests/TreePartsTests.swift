import Testing
import UtilityModel

@testable import Validation

@Suite("Trees in parts") struct TreePartsTests {
  /// Modules, settings, namesakes in other folders and in another case, a sidecar whose file stands
  /// elsewhere, and what is refused for itself.
  private func branch() async throws -> Branch {
    var branch = Branch()
    for name in ["zeta", "alpha", "mid", "beta", "omega"] { try await branch.utility(name) }
    try await branch.utility("twin", folder: "utils/a")
    try await branch.utility("twin", folder: "utils/b")
    try await branch.utility("case", folder: "utils/a")
    try await branch.utility("Case", folder: "utils/b")
    try await branch.utility("bad", source: "import os\n" + Sample.source("bad"))
    try await branch.utility(
      "user", source: "from lib import dates\n" + Sample.source("user", "return dates.day(data)"))
    try await branch.utility(
      "wrong", source: "from lib import gone\n" + Sample.source("wrong", "return gone.x(data)"))
    try await branch.write([
      "lib/dates.py": "def day(text):\n    return text[:10]\n", "lib/text.txt": "text",
      "utils/elsewhere/alpha.yaml": Sample.sidecar, "utils/readme.md": "text",
      "utils/bare.py": Sample.source("bare"), "tenant.yaml": "userid: 7\nmedium: block\n",
    ])
    try await branch.set(["utils/link.py": .link, "utils/sub.yaml": .submodule])
    return branch
  }

  @Test("a tree in parts of any size has the verdicts of the whole", arguments: [1, 2, 5, 1000])
  func verdicts(size: Int) async throws {
    let branch = try await branch()
    let whole = try await branch.judgedAnew()
    let (state, _) = try await branch.judged(in: branch.parts(size: size))
    #expect(Set(whole.utilities.keys) == ["zeta", "alpha", "mid", "beta", "omega", "user"])
    #expect(state.utilities == whole.utilities)
    #expect(state.refused == whole.refused && whole.refused.count == 8)
    #expect(state.modules == whole.modules && state.findings == whole.findings)
    #expect(state.settings == whole.settings && state.settingsBlob == whole.settingsBlob)
  }

  @Test("parts come in the order of the names, and a name is judged once")
  func order() async throws {
    let branch = try await branch()
    let parts = try branch.parts(size: 2)
    let (_, names) = try await branch.judged(in: parts)
    #expect(parts.utilities.count == names.count && names.count > 4)
    for (earlier, later) in zip(names, names.dropFirst()) {
      #expect(earlier.isDisjoint(with: later))
    }
    let accepted = names.flatMap { $0.sorted() }.filter { branch.state.utilities[$0] != nil }
    #expect(accepted == accepted.sorted())
    #expect(parts.files["mid"]?.sorted() == ["utils/mid.py", "utils/mid.yaml"])
    #expect(parts.files["alpha"]?.sorted() == ["utils/alpha.py", "utils/alpha.yaml"])
    #expect(parts.files["twin"] == nil && parts.files["bare"] == ["utils/bare.py"])
  }

  @Test func limit() throws {
    let blob = try #require(ObjectID(hex: String(repeating: "2", count: 40)))
    let changes = (0...Inventory.limit).map { number in
      SourceChange(
        path: "utils/u\(number).py",
        entry: SourceEntry(path: "utils/u\(number).py", id: blob, kind: .file))
    }
    #expect(throws: TooManyFiles.self) { try TreeParts(changes, size: 100) }
    #expect(try TreeParts(changes.dropLast(), size: 100).utilities.count == Inventory.limit / 100)
  }
}
