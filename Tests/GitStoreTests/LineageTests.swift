import TestSupport
import Testing
import UtilityModel

@testable import GitStore

@Suite("Lineage")
struct LineageTests {
  private static let body = (0..<20).map { "line \($0)\n" }.joined()

  @Test("follows renames, with approvers, and stops where the file began")
  func renames() throws {
    let repository = try TemporaryRepository()
    let first = try repository.commit(
      ["utils/old.py": Self.body, "utils/old.yaml": "a", "utils/other.py": "x"], time: 1)
    try repository.commit(["utils/other.py": "y"], time: 2)
    let changed = try repository.commit(["utils/old.py": Self.body + "more\n"], time: 3)
    let moved = try repository.commit(
      [
        "utils/old.py": nil, "utils/old.yaml": nil, "utils/sub/new.py": Self.body + "more 2\n",
        "utils/sub/new.yaml": "a",
      ], time: 4)
    let sidecar = try repository.commit(["utils/sub/new.yaml": "b"], time: 5)
    let handle = try RepositoryHandle(path: repository.path)
    let lineage = try handle.lineage(of: "utils/sub/new.py", from: sidecar, limit: 100)
    #expect(lineage.entries.map(\.commit.id) == [sidecar, moved, changed, first])
    #expect(
      lineage.entries.map(\.path)
        == ["utils/sub/new.py", "utils/sub/new.py", "utils/old.py", "utils/old.py"])
    #expect(lineage.entries.allSatisfy { $0.blob != nil })
    let newest = try handle.lineage(of: "utils/sub/new.py", from: sidecar, limit: 3)
    #expect(newest.entries.map(\.commit.id) == [sidecar, moved, changed])
    #expect(
      try handle.approvers(of: lineage.entries.map(\.commit), from: sidecar).values
        .allSatisfy(\.isEmpty))
  }

  @Test("gives the file of the path that was its own at the commit, and no other's")
  func source() throws {
    let repository = try TemporaryRepository()
    let first = try repository.commit(
      ["utils/a.py": Self.body, "utils/b.py": "stranger\n"], time: 1)
    let gone = try repository.commit(["utils/b.py": nil], time: 2)
    let moved = try repository.commit(["utils/a.py": nil, "utils/b.py": Self.body], time: 3)
    let reused = try repository.commit(["utils/a.py": "another\n"], time: 4)
    let linked = try repository.commit(["utils/b.py": nil], time: 5)
    try repository.commit(["utils/secret.py": "s"], branch: "hidden", time: 6)
    let hidden = try repository.id(of: "hidden")
    let handle = try RepositoryHandle(path: repository.path)
    func text(_ commit: ObjectID, from tip: ObjectID) throws -> String? {
      guard let blob = try handle.blob(of: "utils/b.py", from: tip, at: commit) else { return nil }
      return String(decoding: try handle.blob(blob, limit: 1000), as: UTF8.self)
    }
    for commit in [first, gone, moved, reused] {
      #expect(try text(commit, from: reused) == Self.body, "\(commit)")
    }
    #expect(try text(linked, from: linked) == nil)
    #expect(try text(linked, from: reused) == nil)
    #expect(try text(hidden, from: linked) == nil)
  }

  @Test("an unlike file is no former one, and a merge names its committer")
  func unlikeAndMerged() throws {
    let repository = try TemporaryRepository()
    try repository.commit(["utils/a.py": "1\n2\n3\n4\n"], time: 1)
    let base = try repository.commit(["utils/a.py": nil, "utils/b.py": Self.body], time: 2)
    try repository.git("branch", "side", base.hex)
    let side = try repository.commit(["utils/b.py": Self.body + "s"], branch: "side", time: 3)
    try repository.commit(["utils/c.py": "c"], time: 4)
    let tree = try repository.git("merge-tree", "--write-tree", "main", "side")
    let merge = try repository.git(
      "commit-tree", tree, "-p", "main", "-p", "side", "-m", "merge",
      environment: ["GIT_COMMITTER_NAME": "Mona"])
    let tip = try #require(ObjectID(hex: merge))
    let handle = try RepositoryHandle(path: repository.path)
    let lineage = try handle.lineage(of: "utils/b.py", from: tip, limit: 100)
    #expect(lineage.entries.map(\.commit.id) == [side, base])
    let approvers = try handle.approvers(of: lineage.entries.map(\.commit), from: tip)
    #expect(approvers == [side: "Mona", base: ""])
  }
}
