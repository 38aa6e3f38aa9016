import GitStore
import Reconciliation
import TestSupport
import Testing
import UtilityModel

@Suite("UtilityLineage")
struct UtilityLineageTests {
  private static let body = (0..<20).map { "line \($0)\n" }.joined()
  private static let other = (0..<20).map { "another \($0)\n" }.joined()

  /// The commits of a file's history, newest first.
  private func history(
    of path: String, from tip: ObjectID, in repository: TemporaryRepository
  ) throws -> [ObjectID] {
    try UtilityLineage(path: repository.path).lineage(
      of: path, from: tip, limit: 100, in: RepositoryHandle(path: repository.path)
    ).entries.map(\.commit.id)
  }

  /// A file's text at a commit of its history.
  private func text(
    of path: String, at commit: ObjectID, from tip: ObjectID, in repository: TemporaryRepository
  ) throws -> String? {
    let handle = try RepositoryHandle(path: repository.path)
    let blob = try UtilityLineage(path: repository.path)
      .blob(of: path, from: tip, at: commit, in: handle)
    return try blob.map { String(decoding: try handle.blob($0, limit: 1000), as: UTF8.self) }
  }

  @Test("a new file under the name of one that was renamed in the same commit has no past")
  func replaced() throws {
    let repository = try TemporaryRepository()
    let first = try repository.commit(["utils/a.py": Self.body], time: 1)
    let split = try repository.commit(
      ["utils/a.py": Self.other, "utils/b.py": Self.body + "b\n"], time: 2)
    let tip = try repository.commit(["utils/a.py": Self.other + "more\n"], time: 3)
    #expect(try history(of: "utils/b.py", from: tip, in: repository) == [split, first])
    #expect(try history(of: "utils/a.py", from: tip, in: repository) == [tip, split])
    #expect(try text(of: "utils/b.py", at: first, from: tip, in: repository) == Self.body)
    #expect(try text(of: "utils/a.py", at: first, from: tip, in: repository) == nil)
    #expect(try text(of: "utils/a.py", at: split, from: tip, in: repository) == Self.other)
  }

  @Test("a new file under the name of one that was renamed long before has no past")
  func reused() throws {
    let repository = try TemporaryRepository()
    let first = try repository.commit(["utils/a.py": Self.body], time: 1)
    let moved = try repository.commit(["utils/a.py": nil, "utils/b.py": Self.body], time: 2)
    let tip = try repository.commit(["utils/a.py": Self.other], time: 3)
    #expect(try history(of: "utils/a.py", from: tip, in: repository) == [tip])
    #expect(try text(of: "utils/a.py", at: first, from: tip, in: repository) == nil)
    #expect(try history(of: "utils/b.py", from: tip, in: repository) == [moved, first])
  }

  @Test("files that change places take their pasts along")
  func swapped() throws {
    let repository = try TemporaryRepository()
    let one = try repository.commit(["utils/a.py": Self.body], time: 1)
    let two = try repository.commit(["utils/b.py": Self.other], time: 2)
    let tip = try repository.commit(["utils/a.py": Self.other, "utils/b.py": Self.body], time: 3)
    #expect(try history(of: "utils/a.py", from: tip, in: repository) == [tip, two])
    #expect(try history(of: "utils/b.py", from: tip, in: repository) == [tip, one])
    #expect(try text(of: "utils/a.py", at: two, from: tip, in: repository) == Self.other)
    #expect(try text(of: "utils/b.py", at: two, from: tip, in: repository) == Self.body)
  }

  @Test("what a sidecar declares is followed, and so is a removed file that is back")
  func declaredAndBack() throws {
    let repository = try TemporaryRepository()
    let first = try repository.commit(
      ["utils/a.py": Self.body, "utils/a.yaml": "description: a\n"], time: 1)
    let renamed = try repository.commit(
      [
        "utils/a.py": nil, "utils/a.yaml": nil, "utils/b.py": Self.other,
        "utils/b.yaml": "description: b\nrenamed_from: a\n",
      ], time: 2)
    let gone = try repository.commit(["utils/b.py": nil, "utils/b.yaml": nil], time: 3)
    let tip = try repository.commit(
      ["utils/b.py": Self.body, "utils/b.yaml": "description: b\nrenamed_from: a\n"], time: 4)
    #expect(
      try history(of: "utils/b.py", from: tip, in: repository) == [tip, gone, renamed, first])
    #expect(try text(of: "utils/b.py", at: first, from: tip, in: repository) == Self.body)
  }

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
    let utilities = try UtilityLineage(path: repository.path)
    let lineage = try utilities.lineage(
      of: "utils/sub/new.py", from: sidecar, limit: 100, in: handle)
    #expect(lineage.entries.map(\.commit.id) == [sidecar, moved, changed, first])
    #expect(
      lineage.entries.map(\.path)
        == ["utils/sub/new.py", "utils/sub/new.py", "utils/old.py", "utils/old.py"])
    #expect(lineage.entries.allSatisfy { $0.blob != nil })
    let newest = try utilities.lineage(
      of: "utils/sub/new.py", from: sidecar, limit: 3, in: handle)
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
    func text(_ commit: ObjectID, from tip: ObjectID) throws -> String? {
      try self.text(of: "utils/b.py", at: commit, from: tip, in: repository)
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
    let lineage = try UtilityLineage(path: repository.path)
      .lineage(of: "utils/b.py", from: tip, limit: 100, in: handle)
    #expect(lineage.entries.map(\.commit.id) == [side, base])
    let approvers = try handle.approvers(of: lineage.entries.map(\.commit), from: tip)
    #expect(approvers == [side: "Mona", base: ""])
  }
}
