import Catalog
import UtilityModel

/// The names of one utility on both branches.
struct Subject {
  var approved: String?
  var trial: String?

  /// Whether no branch has it.
  var isGone: Bool { approved == nil && trial == nil }
}

/// What is wanted of one utility's documents.
struct Wish {
  /// What a document is to be.
  enum Wanted {
    case version(UtilityVersion, branch: String)
    case quarantined(CatalogEntry, RefusedUtility, branch: String)

    /// The document's name.
    var name: String {
      switch self {
      case .version(let version, _): version.name
      case .quarantined(let document, _, _): document.name
      }
    }
    var isVersion: Bool { if case .version = self { true } else { false } }
  }

  var identity: EntryIdentity
  var subject: Subject
  /// What the catalog has of it.
  var documents: [EntryStatus: CatalogEntry]
  var active: Wanted?
  var draft: Wanted?
  /// Whether the draft is the approved branch's (`draft: true`).
  var isDraftOfApproved = false
  /// The name of a draft that another one took.
  var lostDraft: String?
}

/// Settles what two utilities cannot both have: a live name in one status.
struct Settlement {
  /// In the order of their numbers.
  var wishes: [Wish] = []

  /// Takes from all but one of those that want the same name, and notes it.
  mutating func settle(_ notes: inout [SyncNote]) {
    settle(\.active, &notes)
    settle(\.draft, &notes)
  }

  private mutating func settle(
    _ place: WritableKeyPath<Wish, Wish.Wanted?>, _ notes: inout [SyncNote]
  ) {
    var holders: [String: [Int]] = [:]
    for (index, wish) in wishes.enumerated() {
      if let wanted = wish[keyPath: place] {
        holders[wanted.name.lowercased(), default: []].append(index)
      }
    }
    for (_, indexes) in holders.sorted(by: { $0.key < $1.key }) where indexes.count > 1 {
      // What git accepts comes before what only keeps running, the trial branch before the other.
      let ranked = indexes.sorted { rank(wishes[$0], place) < rank(wishes[$1], place) }
      for index in ranked.dropFirst() {
        guard let lost = wishes[index][keyPath: place] else { continue }
        wishes[index][keyPath: place] = nil
        if lost.isVersion {
          wishes[index].lostDraft = lost.name
          notes.append(
            SyncNote(
              name: lost.name,
              message: "the draft `\(lost.name)` of the approved branch has no entry while the "
                + "trial branch has another utility under that name"))
        } else {
          notes.append(
            SyncNote(
              name: lost.name,
              message: "another utility has the name `\(lost.name)` now, so the last good version "
                + "of its former holder is retired until its new version is accepted"))
        }
      }
    }
  }

  private func rank(_ wish: Wish, _ place: KeyPath<Wish, Wish.Wanted?>) -> Int {
    guard wish[keyPath: place]?.isVersion == true else { return 2 }
    return wish.isDraftOfApproved && place == \Wish.draft ? 1 : 0
  }
}
