import GitStore
import UtilityModel

/// Who holds each name at one commit: the state that `RenameHistory` carries along the history.
///
/// Names are told apart without their case, as the repository's rules do. A utility is a number
/// (`symbol`) that stays with it on every path through the history.
struct NameState {
  /// The files of one name in one folder.
  struct Unit: Hashable {
    /// The path without its extension.
    var stem: PathKey
    var source: ObjectID?
    var yaml: ObjectID?
    var yml: ObjectID?

    var sidecar: ObjectID? { yaml ?? yml }
    var isEmpty: Bool { source == nil && yaml == nil && yml == nil }
    /// The name as it is spelled.
    var name: String {
      let bytes = stem.text.utf8
      let slash = bytes.lastIndex(of: UInt8(ascii: "/")).map(bytes.index(after:))
      return UtilityName.of(stem: stem.text[(slash ?? bytes.startIndex)...])
    }
  }

  /// A name's utility. Where a name stands in several folders, the first one there is the utility.
  struct Holder {
    var units: [Unit]
    var stem: PathKey
    var symbol: Int

    /// The files that are the utility.
    var unit: Unit { units.first { $0.stem == stem } ?? units[0] }
  }

  /// A utility that went, and the name that it had.
  struct Death {
    var symbol: Int
    var name: String
    /// The `renamed_from` of its last sidecar.
    var declared: String?
    /// Where on the way it went: a commit has a higher place than those that it comes from.
    var place: Int
  }

  /// Live utilities by lower-case name.
  var holders: [String: Holder] = [:]
  /// Those that went under a name and are not back, by lower-case name, the last one last.
  var graves: [String: [Death]] = [:]
  /// All that went on the way, also where another one went under the name since.
  var gone: Set<Int> = []
  /// The new ones that came up on the way, by the lower-case name under which they did.
  var births: [String: Set<Int>] = [:]
  /// How many utilities were joined when this was last brought up to date (`JoinedSymbols`).
  var joins = 0

  /// All utilities that live or went on the way here.
  var met: Set<Int> { gone.union(holders.values.map(\.symbol)) }

  /// A path's stem and the kind of its file, nil for a path that is no utility's.
  static func parse(_ path: String) -> (stem: PathKey, file: WritableKeyPath<Unit, ObjectID?>)? {
    for (ending, file) in [
      (".py", \Unit.source), (".yaml", \Unit.yaml), (".yml", \Unit.yml),
    ] as [(String, WritableKeyPath<Unit, ObjectID?>)] where path.hasBytes(after: ending) {
      return (PathKey(String(path.utf8.dropLast(ending.utf8.count)) ?? path), file)
    }
    return nil
  }

  /// The lower-case name of a stem.
  static func key(ofStem stem: PathKey) -> String {
    Unit(stem: stem).name.lowercased()
  }

  /// Sets or takes away one file of a name; gives the name's key and its units after that.
  static func apply(_ change: TreeChange, to units: inout [String: [Unit]], from state: NameState) {
    guard let (stem, file) = parse(change.path) else { return }
    let key = key(ofStem: stem)
    var list = units[key] ?? state.holders[key]?.units ?? []
    if let index = list.firstIndex(where: { $0.stem == stem }) {
      list[index][keyPath: file] = change.new?.id
      if list[index].isEmpty { list.remove(at: index) }
    } else if let id = change.new?.id {
      var unit = Unit(stem: stem)
      unit[keyPath: file] = id
      list.append(unit)
      list.sort { $0.stem < $1.stem }
    }
    units[key] = list
  }

  /// Which of a name's folders goes on as the utility that `former` was.
  static func primary(of units: [Unit], former: Unit?) -> Unit {
    guard let former, units.count > 1 || units[0].stem != former.stem else { return units[0] }
    return units.first { $0.stem == former.stem }
      ?? units.first { $0.source != nil && $0.source == former.source } ?? units[0]
  }
}
