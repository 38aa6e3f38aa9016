import Catalog
import TestSupport
import Testing
import UtilityModel

@testable import Reconciliation

/// Merges of sides that had the same name apart, several that had one name, and dates that lie: the ids
/// are the same whether the agent looks after every commit of the approved branch or once at the end.
@Suite("Identity through merges") struct IdentityMergeTests {
  /// How often the agent looks.
  enum Pace: CaseIterable { case each, lastTwo, all }

  private static func files(
    _ name: String, _ seed: String, edited: Int = 0
  ) -> [String: String?] {
    let lines = (0..<20).map { "x\($0) = '\(seed) \($0)\($0 < edited ? " edited" : "")'" }
    return Rig.files(name, lines.joined(separator: "\n    ") + "\n    return data")
  }
  private static func gone(_ name: String) -> [String: String?] {
    ["utils/\(name).py": nil, "utils/\(name).yaml": nil]
  }

  /// A repository whose commits get later dates, and the agent that looks at it.
  private struct Scene {
    let rig: Rig
    let pace: Pace
    private var time = 1_700_000_000

    init(_ pace: Pace) async throws {
      (rig, self.pace) = (try await Rig(), pace)
    }

    mutating func commit(
      _ files: [String: String?]..., branch: String = "main", time: Int? = nil
    ) throws {
      self.time += 100
      try rig.repository.commit(
        files.reduce(into: [:]) { $0.merge($1) { $1 } }, branch: branch, time: time ?? self.time)
    }

    /// A merge of `other` into `branch`, with what it changes of `branch`.
    mutating func merge(
      _ other: String, into branch: String = "main", _ files: [String: String?]...
    ) throws {
      time += 100
      var stream = "commit refs/heads/\(branch)\ncommitter M <m@example.com> \(time) +0000\n"
      stream += "data 1\nm\nfrom refs/heads/\(branch)^0\nmerge refs/heads/\(other)^0\n"
      for (path, text) in files.joined() {
        if let text {
          stream += "M 100644 inline \(path)\ndata \(text.utf8.count)\n\(text)\n"
        } else {
          stream += "D \(path)\n"
        }
      }
      try rig.repository.fastImport(stream)
    }

    /// The agent looks, if it does between the pushes.
    func push(isBeforeLastTwo: Bool = false) async {
      if pace == .each || pace == .lastTwo && isBeforeLastTwo { await rig.sync() }
    }

    func expect(_ catalog: [String]) async throws {
      await rig.sync()
      try await rig.expect(catalog)
      #expect(await rig.sync(force: true).changed == false)
    }
  }

  @Test("a name that both sides added apart", arguments: Pace.allCases, [0, 3])
  func addedApart(_ pace: Pace, edited: Int) async throws {
    var scene = try await Scene(pace)
    try scene.commit(Self.files("z", "z"))
    await scene.rig.sync()
    try scene.rig.repository.git("branch", "feat", "main")
    try scene.commit(Self.files("n", "one"))
    await scene.push(isBeforeLastTwo: true)
    try scene.commit(Self.files("n", "two"), branch: "feat")
    try scene.commit(["README": "x"])
    await scene.push()
    try scene.merge("feat", Self.files("n", "two", edited: edited))
    try await scene.expect(["n 1002 active", "z 1001 active"])
  }

  @Test(
    "a squashed branch takes the approved one, renames, and is merged", arguments: Pace.allCases)
  func squashedThenMerged(_ pace: Pace) async throws {
    var scene = try await Scene(pace)
    try scene.commit(Self.files("z", "z"))
    await scene.rig.sync()
    try scene.rig.repository.git("branch", "feat", "main")
    try scene.commit(Self.files("n", "n"), branch: "feat")
    try scene.commit(Self.files("n", "n"))
    await scene.push(isBeforeLastTwo: true)
    try scene.merge("main", into: "feat")
    try scene.commit(Self.gone("n"), Self.files("p", "n", edited: 5), branch: "feat")
    try scene.commit(Self.files("z", "z", edited: 2))
    await scene.push()
    try scene.merge("feat", Self.gone("n"), Self.files("p", "n", edited: 5))
    try await scene.expect(["p 1002 active", "z 1001 active"])
  }

  @Test("one that took the name on the first side, one that was added on the other")
  func renamedAndAdded() async throws {
    for pace in Pace.allCases {
      var scene = try await Scene(pace)
      try scene.commit(Self.files("a", "a"), Self.files("z", "z"))
      await scene.rig.sync()
      try scene.rig.repository.git("branch", "feat", "main")
      try scene.commit(Self.gone("a"), Self.files("n", "a"))
      await scene.push(isBeforeLastTwo: true)
      try scene.commit(Self.files("n", "new"), branch: "feat")
      try scene.commit(["README": "x"])
      await scene.push()
      try scene.merge("feat", Self.files("n", "new"))
      try await scene.expect(["n 1001 active", "z 1002 active"])
    }
  }

  @Test("a merge that keeps both under two names")
  func keptBoth() async throws {
    for pace in Pace.allCases {
      var scene = try await Scene(pace)
      try scene.commit(Self.files("z", "z"))
      await scene.rig.sync()
      try scene.rig.repository.git("branch", "feat", "main")
      try scene.commit(Self.files("n", "one"))
      await scene.push(isBeforeLastTwo: true)
      if pace == .all { await scene.rig.sync() }
      try scene.commit(Self.files("n", "two"), branch: "feat")
      try scene.commit(["README": "x"])
      await scene.push()
      try scene.merge("feat", Self.files("n", "two"), Self.files("o", "one"))
      try await scene.expect(["n 1003 active", "o 1002 active", "z 1001 active"])
    }
  }

  @Test("replaced on the side, where the merge changes one name alone")
  func replacedOnTheSide() async throws {
    for pace in Pace.allCases {
      var scene = try await Scene(pace)
      try scene.commit(Self.files("a", "a"), Self.files("z", "z"))
      await scene.rig.sync()
      try scene.rig.repository.git("branch", "feat", "main")
      try scene.commit(Self.gone("a"), Self.files("c", "a"), Self.files("a", "new"), branch: "feat")
      try scene.commit(Self.gone("c"), branch: "feat")
      try scene.commit(["README": "x"])
      await scene.push()
      try scene.merge("feat", Self.files("a", "new"))
      await scene.rig.sync()
      let ids = try await scene.rig.catalog().filter { $0.hasSuffix(" active") }
      #expect(ids == ["a 1003 active", "z 1002 active"], "\(pace)")
    }
  }

  @Test("two that were removed under one name come back one after the other")
  func twoReturn() async throws {
    for pace in Pace.allCases {
      var scene = try await Scene(pace)
      try scene.commit(Self.files("a", "a"), Self.files("n", "n"), Self.files("z", "z"))
      await scene.rig.sync()
      try scene.commit(Self.gone("a"))
      await scene.rig.sync()
      try scene.commit(Self.gone("n"), Self.files("a", "n"))
      try scene.commit(Self.gone("a"))
      await scene.rig.sync()
      try scene.commit(Self.files("a", "n"))
      await scene.push()
      try scene.commit(Self.gone("a"), Self.files("m", "n", edited: 3))
      await scene.push(isBeforeLastTwo: true)
      try scene.commit(Self.files("a", "a"))
      await scene.push()
      try scene.commit(["README": "x"])
      try await scene.expect(["a 1001 active", "m 1002 active", "z 1003 active"])
    }
  }

  @Test("new ones of two branches that come to one name by renames")
  func renamedToOneName() async throws {
    for pace in Pace.allCases {
      var scene = try await Scene(pace)
      try scene.commit(Self.files("a", "a"))
      try scene.rig.repository.git("branch", "trial", "main")
      await scene.rig.sync()
      try scene.commit(Self.files("x", "x"))
      await scene.push()
      try scene.commit(Self.files("y", "y"), branch: "trial")
      await scene.push(isBeforeLastTwo: true)
      try scene.commit(Self.gone("x"), Self.files("n", "x", edited: 3))
      await scene.push()
      try scene.commit(Self.gone("y"), Self.files("n", "y", edited: 3), branch: "trial")
      try await scene.expect(["a 1001 active", "n 1002 active", "n 1003 draft"])
    }
  }

  @Test("a trial branch made anew from an approved one that removed what the former had")
  func newTrial() async throws {
    for pace in Pace.allCases {
      var scene = try await Scene(pace)
      try scene.commit(Self.files("a", "a"), Self.files("n", "n"))
      try scene.rig.repository.git("branch", "trial", "main")
      try scene.commit(Self.files("a", "a", edited: 3), branch: "trial")
      try scene.commit(Self.gone("n"))
      await scene.rig.sync()
      try await scene.rig.expect(["a 1001 active", "a 1001 draft", "n 1002 draft"])
      try scene.commit(Self.files("x", "x"))
      await scene.push()
      try scene.commit(Self.gone("x"), Self.files("n", "x"))
      try scene.rig.repository.git("branch", "-f", "trial", "main")
      await scene.push(isBeforeLastTwo: true)
      try scene.commit(Self.files("a", "a", edited: 5), branch: "trial")
      try scene.commit(["README": "x"])
      try await scene.expect(["a 1001 active", "a 1001 draft", "n 1002 inactive", "n 1003 active"])
    }
  }

  @Test("a trial branch that is rebased and approved in one push")
  func rebasedAndApproved() async throws {
    var scene = try await Scene(.all)
    try scene.commit(Self.files("a", "a"))
    try scene.rig.repository.git("branch", "trial", "main")
    try scene.commit(Self.files("p", "p"), branch: "trial")
    try scene.commit(Self.gone("p"), Self.files("q", "p", edited: 3), branch: "trial")
    await scene.rig.sync()
    try await scene.rig.expect(["a 1001 active", "q 1002 draft"])
    try scene.commit(Self.files("a", "a", edited: 3))
    try scene.commit(Self.files("p", "p"))
    try scene.commit(Self.gone("p"), Self.files("q", "p", edited: 3))
    try scene.rig.repository.git("branch", "-f", "trial", "main")
    try await scene.expect(["a 1001 active", "q 1002 active"])
  }

  @Test("dates before all others on what is applied", arguments: [1, 1_000_000_000, 1_700_000_100])
  func oldDates(_ time: Int) async throws {
    var scene = try await Scene(.each)
    try scene.commit(Self.files("n", "n"), Self.files("w", "w"))
    try scene.rig.repository.git("branch", "feat", "main")
    try scene.commit(Self.files("x", "x"), time: time)
    await scene.rig.sync()
    try scene.commit(Self.files("n", "n", edited: 3), branch: "feat")
    try scene.commit(Self.files("w", "w", edited: 3))
    try scene.merge("feat", Self.files("n", "n", edited: 3))
    try await scene.expect(["n 1001 active", "w 1002 active", "x 1003 active"])
  }
}
