import Foundation
import TestSupport
import Testing
import UtilityModel

@testable import GitStore

/// `lastChanges` on histories that real git commands made, against `git log` and the definition of
/// `approved_by`.
@Suite struct ProvenanceShapesTests {
  /// A work tree that is driven by git itself.
  private struct Work {
    let repository: TemporaryRepository
    private let clock = Clock()
    private final class Clock { var seconds = 1_700_000_000 }

    init() throws { repository = try TemporaryRepository(bare: false) }

    @discardableResult
    func git(_ arguments: String..., by name: String = "Ann") throws -> String {
      clock.seconds += 60
      let who = [
        "GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": "\(name)@example.com",
        "GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": "\(name)@example.com",
        "GIT_AUTHOR_DATE": "\(clock.seconds) +0000", "GIT_COMMITTER_DATE": "\(clock.seconds) +0000",
      ]
      return try TemporaryRepository.git(
        arguments, in: repository.path, environment: who)
    }

    /// Writes files (nil removes), and commits them.
    func commit(_ files: [String: String?], by name: String = "Ann") throws {
      try stage(files)
      try git("commit", "-q", "--allow-empty", "-m", "change", by: name)
    }

    func stage(_ files: [String: String?]) throws {
      for (path, text) in files {
        let url = URL(fileURLWithPath: repository.path + "/" + path)
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        if let text {
          try Data(text.utf8).write(to: url)
        } else {
          try FileManager.default.removeItem(at: url)
        }
      }
      try git("add", "-A")
    }

    func branch(_ name: String, from start: String = "main") throws {
      try git("checkout", "-q", "-b", name, start)
    }
    func main() throws { try git("checkout", "-q", "main") }
  }

  private static func text(_ name: String, _ changed: Int? = nil) -> String {
    (0..<12).map { "\(name) \($0)\($0 == changed ? " changed" : "")\n" }.joined()
  }

  /// The committer of the first-parent merge that brought a commit in, by asking git.
  private static func approver(_ commit: String, _ work: Work) throws -> String {
    let chain = try work.git("rev-list", "--first-parent", "--reverse", "main").split(
      separator: "\n")
    for carrier in chain.map(String.init) {
      let base = try work.git("merge-base", commit, carrier)
      guard base == commit else { continue }
      let parents = try work.git("log", "-1", "--format=%P", carrier).split(separator: " ").count
      if carrier == commit, parents < 2 { return "" }
      return try work.git("log", "-1", "--format=%cn", carrier)
    }
    return "?"
  }

  /// Every file of every commit, now and with each earlier commit as the known one.
  private static func check(_ work: Work, _ place: String) throws {
    let handle = try RepositoryHandle(path: work.repository.path)
    let tip = try work.repository.id(of: "main")
    let all = try work.git("log", "--format=", "--name-only", "-m", "main").split(separator: "\n")
    let units = Dictionary(uniqueKeysWithValues: Set(all.map(String.init)).map { ($0, [$0]) })
    let answer = try handle.lastChanges(branchTip: tip, units: units)
    for path in units.keys.sorted() {
      let expected = try work.git("log", "-1", "--format=%H|%an|%ae|%cn", "main", "--", path)
      let found = answer[path]
      #expect(
        "\(found?.commit.hex ?? "")|\(found?.author ?? "")|\(found?.authorEmail ?? "")|"
          + (found?.committer ?? "") == expected, "\(place): \(path)")
      if let found {
        #expect(found.approvedBy == (try approver(found.commit.hex, work)), "\(place): \(path)")
      }
    }
    // What was known before, and what came since, are the whole.
    for known in try work.git("rev-list", "--first-parent", "main").split(separator: "\n") {
      guard let known = ObjectID(hex: known) else { continue }
      let before = try handle.lastChanges(branchTip: known, units: units)
      let since = try handle.lastChanges(branchTip: tip, units: units, known: known)
      for path in units.keys {
        let joined = (since[path] ?? before[path])?.commit
        // A file that came, went and came back unchanged may keep an older commit; git's answer rules.
        #expect(joined == answer[path]?.commit, "\(place): \(path) since \(known.hex.prefix(7))")
      }
    }
  }

  private static func start() throws -> Work {
    let work = try Work()
    try work.commit(
      ["utils/a.py": text("a"), "utils/b.py": text("b"), "utils/c.py": text("c")], by: "Root")
    return work
  }

  @Test func octopus() throws {
    let work = try Self.start()
    for name in ["a", "b", "c"] {
      try work.branch("side-\(name)")
      try work.commit(["utils/\(name).py": Self.text(name, 3)], by: "Author-\(name)")
      try work.main()
    }
    try work.git("merge", "-q", "-m", "octopus", "side-a", "side-b", "side-c", by: "Olga")
    try Self.check(work, "octopus")
  }

  @Test func cherryPickAndRevert() throws {
    let work = try Self.start()
    try work.branch("side")
    try work.commit(["utils/b.py": Self.text("b", 1)], by: "Sue")
    try work.commit(["utils/a.py": Self.text("a", 1)], by: "Sue")
    try work.main()
    try work.git("cherry-pick", "side", by: "Max")
    try work.git("revert", "--no-edit", "HEAD", by: "Rob")
    try Self.check(work, "reverted")
    try work.git("revert", "--no-edit", "HEAD", by: "Rob")
    try Self.check(work, "reverted twice")
    try work.git("merge", "-q", "--no-ff", "-m", "merge", "side", by: "Mia")
    try Self.check(work, "merged what was picked")
    try work.git("revert", "--no-edit", "-m", "1", "HEAD", by: "Rob")
    try Self.check(work, "a merge reverted")
  }

  @Test func evilMerge() throws {
    let work = try Self.start()
    try work.branch("side")
    try work.commit(["utils/a.py": Self.text("a", 1)], by: "Sue")
    try work.main()
    try work.commit(["utils/b.py": Self.text("b", 1)], by: "Max")
    try work.git("merge", "-q", "--no-ff", "--no-commit", "side", by: "Eve")
    try work.stage(["utils/b.py": Self.text("b", 7), "utils/d.py": Self.text("d")])
    try work.git("commit", "-q", "-m", "evil", by: "Eve")
    try Self.check(work, "evil")
    // And a merge that throws one side away.
    try work.branch("other", from: "main~1")
    try work.commit(["utils/c.py": Self.text("c", 5)], by: "Sue")
    try work.main()
    try work.git("merge", "-q", "-s", "ours", "-m", "ours", "other", by: "Eve")
    try Self.check(work, "ours")
  }

  @Test func renamesAcrossMerges() throws {
    let work = try Self.start()
    try work.branch("side")
    try work.commit(["utils/a.py": nil, "utils/x/z.py": Self.text("a")], by: "Sue")
    try work.commit(["utils/x/z.py": Self.text("a", 2)], by: "Sue")
    try work.main()
    try work.commit(["utils/a.py": Self.text("a", 9)], by: "Max")
    try work.git("merge", "-q", "--no-ff", "-m", "merge", "side", by: "Mia")
    try Self.check(work, "renamed on the side, edited on main")
    try work.branch("late", from: "main~1")
    try work.commit(["utils/b.py": Self.text("b", 4)], by: "Lea")
    try work.main()
    try work.git("mv", "utils/b.py", "utils/y.py")
    try work.git("commit", "-q", "-m", "move", by: "Max")
    try work.git("merge", "-q", "--no-ff", "-m", "merge", "late", by: "Mia")
    try Self.check(work, "renamed on main, edited on the side")
  }

  @Test func crissCross() throws {
    let work = try Self.start()
    try work.branch("side")
    try work.commit(["utils/a.py": Self.text("a", 1)], by: "Sue")
    let side = try work.git("rev-parse", "side")
    try work.main()
    try work.commit(["utils/b.py": Self.text("b", 1)], by: "Max")
    let main = try work.git("rev-parse", "main")
    try work.git("merge", "-q", "--no-ff", "-m", "one", side, by: "Mia")
    try work.git("checkout", "-q", "side")
    try work.git("merge", "-q", "--no-ff", "-m", "other", main, by: "Sid")
    try work.commit(["utils/c.py": Self.text("c", 1)], by: "Sue")
    try work.main()
    try work.commit(["utils/a.py": Self.text("a", 8)], by: "Max")
    try work.git("merge", "-q", "--no-ff", "-m", "criss-cross", "side", by: "Mia")
    try Self.check(work, "criss-cross")
  }

  @Test("similarity is what `git diff -M` shows", arguments: 0..<40)
  func similarity(_ seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let repository = try TemporaryRepository()
    var lines: [String] = []
    for number in 0..<Int.random(in: 2...40, using: &generator) {
      lines.append(
        "\(number) " + String(repeating: "w", count: Int.random(in: 0...90, using: &generator)))
    }
    var changed = lines
    for _ in 0..<Int.random(in: 0...lines.count, using: &generator) {
      let index = Int.random(in: changed.indices, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: changed[index] = "new \(UInt64.random(in: 0...9999, using: &generator))"
      case 1: changed[index] += " longer"
      case 2: changed.insert("inserted", at: index)
      default: changed[index] = lines[index % lines.count]
      }
    }
    // Some versions of git do not count a last line without its end.
    let (old, new) = (lines.map { $0 + "\n" }.joined(), changed.map { $0 + "\n" }.joined())
    try repository.commit(["a": old])
    try repository.commit(["a": nil, "b": new])
    let shown = try repository.git("diff", "-M1%", "--name-status", "main~1", "main")
    let handle = try RepositoryHandle(path: repository.path)
    let ours = handle.similarity(Array(old.utf8), Array(new.utf8))
    if shown.hasPrefix("R") {
      let theirs = Int(shown.dropFirst().prefix(3)) ?? -1
      #expect(ours == theirs, "\(shown)")
    } else {
      #expect(ours <= 1, "\(shown)")
    }
  }
}
