import UtilityModel

/// What git's history says of the names at the branches' heads: whose each one is.
///
/// Source: `docs/identity.md`. Made by `RenameHistory`, read by `IdentityAssignment`.
public struct Lineage: Sendable {
  /// Whose a name is.
  public enum Origin: Sendable, Hashable {
    /// A utility with its number.
    case existing(Int32)
    /// A utility that came up since; names of both branches with one number are one utility.
    case new(Int)
  }

  /// Branch, then lower-case name, to its origin. A branch that did not move is left out.
  var origins: [String: [String: Origin]] = [:]
  /// The name under which a new utility came up, by its number.
  var births: [Int: String] = [:]
  /// By the number of a new utility, those new ones that had come up under its name before: each of
  /// them may be a removed one that is back, and they come first.
  var forerunners: [Int: Set<Int>] = [:]
  /// Branch, then the numbers of utilities that went from it on the way.
  var removed: [String: Set<Int32>] = [:]
  /// Branch, then new utilities that went from it on the way, by their number.
  var removedNew: [String: Set<Int>] = [:]
  /// The former name that a new utility's sidecar declares, by its number.
  var declared: [Int: String] = [:]
  /// The last name of utilities that went on the way, by their number.
  var lastNames: [Int32: String] = [:]
  /// Of several that went under one name the last, by lower-case name.
  var lastHolders: [String: Int32] = [:]
  /// The names that were touched on the way.
  var touched: Set<String> = []
  /// What was ambiguous, and how it was settled.
  var notes: [SyncNote] = []
  /// The branches whose history was rewritten: what it does not know is looked for in the trees.
  var rewritten: Set<String> = []
  /// The numbers that the history knows of although it was rewritten: nothing is guessed of them.
  var followed: Set<Int32> = []

  /// Whose `name` is on `branch`, nil where the history does not say.
  func origin(of name: String, on branch: String) -> Origin? {
    origins[branch]?[name.lowercased()]
  }
}
