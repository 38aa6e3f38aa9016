import Foundation
import TestSupport
import UtilityModel

/// A random repository on `main` (plain commits, merges, octopuses, reverts, cherry-picks, evil and
/// "ours" merges, renames), and a plain model of it to compare with.
struct RandomHistory {
  let repository: TemporaryRepository
  let units: [String: [String]]
  private var ids: [ObjectID] = []
  private var numbers: [ObjectID: Int] = [:]
  private var parents: [[Int]] = []
  private var trees: [[String: String]] = []
  private let blobs: [String: ObjectID]
  /// What each commit reaches, itself included.
  private var reach: [Set<Int>] = []

  init(seed: UInt64, commits: Int, files: Int, dates: ProvenanceTests.Dates) throws {
    repository = try TemporaryRepository()
    var generator = SeededGenerator(seed: seed)
    var units: [String: [String]] = [:]
    for file in 0..<files / 2 {
      units["u\(file)"] = ["utils/d\(file % 5)/u\(file).py", "utils/d\(file % 5)/u\(file).yaml"]
    }
    self.units = units
    let paths = units.values.joined().sorted()
    let contents = (0..<4).map { "content \($0)\n" }
    var stream = ""
    for (index, content) in contents.enumerated() {
      stream += "blob\nmark :\(index + 1)\ndata \(content.utf8.count)\n\(content)\n"
    }
    for number in 0..<commits {
      var from: [Int] = []
      if number > 0 {
        from = [Int.random(in: max(0, number - 4)..<number, using: &generator)]
        let extra = [0, 0, 0, 1, 1, 2].randomElement(using: &generator) ?? 0
        for _ in 0..<extra {
          let other = Int.random(in: max(0, number - 12)..<number, using: &generator)
          if !from.contains(other) { from.append(other) }
        }
      }
      var tree: [String: String] = [:]
      if let first = from.first { tree = trees[first] }
      // A merge takes each path from any parent: "ours", "theirs" and what a person would choose.
      let isOurs = Bool.random(using: &generator)
      for path in paths where from.count > 1 && !isOurs {
        guard let source = from.randomElement(using: &generator) else { continue }
        tree[path] = trees[source][path]
      }
      let edits = from.count > 1 ? [0, 0, 1].randomElement(using: &generator) ?? 0 : 3
      for _ in 0..<(number == 0 ? files : edits) {
        guard let path = paths.randomElement(using: &generator) else { continue }
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: tree[path] = nil
        case 1:  // A rename.
          if let target = paths.randomElement(using: &generator) {
            tree[target] = tree[path]
            tree[path] = nil
          }
        case 2:  // A revert or a cherry-pick of somebody's file.
          tree[path] = trees.randomElement(using: &generator)?[path]
        default: tree[path] = String(Int.random(in: 1...4, using: &generator))
        }
      }
      let time =
        switch dates {
        case .rising: 1_700_000_000 + number * 60
        case .equal: 1_700_000_000
        case .lying: 1_700_000_000 + Int.random(in: 0..<100_000, using: &generator)
        }
      stream += "commit refs/heads/work\nmark :\(number + 10)\n"
      stream += "author A\(number) <a@example.com> \(time) +0000\n"
      stream += "committer C\(number) <c@example.com> \(time) +0000\ndata 1\n.\n"
      if let first = from.first { stream += "from :\(first + 10)\n" }
      for parent in from.dropFirst() { stream += "merge :\(parent + 10)\n" }
      stream += "deleteall\n"
      for (path, mark) in tree.sorted(by: { $0.key < $1.key }) {
        stream += "M 100644 :\(mark) \(path)\n"
      }
      parents.append(from)
      var reached: Set<Int> = [number]
      for parent in from { reached.formUnion(reach[parent]) }
      reach.append(reached)
      trees.append(tree)
    }
    stream += "reset refs/heads/main\nfrom :\(commits - 1 + 10)\n"
    let marks = repository.path + "/marks"
    try repository.git("fast-import", "--quiet", "--export-marks=\(marks)", input: stream)
    var byMark: [Int: ObjectID] = [:]
    for line in try String(contentsOfFile: marks, encoding: .utf8).split(separator: "\n") {
      let parts = line.split(separator: " ")
      byMark[Int(parts[0].dropFirst()) ?? 0] = ObjectID(hex: parts[1])
    }
    var blobs: [String: ObjectID] = [:]
    for mark in 1...4 { blobs[String(mark)] = byMark[mark] }
    self.blobs = blobs
    ids = (0..<commits).compactMap { byMark[$0 + 10] }
    for (number, id) in ids.enumerated() { numbers[id] = number }
  }

  /// The model's blob of a path at a commit.
  func content(of path: String, at commit: ObjectID) -> ObjectID? {
    numbers[commit].flatMap { trees[$0][path] }.flatMap { blobs[$0] }
  }

  /// Everything that a commit reaches, itself included.
  func ancestors(of commit: ObjectID) -> Set<ObjectID> {
    Set((numbers[commit].map { reach[$0] } ?? []).map { ids[$0] })
  }

  /// The model of `git log -1 <tip> -- <paths>`; `nil` on arrival at `known`.
  func lastChange(of paths: [String], from tip: ObjectID, known: ObjectID?) -> ObjectID? {
    guard var number = numbers[tip] else { return nil }
    func state(_ number: Int) -> [String?] { paths.map { trees[number][$0] } }
    while ids[number] != known {
      if parents[number].isEmpty, state(number).allSatisfy({ $0 == nil }) { return nil }
      guard let same = parents[number].first(where: { state($0) == state(number) }) else {
        return ids[number]
      }
      number = same
    }
    return nil
  }

  /// The model of `approved_by`: the oldest commit of the first-parent chain that reaches `commit`.
  func approver(of commit: ObjectID, tip: ObjectID) -> String {
    guard var carrier = numbers[tip], let number = numbers[commit] else { return "?" }
    while let parent = parents[carrier].first, carrier != number, reach[parent].contains(number) {
      carrier = parent
    }
    if carrier == number, parents[carrier].count < 2 { return "" }
    return "C\(carrier)"
  }
}
