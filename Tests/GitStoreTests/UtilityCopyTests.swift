import Glibc
import Testing
import TestSupport
import UtilityModel

@testable import GitStore

/// Utilities that go from one repository to another, as git sees them.
@Suite("A copy of utilities")
struct UtilityCopyTests {
  let source: TemporaryRepository
  let target: TemporaryRepository
  let files: [String: String] = [
    "utils/a/one.py": "one\n", "utils/a/one.yaml": "description: 1\n", "utils/two.py": "two\n",
    "utils/two.yml": "description: 2\n", "lib/words.py": "WORD = 1\n",
    "utils/readme.md": "no\n", "tenant.yaml": "userid: 1\n", "lib/data.bin": "no\n",
  ]
  let copied = [
    "lib/words.py", "utils/a/one.py", "utils/a/one.yaml", "utils/two.py", "utils/two.yml",
  ]

  init() throws {
    (source, target) = (try TemporaryRepository(), try TemporaryRepository())
    try source.commit(files.mapValues { $0 })
  }

  private func copy(branch: String = "main") throws -> UtilityCopy.Outcome {
    let plan = UtilityCopy(
      branch: branch, author: CommitIdentity(name: "Olga", email: "olga@example.com"),
      committer: CommitIdentity(name: "Agent", email: "agent@example.com"))
    let from = try RepositoryHandle(path: source.path)
    return try plan.run(
      from: from, at: source.id(of: "main"), to: try RepositoryHandle(path: target.path)
    ) { "Copy \($0) and \($1)\n" }
  }

  private func names(_ branch: String = "main") throws -> [String] {
    try target.git("ls-tree", "-r", "--name-only", branch).split(separator: "\n").map(String.init)
  }

  @Test("an empty repository gets a first commit of all of them, by id")
  func empty() throws {
    let outcome = try copy()
    #expect(outcome.utilities == 2 && outcome.modules == 1)
    #expect(try outcome.commit == target.id(of: "main"))
    #expect(try names() == copied)
    for path in copied {
      #expect(try target.id(of: "main:\(path)") == source.id(of: "main:\(path)"))
    }
    #expect(
      try target.git("log", "--format=%an <%ae>|%cn <%ce>|%s|%P")
        == "Olga <olga@example.com>|Agent <agent@example.com>|Copy 2 and 1|")
    try target.git("fsck", "--strict")
    #expect(try copy() == UtilityCopy.Outcome())
    #expect(try target.git("rev-list", "--count", "main") == "1")
  }

  @Test("what is there stays, and a mode is kept")
  func onTop() throws {
    try source.fastImport(
      """
      commit refs/heads/main
      committer Cora <cora@example.com> 1700000001 +0000
      data 4
      runs
      M 100755 inline utils/runs.py
      data 5
      runs

      """)
    let former = try target.commit(["utils/own.py": "own\n", "README": "hi\n"], branch: "release")
    let outcome = try copy(branch: "release")
    #expect(outcome.utilities == 1)
    #expect(try names("release") == ["README", "utils/own.py", "utils/runs.py"])
    #expect(try target.id(of: "release^") == former)
    #expect(try target.git("ls-tree", "release", "utils/runs.py").hasPrefix("100755 "))
  }

  @Test(
    "a name that is taken, in any case and any folder, is told, and nothing is written",
    arguments: [
      ("utils/two.py", "other\n"), ("utils/sub/TWO.py", "two\n"), ("lib/Words.py", "WORD = 1\n"),
    ])
  func conflict(_ path: String, _ content: String) throws {
    let head = try target.commit([path: content])
    let error = #expect(throws: GitError.self) { try copy() }
    #expect(error?.code == .exists && error?.cause.contains(path) == true)
    #expect(try target.id(of: "main") == head)
  }

  @Test("links, submodules and paths that are not safe do not come along")
  func foreign() throws {
    try source.fastImport(
      """
      commit refs/heads/main
      committer Cora <cora@example.com> 1700000001 +0000
      data 4
      more
      from refs/heads/main^0
      M 120000 inline utils/link.py
      data 11
      /etc/passwd
      M 160000 1111111111111111111111111111111111111111 utils/module.py

      """)
    _ = try copy()
    #expect(try names() == copied)
  }

  @Test("a source without the objects is told, and nothing is written")
  func damaged() throws {
    let id = try source.id(of: "main:utils/two.py").hex
    try #require(unlink(source.path + "/objects/\(id.prefix(2))/\(id.dropFirst(2))") == 0)
    #expect(throws: GitError.self) { try copy() }
    #expect(try target.git("for-each-ref") == "")
  }

  @Test(
    "identities as git writes them, and nothing else",
    arguments: [
      ("Olga Ott <o@x.y>", true), ("  Olga  <o@x.y>", true), ("Olga", false), ("<o@x.y>", false),
      ("Olga <>", false), ("O <a> <b>", false), ("O\n <a@b>", false), ("Olga <a b>", false),
    ])
  func identities(_ text: String, _ isFine: Bool) {
    #expect((CommitIdentity(text) != nil) == isFine)
    if isFine { #expect(CommitIdentity(text)?.name.first == "O") }
  }
}
