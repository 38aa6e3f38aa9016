import Concurrency
import GitStore
import Logging
import TestSupport
import Testing
import UtilityModel
import Validation

@testable import Reconciliation

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
private let pool = BlockingPool(name: "review-test", width: 2)
private let validator = Validator(
  limits: CheckerLimits(python: "/usr/bin/python3"), cachePath: nil, width: 2, logger: quiet)

private func review(
  _ repository: TemporaryRepository, from base: ObjectID?, to tip: ObjectID,
  medium: MediumPolicy = .warn, packages: PackageAllowList = .all
) async throws -> ChangeReview {
  try await ChangeReview.review(
    ReviewedRepository(path: repository.path), branch: "main", from: base, to: tip,
    rules: .init(medium: medium, packages: packages), validator: validator, pool: pool)
}

/// The whole tree's refused names with their findings.
private func judged(
  _ repository: TemporaryRepository, _ tip: ObjectID, _ medium: MediumPolicy
) async throws -> [String: [Finding]] {
  let open = try OpenRepository(path: repository.path)
  let changes = try open.read { (handle) throws(GitError) in
    try GitObserver.changes(in: handle, from: nil, to: tip)
  }
  let revision = Revision(branch: "main", commit: tip)
  var judge = BranchJudge(revision: revision, mediumPolicy: medium)
  _ = try await judge.update(
    to: revision, changes: changes, validator: validator, reading: { open })
  return judge.state.refused.mapValues(\.findings)
}

private let sidecar = "description: d\ncategory: c\ninput_label: i\nfilter_label: f\n"

private func utility(_ name: String, head: String = "", body: String = "return data") -> String {
  "\(head)\ndef \(name)(data, filter):\n    \(body)\n"
}

@Suite("Reviews of changes") struct ChangeReviewTests {
  /// Random changes of a small tree with shared modules, duplicated names and settings: whatever
  /// stands worse after a change is told, with the findings that judging everything gives.
  @Test("a review tells what judging both trees whole tells", arguments: 0..<6)
  func equivalence(_ seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let repository = try TemporaryRepository()
    let policy: MediumPolicy = seed.isMultiple(of: 2) ? .warn : .acknowledge
    var base: ObjectID?
    var before: [String: [Finding]] = [:]
    for step in 0..<12 {
      var files: [String: String?] = ["README": "\(step)"]
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let (path, content) = change(&generator)
        files[path] = .some(content)
      }
      let tip = try repository.commit(files, message: "\(step)")
      let after = try await judged(repository, tip, policy)
      let found = try await review(repository, from: base, to: tip, medium: policy)
      let refused = Dictionary(uniqueKeysWithValues: found.refused.map { ($0.name, $0.findings) })
      for (name, findings) in after {
        // One that was refused before and got no worse may be left out: the change is not to blame.
        let known = Set(before[name] ?? [])
        let isWorse = findings.contains { $0.severity == .high && !known.contains($0) }
        guard before[name] == nil || isWorse else { continue }
        #expect(refused[name] == findings, "seed \(seed), step \(step): \(name)")
      }
      for (name, findings) in refused {
        #expect(after[name] == findings, "seed \(seed), step \(step): \(name)")
      }
      (base, before) = (tip, after)
    }
  }

  private func change(_ generator: inout SeededGenerator) -> (path: String, content: String?) {
    let names = ["alpha", "beta", "Beta", "gamma", "delta"]
    let name = names.randomElement(using: &generator) ?? "alpha"
    let folder = ["utils", "utils/a/b"].randomElement(using: &generator) ?? "utils"
    let heads = [
      "", "from lib import one\n", "import lib.deep.two\n", "import os\n", "import socket\n",
      "from lib.deep import two\n",
    ]
    let head = heads.randomElement(using: &generator) ?? ""
    switch Int.random(in: 0..<10, using: &generator) {
    case 0..<4: return ("\(folder)/\(name).py", utility(name, head: head))
    case 4, 5:
      let extra = ["", "acknowledge: [NoNetwork]\n", "colour: red\n"].randomElement(
        using: &generator)
      return ("\(folder)/\(name).yaml", sidecar + (extra ?? ""))
    case 6:
      return (Bool.random(using: &generator) ? "\(folder)/\(name).py" : "lib/deep/two.py", nil)
    case 7:
      let text = ["x = 1\n", "import subprocess\n", "import requests\n", "from lib import one\n"]
      return ("lib/deep/two.py", text.randomElement(using: &generator) ?? "")
    case 8:
      let text = ["x = 1\n", "import lib.deep.two\n", "eval('1')\n"]
      return ("lib/one.py", text.randomElement(using: &generator) ?? "")
    default:
      let text = ["userid: 7\n", "policy: {medium: block}\n", "policy: {medum: block}\n", nil]
      return ("tenant.yaml", text.randomElement(using: &generator) ?? nil)
    }
  }

  @Test("a change of one utility reads that utility, not the tree")
  func cost() async throws {
    let repository = try TemporaryRepository()
    var files: [String: String?] = [:]
    for index in 0..<300 {
      files["utils/g\(index % 7)/u\(index).py"] = utility("u\(index)")
      files["utils/g\(index % 7)/u\(index).yaml"] = sidecar
      files["lib/m\(index).py"] = "import os\n"
    }
    let base = try repository.commit(files)
    let tip = try repository.commit(["utils/g1/u1.py": utility("u1", body: "return filter")])
    let progress = JudgingProgress()
    let counting = Validator(
      limits: CheckerLimits(python: "/usr/bin/python3"), cachePath: nil, width: 1,
      progress: progress, logger: quiet)
    let found = try await ChangeReview.review(
      ReviewedRepository(path: repository.path), branch: "main", from: base, to: tip,
      rules: .init(medium: .warn), validator: counting, pool: pool)
    #expect(found.checked == 1 && !found.isRefused)
    #expect(found.changes == [UtilityChange(kind: .update, name: "u1")])
    #expect(progress.state.total == 1)
  }

  @Test("what happens to utilities: created, changed, moved, renamed, removed")
  func changes() async throws {
    let repository = try TemporaryRepository()
    var files: [String: String?] = [:]
    let body = (0..<9).map { "x\($0) = \($0)" }.joined(separator: "; ") + "; return data"
    for name in ["changed", "moved", "old", "declared", "case", "gone"] {
      files["utils/\(name).py"] = utility(name, body: "\(body)\n    # \(name)")
      files["utils/\(name).yaml"] = sidecar
    }
    let other = (0..<9).map { "y\($0) = 'other'" }.joined(separator: "\n    ")
    files["utils/gone.py"] = utility("gone", body: "\(other)\n    return filter")
    let base = try repository.commit(files)
    var next: [String: String?] = [:]
    for name in ["moved", "old", "declared", "case", "gone"] {
      next["utils/\(name).py"] = .some(nil)
      next["utils/\(name).yaml"] = .some(nil)
    }
    let heirs = [
      ("new", body), ("heir", "return 1"), ("Case", "return 2"), ("fresh", "return [3, 4, 5]"),
    ]
    for (name, body) in heirs {
      next["utils/\(name).py"] = utility(name, body: body)
      next["utils/\(name).yaml"] = sidecar + (name == "heir" ? "renamed_from: declared\n" : "")
    }
    next["utils/x/moved.py"] = utility("moved", body: "\(body)\n    # moved")
    next["utils/x/moved.yaml"] = sidecar
    next["utils/changed.yaml"] = sidecar + "timeout: 5\n"
    let tip = try repository.commit(next)
    let found = try await review(repository, from: base, to: tip)
    #expect(
      found.changes == [
        .init(kind: .rename, name: "Case", from: "case"), .init(kind: .update, name: "changed"),
        .init(kind: .create, name: "fresh"), .init(kind: .remove, name: "gone"),
        .init(kind: .rename, name: "heir", from: "declared"), .init(kind: .update, name: "moved"),
        .init(kind: .rename, name: "new", from: "old"),
      ])
    #expect(try await review(repository, from: tip, to: tip).checked == 0)
    #expect(try await review(repository, from: nil, to: tip).changes.count == 6)
  }

  @Test("packages are refused that the operator does not allow")
  func packages() async throws {
    let repository = try TemporaryRepository()
    let base = try repository.commit(["README": "x"])
    let tip = try repository.commit([
      "utils/a.py": utility("a"), "utils/a.yaml": sidecar + "packages: [requests]\n",
    ])
    #expect(try await !review(repository, from: base, to: tip).isRefused)
    let found = try await review(repository, from: base, to: tip, packages: .init("rich, num*"))
    #expect(found.refused.map(\.name) == ["a"])
    #expect(found.findings.map(\.rule) == ["PackageNotAllowed"])
  }
}
