import UtilityModel

/// The files of a tree that matter, kept up to date change by change.
struct Inventory: Sendable {
  /// A `.py` file and what stands beside it under the same stem.
  struct Unit: Sendable, Hashable {
    var source: SourceEntry?
    var yaml: SourceEntry?
    var yml: SourceEntry?

    var isEmpty: Bool { source == nil && yaml == nil && yml == nil }
    var sidecar: SourceEntry? { yaml ?? yml }
  }

  /// Units by the path without its extension.
  private(set) var units: [PathKey: Unit] = [:]
  /// The keys of the units of a name, lower case.
  private(set) var namesakes: [String: Set<PathKey>] = [:]
  /// Shared modules by path.
  private(set) var modules: [PathKey: SourceEntry] = [:]
  /// `tenant.yaml`.
  private(set) var settings: SourceEntry?
  /// Entries that no tree here may have, by path.
  private(set) var oddities: [PathKey: SourceEntry] = [:]

  /// The most utilities and shared modules of a tree.
  static let limit = 30_000
  /// How many utilities and shared modules there are.
  var count: Int { units.count + modules.count }

  /// What a change touched.
  struct Touched {
    var units: Set<PathKey> = []
    var modules: Set<PathKey> = []
    /// Other files below `utils/` and `lib/`, nil where they are gone.
    var others: [PathKey: SourceEntry?] = [:]
    var settings = false
  }

  /// Takes the changes over.
  mutating func apply(_ changes: [SourceChange]) -> Touched {
    var touched = Touched()
    for change in changes { apply(change, &touched) }
    return touched
  }

  private mutating func apply(_ change: SourceChange, _ touched: inout Touched) {
    let path = change.path
    let key = PathKey(path)
    oddities[key] = nil
    if key == "tenant.yaml" {
      settings = change.entry
      touched.settings = true
    } else if let unit = Self.unit(of: path) {
      setUnit(path, change.entry, unit, &touched)
    } else if Self.isModule(path) {
      modules[key] = change.entry
      touched.modules.insert(key)
    } else if path.hasBytes(before: "utils/") || path.hasBytes(before: "lib/") {
      setOther(key, change.entry, &touched)
    }
  }

  /// The key of the unit that the file at `path` belongs to, or nil where it belongs to none.
  static func unit(of path: String) -> PathKey? {
    guard path.hasBytes(before: "utils/"),
      [".py", ".yaml", ".yml"].contains(where: path.hasBytes(after:))
    else { return nil }
    return PathKey(SourcePath.withoutExtension(path))
  }

  /// Whether a file at `path` is a shared module.
  static func isModule(_ path: String) -> Bool {
    path.hasBytes(before: "lib/") && path.hasBytes(after: ".py")
  }

  private mutating func setOther(
    _ key: PathKey, _ entry: SourceEntry?, _ touched: inout Touched
  ) {
    if let entry, entry.kind != .file || !entry.isValidPath {
      oddities[key] = entry
      touched.others.updateValue(nil, forKey: key)
    } else {
      touched.others.updateValue(entry, forKey: key)
    }
  }

  private mutating func setUnit(
    _ path: String, _ entry: SourceEntry?, _ key: PathKey, _ touched: inout Touched
  ) {
    let name = SourcePath.name(of: key).lowercased()
    var unit = units[key] ?? Unit()
    if path.hasBytes(after: ".py") {
      unit.source = entry
    } else if path.hasBytes(after: ".yaml") {
      unit.yaml = entry
    } else {
      unit.yml = entry
    }
    // Namesakes are judged by each other's presence.
    touched.units.formUnion(namesakes[name] ?? [])
    touched.units.insert(key)
    if unit.isEmpty {
      units[key] = nil
      namesakes[name]?.remove(key)
      if namesakes[name]?.isEmpty == true { namesakes[name] = nil }
    } else {
      units[key] = unit
      namesakes[name, default: []].insert(key)
    }
  }
}

/// A tree has more utilities and shared modules than are judged.
public struct TooManyFiles: Error, CustomStringConvertible {
  /// How many it has.
  public let count: Int
  /// The thing, the cause and the way out.
  public var description: String {
    "the tree has \(count) utilities and shared modules; at most \(Inventory.limit) are accepted: "
      + "split the repository"
  }
}
