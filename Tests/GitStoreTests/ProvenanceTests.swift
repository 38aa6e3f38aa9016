import Testing
import TestSupport
import UtilityModel

@testable import GitStore

/// `lastChanges` and `history` against `git log` and against a plain model, on seeded random DAGs.
@Suite struct ProvenanceTests {
  /// How commits are dated.
  enum Dates: CaseIterable { case rising, equal, lying }

  @Test(arguments: 1...6, Dates.allCases)
  func equalsGitLog(seed: Int, dates: Dates) throws {
    let world = try RandomHistory(seed: UInt64(seed), commits: 60, files: 24, dates: dates)
    let handle = try RepositoryHandle(path: world.repository.path)
    let tip = try world.repository.id(of: "main")
    let answer = try handle.lastChanges(branchTip: tip, units: world.units)
    for (unit, paths) in world.units {
      let expected = try world.repository.git(
        "log", "-1", "--format=%H", "main", "--", paths[0], paths[1])
      #expect(answer[unit]?.commit.hex ?? "" == expected, "\(unit)")
      if let commit = answer[unit]?.commit {
        #expect(answer[unit]?.approvedBy == world.approver(of: commit, tip: tip))
      }
    }
  }

  @Test(arguments: 1...12, Dates.allCases)
  func equalsModelWithKnown(seed: Int, dates: Dates) throws {
    let world = try RandomHistory(seed: UInt64(100 + seed), commits: 300, files: 240, dates: dates)
    let handle = try RepositoryHandle(path: world.repository.path)
    let tip = try world.repository.id(of: "main")
    var generator = SeededGenerator(seed: UInt64(seed))
    for known in [nil, world.ancestors(of: tip).sorted().randomElement(using: &generator)] {
      let answer = try handle.lastChanges(branchTip: tip, units: world.units, known: known)
      for (unit, paths) in world.units {
        let expected = world.lastChange(of: paths, from: tip, known: known)
        #expect(answer[unit]?.commit == expected, "\(unit)")
        guard let expected else { continue }
        #expect(answer[unit]?.approvedBy == world.approver(of: expected, tip: tip))
      }
    }
  }

  @Test(arguments: 1...4)
  func historyEqualsGitLog(seed: Int) throws {
    let world = try RandomHistory(seed: UInt64(seed), commits: 80, files: 10, dates: .rising)
    let handle = try RepositoryHandle(path: world.repository.path)
    let tip = try world.repository.id(of: "main")
    for paths in world.units.values {
      let expected = try world.repository.git(
        "log", "--format=%H", "main", "--", paths[0], paths[1])
      let history = try handle.history(of: paths, from: tip, limit: .max)
      #expect(history.map(\.commit.id.hex).joined(separator: "\n") == expected)
      for entry in history {
        #expect(entry.blob == world.content(of: paths[0], at: entry.commit.id))
      }
      let short = try handle.history(of: paths, from: tip, limit: 2)
      #expect(short == Array(history.prefix(2)))
    }
  }

  @Test(arguments: 1...3)
  func ancestryIgnoresDates(seed: Int) throws {
    let world = try RandomHistory(seed: UInt64(seed), commits: 60, files: 4, dates: .lying)
    let handle = try RepositoryHandle(path: world.repository.path)
    let tip = try world.repository.id(of: "main")
    for one in world.ancestors(of: tip).sorted().prefix(12) {
      let reachable = world.ancestors(of: one)
      for other in world.ancestors(of: tip).sorted().suffix(12) {
        #expect(try handle.isAncestor(other, of: one) == reachable.contains(other))
      }
    }
  }

  @Test(arguments: 1...20, Dates.allCases)
  func newCommitsIgnoreDates(seed: Int, dates: Dates) throws {
    let world = try RandomHistory(seed: UInt64(seed), commits: 60, files: 4, dates: dates)
    let handle = try RepositoryHandle(path: world.repository.path)
    let all = world.ancestors(of: try world.repository.id(of: "main")).sorted()
    var generator = SeededGenerator(seed: UInt64(seed))
    for _ in 0..<40 {
      let tips = all.shuffled(using: &generator).prefix(2)
      let known = all.shuffled(using: &generator).prefix(Int.random(in: 1...2, using: &generator))
      let expected = tips.reduce(into: Set<ObjectID>()) { $0.formUnion(world.ancestors(of: $1)) }
        .subtracting(known.reduce(into: []) { $0.formUnion(world.ancestors(of: $1)) })
      let found = try handle.commits(
        reachedBy: Array(tips), without: Array(known), limit: .max)
      #expect(Set(found.map(\.id)) == expected && found.count == expected.count)
      var seen: Set<ObjectID> = []
      for commit in found {
        #expect(commit.parents.allSatisfy { seen.contains($0) || !expected.contains($0) })
        seen.insert(commit.id)
      }
    }
  }

  @Test func oneOldDateCostsNoWalkToTheStart() throws {
    let repository = try TemporaryRepository()
    for number in 0..<60 {
      try repository.commit(["a": "\(number)"], time: 1_600_000_000 + number)
    }
    try repository.git("branch", "side", "main")
    let known = try repository.commit(["a": "old"], time: 1)
    let side = try repository.commit(["b": "new"], branch: "side", time: 1_700_000_000)
    let main = try repository.commit(["a": "new"], time: 1_700_000_000)
    let handle = try RepositoryHandle(path: repository.path)
    let found = try handle.commits(reachedBy: [main, side], without: [known], limit: 20)
    #expect(Set(found.map(\.id)) == [main, side])
  }

  @Test func squashedAndDirectPushesHaveNoApprover() throws {
    let repository = try TemporaryRepository()
    let first = try repository.commit(["utils/a.py": "1"], author: "Zoë")
    let handle = try RepositoryHandle(path: repository.path)
    let answer = try handle.lastChanges(branchTip: first, units: ["a": ["utils/a.py"], "b": ["x"]])
    #expect(answer.count == 1)
    #expect(answer["a"]?.approvedBy == "")
    #expect(answer["a"]?.author == "Zoë")
    #expect(answer["a"]?.authoredAt == 1_700_000_000_000)
    let nothing = try handle.lastChanges(
      branchTip: first, units: ["a": ["utils/a.py"]], known: first)
    #expect(nothing.isEmpty)
  }

  @Test func unitsMayShareAPath() throws {
    let repository = try TemporaryRepository()
    let tip = try repository.commit(["utils/a.py": "1"])
    let handle = try RepositoryHandle(path: repository.path)
    let answer = try handle.lastChanges(
      branchTip: tip, units: ["a": ["utils/a.py"], "b": ["utils/a.py"], "c": ["utils/a.py"]])
    #expect(answer.count == 3)
  }

  @Test func theLimitIsNamed() throws {
    let repository = try TemporaryRepository()
    for number in 0..<5 { try repository.commit(["utils/a.py": "\(number)"]) }
    let handle = try RepositoryHandle(path: repository.path)
    let tip = try repository.id(of: "main")
    let error = #expect(throws: GitError.self) {
      try handle.lastChanges(branchTip: tip, units: ["a": ["utils/a.py"]], limit: 3)
    }
    #expect(error?.code == .tooLarge)
  }
}
