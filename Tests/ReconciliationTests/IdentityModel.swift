import Foundation
import TestSupport
import UtilityModel

/// A utility of the model at one commit: what it is follows from `uid` alone.
struct ModelItem: Hashable {
  var uid: Int
  var name: String
  var folder: String
  var lines: [String]
  var note = 0
  var draft = false
  var renamedFrom: String?

  var key: String { name.lowercased() }
  var path: String { "\(folder)/\(name).py" }
  var source: String {
    "def \(name)(data, filter):\n" + lines.map { "    \($0)\n" }.joined() + "    return data\n"
  }
  var sidecar: String {
    "description: note \(note)\ncategory: c\ninput_label: i\nfilter_label: f\n"
      + (draft ? "draft: true\n" : "") + (renamedFrom.map { "renamed_from: \($0)\n" } ?? "")
  }

  /// Whether clearly more than half of the file is the same.
  func isLike(_ other: ModelItem) -> Bool {
    zip(lines, other.lines).count { $0 == $1 } * 100 >= lines.count * 58
  }

  /// Whether a planner that looks at the files alone sees the same version.
  func isSameVersion(_ other: ModelItem) -> Bool {
    name == other.name && source == other.source && sidecar == other.sidecar
  }
}

/// The utilities of one commit, by `uid`.
typealias ModelTree = [Int: ModelItem]

extension ModelTree {
  /// The items by their lower-case names.
  var byName: [String: ModelItem] {
    values.reduce(into: [:]) { $0[$1.key] = $1 }
  }

  var hasUniqueNames: Bool { Set(values.map(\.key)).count == count }

  /// What a person makes of two sides that come from one base: by utility, never by path.
  /// A removal wins over a change. Of what both sides added, one side's is taken. Nil where two
  /// utilities would have one name, or one two.
  static func merge(
    base: ModelTree, ours: ModelTree, theirs: ModelTree, prefersTheirs: Bool = false
  ) -> ModelTree? {
    var result = ours
    for (uid, item) in theirs where base[uid] == nil {
      if let own = ours[uid], own.key != item.key { return nil }
      if prefersTheirs || ours[uid] == nil { result[uid] = item }
    }
    for (uid, old) in base {
      guard let one = ours[uid], let other = theirs[uid] else {
        result[uid] = nil
        continue
      }
      var item = one
      if other.name != old.name { item.name = other.name }
      if other.folder != old.folder { item.folder = other.folder }
      if other.note != old.note { item.note = other.note }
      if other.draft != old.draft { item.draft = other.draft }
      if other.renamedFrom != old.renamedFrom { item.renamedFrom = other.renamedFrom }
      if one.lines == old.lines {
        item.lines = other.lines
      } else if other.lines.count == old.lines.count, one.lines.count == old.lines.count {
        for index in old.lines.indices where other.lines[index] != old.lines[index] {
          item.lines[index] = other.lines[index]
        }
      }
      result[uid] = item
    }
    return result.hasUniqueNames ? result : nil
  }

  /// The live entries that a catalog must have: "status name" to `uid`.
  static func entries(main: ModelTree, trial: ModelTree?) -> [String: (uid: Int, path: String)] {
    var result: [String: (uid: Int, path: String)] = [:]
    var drafts: [String: (rank: Int, item: ModelItem)] = [:]
    func want(_ item: ModelItem, _ rank: Int) {
      if let other = drafts[item.key], other.rank <= rank { return }
      drafts[item.key] = (rank, item)
    }
    for uid in Set(main.map(\.key)).union(trial?.map(\.key) ?? []) {
      let (approved, tried) = (main[uid], trial?[uid])
      if let approved, !approved.draft {
        result["active \(approved.name)"] = (uid, approved.path)
      }
      if let tried, approved?.isSameVersion(tried) != true {
        want(tried, 0)
      } else if let approved, approved.draft {
        want(approved, 1)
      }
    }
    for (_, item) in drafts.values { result["draft \(item.name)"] = (item.uid, item.path) }
    return result
  }
}

/// A commit of the model.
struct ModelCommit {
  var parents: [Int]
  var tree: ModelTree
}

extension TemporaryRepository {
  /// Writes the model's commits with one `git fast-import`; gives their ids in order.
  ///
  /// By the seed, the dates rise, lie here and there, or mean nothing.
  func write(_ commits: [ModelCommit], seed: Int) throws -> [ObjectID] {
    var generator = SeededGenerator(seed: UInt64(seed) &+ 1000)
    func time(_ number: Int) -> Int {
      let honest = 1_700_000_000 + number
      let lie = Int.random(in: 1...1_800_000_000, using: &generator)
      switch seed % 3 {
      case 0: return Int.random(in: 0..<8, using: &generator) == 0 ? lie : honest
      case 1: return honest
      default: return lie
      }
    }
    var marks: [String: Int] = [:]
    var blobs = ""
    var stream = ""
    func blob(_ text: String) -> Int {
      if let known = marks[text] { return known }
      let mark = 1_000_000 + marks.count
      marks[text] = mark
      blobs += "blob\nmark :\(mark)\ndata \(text.utf8.count)\n\(text)\n"
      return mark
    }
    for (number, commit) in commits.enumerated() {
      stream += "commit refs/heads/work\nmark :\(number + 1)\n"
      stream += "author A\(number) <a@example.com> \(1_700_000_000 + number) +0000\n"
      stream += "committer C <c@example.com> \(time(number)) +0000\ndata 1\n.\n"
      for (index, parent) in commit.parents.enumerated() {
        stream += (index == 0 ? "from" : "merge") + " :\(parent + 1)\n"
      }
      stream += "deleteall\n"
      for item in commit.tree.values.sorted(by: { $0.uid < $1.uid }) {
        stream += "M 100644 :\(blob(item.source)) \(item.path)\n"
        stream += "M 100644 :\(blob(item.sidecar)) \(item.folder)/\(item.name).yaml\n"
      }
    }
    let file = path + "/marks"
    try git("fast-import", "--quiet", "--export-marks=\(file)", input: blobs + stream)
    var ids: [Int: ObjectID] = [:]
    for line in try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n") {
      let parts = line.split(separator: " ")
      if let mark = Int(parts[0].dropFirst()), mark <= commits.count {
        ids[mark - 1] = ObjectID(hex: parts[1])
      }
    }
    return commits.indices.compactMap { ids[$0] }
  }

  /// Points a branch at a commit, or takes it away, as `git update-ref` does with loose refs.
  func point(_ branch: String, at commit: ObjectID?) throws {
    let file = "\(path)/refs/heads/\(branch)"
    if let commit {
      try Data("\(commit.hex)\n".utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
    } else if FileManager.default.fileExists(atPath: file) {
      try FileManager.default.removeItem(atPath: file)
    }
  }
}
