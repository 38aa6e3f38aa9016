import GitStore
import UtilityModel
import Validation

/// What a change does to one utility, as git alone tells it.
///
/// The catalog may know more: a utility that was removed before comes back under its number.
public struct UtilityChange: Sendable, Hashable {
  /// `create`, `update`, `rename` or `remove`.
  public var kind: PlannedChange.Kind
  /// The utility's name.
  public var name: String
  /// Its former name, or nil.
  public var from: String?

  /// A change by its parts.
  public init(kind: PlannedChange.Kind, name: String, from: String? = nil) {
    self.kind = kind
    self.name = name
    self.from = from
  }
}

/// Pairs the names that went with those that came.
enum RenamePairs {
  /// More pairs than this are compared by equality alone.
  private static let limit = 10_000

  /// New name to former name: by `renamed_from`, then the same letters, then the likest file, at
  /// least half alike; ties go to the name that sorts first. Blocks.
  static func find(
    in handle: borrowing RepositoryHandle, gone: [String: UtilityFiles],
    fresh: [String: UtilityFiles], declared: [String: String]
  ) throws(GitError) -> [String: String] {
    guard !gone.isEmpty, !fresh.isEmpty else { return [:] }
    var pairs: [String: String] = [:]
    var free = Set(gone.keys)
    func take(_ name: String, _ former: String?) {
      guard pairs[name] == nil, let former, free.remove(former) != nil else { return }
      pairs[name] = former
    }
    let names = fresh.keys.sorted()
    for name in names { take(name, declared[name]) }
    for name in names {
      take(name, free.sorted().first { $0.lowercased() == name.lowercased() })
    }
    let (to, from) = (
      fresh.filter { pairs[$0.key] == nil }.mapValues(\.blob),
      gone.filter { free.contains($0.key) }.mapValues(\.blob)
    )
    var candidates: [RenameCandidate] = []
    if to.count * from.count <= limit {
      candidates = try GitObserver.renames(in: handle, fresh: to, gone: from)
    } else {
      let names = Dictionary(from.sorted { $0.key < $1.key }.map { ($1, $0) }) { first, _ in first }
      candidates = to.compactMap { name, blob in
        names[blob].map { RenameCandidate(to: name, from: $0, score: 100) }
      }
    }
    candidates.sort { ($1.score, $0.to, $0.from) < ($0.score, $1.to, $1.from) }
    for candidate in candidates { take(candidate.to, candidate.from) }
    return pairs
  }
}
