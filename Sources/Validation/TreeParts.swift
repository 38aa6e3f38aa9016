import UtilityModel

/// A whole tree in parts that a `BranchJudge` takes one after the other, with the verdicts of the
/// whole: what all utilities depend on first, and whatever shares a name in one part.
public struct TreeParts: Sendable {
  /// Settings, shared modules and all else that is no utility.
  public private(set) var shared: [SourceChange] = []
  /// The files of the utilities, sorted by name.
  public private(set) var utilities: [[SourceChange]] = []
  /// The source of each name that has one, and what stands beside it.
  public private(set) var files: [String: [String]] = [:]
  /// How many names there are.
  public private(set) var count = 0

  private struct Group {
    var name: String
    var changes: [SourceChange] = []
  }

  /// Cuts a tree, given as the changes from an empty one, into parts of about `size` names. Throws
  /// `TooManyFiles`.
  public init(_ changes: [SourceChange], size: Int) throws(TooManyFiles) {
    var groups: [String: Group] = [:]
    var units: Set<PathKey> = []
    var modules = 0
    for change in changes {
      guard let key = Inventory.unit(of: change.path) else {
        if Inventory.isModule(change.path) { modules += 1 }
        shared.append(change)
        continue
      }
      units.insert(key)
      let name = SourcePath.name(of: key)
      var group = groups.removeValue(forKey: name.lowercased()) ?? Group(name: name)
      group.name = min(group.name, name)
      group.changes.append(change)
      groups[name.lowercased()] = group
    }
    guard units.count + modules <= Inventory.limit else {
      throw TooManyFiles(count: units.count + modules)
    }
    count = groups.count
    let sorted = groups.values.sorted { $0.name < $1.name }
    for start in stride(from: 0, to: sorted.count, by: size) {
      utilities.append(sorted[start..<min(start + size, sorted.count)].flatMap(\.changes))
    }
    for group in sorted {
      let sources = group.changes.filter { $0.path.hasBytes(after: ".py") }
      // Two of a name are refused, and so need no author.
      guard sources.count == 1, let key = sources.first.flatMap({ Inventory.unit(of: $0.path) })
      else { continue }
      files[SourcePath.name(of: key)] = group.changes.map(\.path)
        .filter { Inventory.unit(of: $0) == key }
    }
  }
}
