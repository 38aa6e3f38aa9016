import Foundation
import Synchronization
import TestSupport
import Testing
import UtilityModel

@testable import GitStore

/// Opening, refs, trees and blobs of real repositories.
@Suite struct RepositoryHandleTests {
  private func code(of body: () throws -> Void) -> GitError.Code? {
    do {
      try body()
      return nil
    } catch {
      let text = "\(error)"
      #expect(!text.contains(NSTemporaryDirectory()), "an absolute path: \(text)")
      return (error as? GitError)?.code
    }
  }

  @Test func readsBareAndNonBare() throws {
    let folder = try TemporaryFolder()
    for (name, bare) in [("a.git", true), ("b", false)] {
      let repository = try TemporaryRepository(at: folder.path + "/" + name, bare: bare)
      let id = try repository.commit(["utils/a.py": "a", "lib/x/y.py": "y", "README": "no"])
      try repository.commit(["utils/a.py": "b"], branch: "feature/a/b")
      let handle = Mutex(try RepositoryHandle(path: repository.path))
      try handle.withLock { handle in
        #expect(try Set(handle.branches().keys) == ["main", "feature/a/b"])
        #expect(try handle.commit(ofBranch: "main") == id)
        #expect(try handle.commit(ofBranch: "nothing") == nil)
        #expect(try handle.commit(ofBranch: "../../x") == nil)
        let tree = try handle.commit(id).tree
        let files = try handle.files(in: tree, under: ["utils", "lib", "tenant.yaml"])
        #expect(files.map(\.path) == ["lib/x/y.py", "utils/a.py"])
        #expect(try handle.blob(files[1].id, limit: 1) == Array("a".utf8))
        #expect(try handle.blobSize(files[1].id) == 1)
        #expect(code { _ = try handle.blob(files[1].id, limit: 0) } == .tooLarge)
        #expect(code { _ = try handle.blob(tree, limit: 100) } == .corrupt)
        #expect(try handle.resolve(String(id.hex.prefix(8))) == id)
        #expect(try handle.resolve("feature/a/b~0") != id)
        #expect(code { _ = try handle.resolve("deadbeef") } == .notFound)
        #expect(code { _ = try handle.resolve("a..b") } != nil)
        #expect(code { _ = try handle.tip(ofBranch: "trial") } == .missingBranch)
      }
    }
    #expect(try tenantDirectories(root: folder.path).keys.sorted() == ["a", "b"])
  }

  @Test func findsCommitsByTheirIDsAlone() throws {
    let repository = try TemporaryRepository()
    let old = try repository.commit(["a.py": "a"])
    let new = try repository.commit(["a.py": "b"])
    // Named like the older commit, and leading elsewhere.
    for name in [old.hex, String(old.hex.prefix(10))] {
      try repository.git("update-ref", "refs/heads/\(name)", new.hex)
      try repository.git("update-ref", "refs/tags/\(name)", new.hex)
    }
    try repository.git("tag", "-a", "-m", "t", "v1", old.hex)
    let handle = try RepositoryHandle(path: repository.path)
    #expect(try handle.commit(named: old.hex) == old)
    #expect(try handle.commit(named: String(old.hex.prefix(10))) == old)
    #expect(try handle.commit(named: old.hex.prefix(12).uppercased()) == old)
    #expect(try handle.commit(named: repository.id(of: "v1").hex) == old)
    #expect(try handle.commit(named: handle.commit(old).tree.hex) == nil)
    for nothing in ["main", "v1", "HEAD", "", "abc", "f00dfeed", String(repeating: "f", count: 41)]
    {
      #expect(try handle.commit(named: nothing) == nil, "\(nothing)")
    }
  }

  @Test func aShortNameIsTheCommitsThatBeginSo() throws {
    let repository = try TemporaryRepository()
    var stream = ""
    for number in 0..<900 {
      stream += "commit refs/heads/main\ncommitter C <c@example.com> 1700000000 +0000\ndata 1\nc\n"
      stream += "M 100644 inline a.py\ndata \("\(number)".utf8.count)\n\(number)\n"
    }
    try repository.fastImport(stream)
    var commits: [Substring: [String]] = [:]
    var others: Set<Substring> = []
    let objects = try repository.git(
      "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)")
    for line in objects.split(separator: "\n") {
      let parts = line.split(separator: " ")
      if parts[0] == "commit" {
        commits[parts[1].prefix(4), default: []].append(String(parts[1]))
      } else {
        others.insert(parts[1].prefix(4))
      }
    }
    // The ids are the same in every run: both kinds of namesakes are among them.
    let handle = try RepositoryHandle(path: repository.path)
    let twins = commits.filter { $0.value.count == 1 && others.contains($0.key) }
    let several = commits.filter { $0.value.count > 1 }
    try #require(!twins.isEmpty && !several.isEmpty)
    for (prefix, found) in twins {
      #expect(try handle.commit(named: String(prefix))?.hex == found[0])
    }
    for (prefix, found) in several {
      #expect(code { _ = try handle.commit(named: String(prefix)) } == .ambiguous)
      #expect(try handle.commit(named: found[1])?.hex == found[1])
    }
  }

  @Test func refusesWhatIsNoRepository() throws {
    let folder = try TemporaryFolder()
    #expect(code { _ = try RepositoryHandle(path: folder.path) } == .notARepository)
    #expect(code { _ = try RepositoryHandle(path: folder.path + "/gone") } == .notFound)
    let path = folder.path + "/new.git"
    _ = try TemporaryRepository(at: path, format: "sha256")
    #expect(code { _ = try RepositoryHandle(path: path) } == .unsupportedFormat)
    let empty = try TemporaryRepository()
    let handle = try RepositoryHandle(path: empty.path)
    #expect(try handle.branches().isEmpty)
    #expect(code { _ = try handle.tip(ofBranch: "main") } == .emptyRepository)
    #expect(code { _ = try handle.resolve("main") } == .emptyRepository)
  }

  @Test(.enabled(if: geteuid() == 0)) func refusesAnotherUsersRepository() throws {
    let repository = try TemporaryRepository()
    #expect(chown(repository.path, 65534, 65534) == 0)
    #expect(code { _ = try RepositoryHandle(path: repository.path) } == .ownership)
  }

  @Test func refusesAlternatesOutside() throws {
    let (one, other) = (try TemporaryRepository(), try TemporaryRepository())
    let file = one.path + "/objects/info/alternates"
    try (other.path + "/objects\n").write(toFile: file, atomically: true, encoding: .utf8)
    #expect(code { _ = try RepositoryHandle(path: one.path) } == .other)
    try FileManager.default.createDirectory(
      atPath: one.path + "/objects/more", withIntermediateDirectories: true)
    try "more\n".write(toFile: file, atomically: true, encoding: .utf8)
    #expect(code { _ = try RepositoryHandle(path: one.path) } == nil)
  }

  @Test func missingAndTruncatedObjectsAreCorrupt() throws {
    let repository = try TemporaryRepository()
    let blobs = try ["one", "two"].map {
      try repository.git("hash-object", "-w", "--stdin", input: $0)
    }
    func path(_ id: String) -> String {
      "\(repository.path)/objects/\(id.prefix(2))/\(id.dropFirst(2))"
    }
    let handle = try RepositoryHandle(path: repository.path)
    let ids = blobs.compactMap { ObjectID(hex: $0) }
    try FileManager.default.removeItem(atPath: path(blobs[0]))
    chmod(path(blobs[1]), 0o600)
    #expect(truncate(path(blobs[1]), 9) == 0)
    for id in ids {
      #expect(code { _ = try handle.blob(id, limit: 100) } == .corrupt)
    }
  }

  @Test func brokenBranchesBreakNoOthers() throws {
    let repository = try TemporaryRepository()
    let id = try repository.commit(["utils/a.py": "a"])
    try repository.git("tag", "-a", "v1", "-m", "tag", "main")
    let tag = try repository.git("rev-parse", "v1")
    let blob = try repository.git("rev-parse", "main:utils/a.py")
    let heads = repository.path + "/refs/heads/"
    for (name, target) in [
      ("tagged", tag), ("blob", blob), ("missing", String(repeating: "1", count: 40)),
      ("garbage", "hello"), ("symbolic", "ref: refs/heads/main"),
      ("unborn", "ref: refs/heads/nowhere"),
    ] {
      try (target + "\n").write(toFile: heads + name, atomically: true, encoding: .utf8)
    }
    let handle = try RepositoryHandle(path: repository.path)
    #expect(try handle.branches() == ["main": id, "tagged": id, "symbolic": id])
    for name in ["blob", "missing", "garbage"] {
      #expect(code { _ = try handle.commit(ofBranch: name) } == .corrupt, "\(name)")
    }
    #expect(try handle.commit(ofBranch: "unborn") == nil)
    let other = try repository.commit(["utils/a.py": "b"], branch: "other")
    try repository.git("replace", id.hex, other.hex)
    #expect(try handle.commit(id).message == "change")
    #expect(try handle.commit(id).id == id)
  }

  @Test func findsWhatArrivesAndMovesAfterOpening() throws {
    let repository = try TemporaryRepository()
    try repository.commit(["utils/a.py": "0"])
    let handle = try RepositoryHandle(path: repository.path)
    for number in 1...6 {
      let id = try repository.commit(["utils/a.py": "\(number)"])
      if number.isMultiple(of: 2) { try repository.git("repack", "-a", "-d", "-q") }
      let file = try #require(try handle.files(in: id, under: ["utils"]).first)
      #expect(try handle.blob(file.id, limit: 9) == Array("\(number)".utf8))
      try repository.git("gc", "-q", "--prune=now")
      #expect(try handle.resolve("main~\(number)") != id)
    }
    try FileManager.default.removeItem(atPath: repository.path)
    #expect(code { _ = try handle.tip(ofBranch: "main") } == .notFound)
  }

  @Test func changesEqualGitDiff() throws {
    let world = try RandomHistory(seed: 7, commits: 60, files: 40, dates: .rising)
    let handle = try RepositoryHandle(path: world.repository.path)
    for number in stride(from: 1, to: 25, by: 3) {
      let (old, new) = ("main~\(number)", "main")
      guard let before = try? world.repository.id(of: old) else { continue }
      let after = try world.repository.id(of: new)
      let lines = try world.repository.git("diff", "--no-renames", "--name-status", old, new)
      let expected = lines.split(separator: "\n").map(String.init)
      let changes = try handle.changes(from: before, to: after, under: ["utils"])
      #expect(
        changes.map { "\($0.old == nil ? "A" : $0.new == nil ? "D" : "M")\t\($0.path)" } == expected
      )
    }
  }

  @Test func oddEntriesAreMarked() throws {
    let repository = try TemporaryRepository()
    try repository.fastImport(
      """
      commit refs/heads/main
      committer C <c@example.com> 1 +0000
      data 0
      M 100755 inline utils/run.py
      data 1
      x
      M 120000 inline utils/link.py
      data 1
      x
      M 160000 1111111111111111111111111111111111111111 utils/sub
      M 100644 inline "utils/\\377.py"
      data 1
      x

      """)
    let handle = try RepositoryHandle(path: repository.path)
    let files = try handle.files(in: try handle.resolve("main"), under: ["utils"])
    #expect(files.map(\.mode) == [.symlink, .executable, .submodule, .regular])
    #expect(files.map(\.validPath) == [true, true, true, false])
  }

  @Test func treeBombsAreRefused() throws {
    let repository = try TemporaryRepository()
    var tree = try repository.git("mktree", input: "")
    for _ in 0..<40 {
      tree = try repository.git(
        "mktree", input: "040000 tree \(tree)\ta\n040000 tree \(tree)\tb\n")
    }
    let handle = try RepositoryHandle(path: repository.path)
    let wide = try #require(ObjectID(hex: tree))
    #expect(code { _ = try handle.files(in: wide, under: ["a"]) } == .tooLarge)
    tree = try repository.git("mktree", input: "")
    for _ in 0..<70 { tree = try repository.git("mktree", input: "040000 tree \(tree)\ta\n") }
    let deep = try #require(ObjectID(hex: tree))
    #expect(code { _ = try handle.files(in: deep, under: ["a"]) } == .tooLarge)
  }

  @Test func similarityIsAPercentage() throws {
    let repository = try TemporaryRepository()
    let handle = try RepositoryHandle(path: repository.path)
    let lines = (0..<100).map { "line \($0)\n" }
    let one = Array(lines.joined().utf8)
    let near = Array((lines.dropLast(5) + ["new\n"]).joined().utf8)
    let far = Array((0..<100).map { "other \($0 * 7)\n" }.joined().utf8)
    #expect(handle.similarity(one, one) == 100)
    #expect(handle.similarity(one, near) > 80)
    #expect(handle.similarity(one, far) < 30)
    #expect(handle.similarity(one, []) == 0)
  }
}
