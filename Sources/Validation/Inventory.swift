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
  private(set) var units: [String: Unit] = [:]
  /// The keys of the units of a name, lower case.
  private(set) var namesakes: [String: Set<String>] = [:]
  /// Shared modules by path.
  private(set) var modules: [String: SourceEntry] = [:]
  /// `tenant.yaml`.
  private(set) var settings: SourceEntry?
  /// Entries that no tree here may have, by path.
  private(set) var oddities: [String: SourceEntry] = [:]

  /// The most utilities and shared modules of a tree.
  static let limit = 30_000
  /// How many utilities and shared modules there are.
  var count: Int { units.count + modules.count }

  /// What a change touched.
  struct Touched {
    var units: Set<String> = []
    var modules: Set<String> = []
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
    oddities[path] = nil
    if path == "tenant.yaml" {
      settings = change.entry
      touched.settings = true
    } else if path.hasPrefix("utils/") {
      if path.hasSuffix(".py") || path.hasSuffix(".yaml") || path.hasSuffix(".yml") {
        setUnit(path, change.entry, &touched)
      } else if let entry = change.entry, entry.kind != .file || !entry.isValidPath {
        oddities[path] = entry
      }
    } else if path.hasPrefix("lib/") {
      if path.hasSuffix(".py") {
        modules[path] = change.entry
        touched.modules.insert(path)
      } else if let entry = change.entry, entry.kind != .file || !entry.isValidPath {
        oddities[path] = entry
      }
    }
  }

  private mutating func setUnit(
    _ path: String, _ entry: SourceEntry?, _ touched: inout Touched
  ) {
    let key = SourcePath.withoutExtension(path)
    let name = SourcePath.stem(of: path).lowercased()
    var unit = units[key] ?? Unit()
    if path.hasSuffix(".py") {
      unit.source = entry
    } else if path.hasSuffix(".yaml") {
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
