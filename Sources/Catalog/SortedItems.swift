/// Items in one order, kept in pieces: a changed copy shares every piece but the touched ones.
///
/// What a publication of one entry among 10,000 costs is one piece, not a reference count for
/// each of them.
public struct SortedItems: Sendable {
  /// Whether one item stands before another. A strict total order over items of one tenant.
  typealias Order = @Sendable (CatalogItem, CatalogItem) -> Bool

  /// Pieces are cut at twice this length. None is empty.
  private static let pieceLength = 128
  /// Up to this many items, each is put in its place; beyond, sorting all is cheaper.
  private static let few = 64

  private var pieces: [[CatalogItem]] = []
  private let precedes: Order
  /// How many items there are.
  public private(set) var count = 0

  /// Items in any order, brought into `precedes`.
  init(_ items: [CatalogItem] = [], by precedes: @escaping Order) {
    self.precedes = precedes
    cut(items.sorted(by: precedes))
  }

  /// Takes items out that are there and puts others in.
  mutating func replace(_ old: [CatalogItem], by new: [CatalogItem]) {
    if old.count + new.count > Self.few {
      let gone = Set(old.map(ObjectIdentifier.init))
      cut((filter { !gone.contains(ObjectIdentifier($0)) } + new).sorted(by: precedes))
    } else {
      for item in old { remove(item) }
      for item in new { insert(item) }
    }
  }

  private mutating func cut(_ sorted: [CatalogItem]) {
    count = sorted.count
    pieces = stride(from: 0, to: sorted.count, by: Self.pieceLength).map {
      Array(sorted[$0..<Swift.min($0 + Self.pieceLength, sorted.count)])
    }
  }

  private mutating func insert(_ item: CatalogItem) {
    let place = lowerBound { self.precedes($0, item) }
    count += 1
    guard place.piece < pieces.count else {
      append(item)
      return
    }
    pieces[place.piece].insert(item, at: place.offset)
    split(place.piece)
  }

  private mutating func remove(_ item: CatalogItem) {
    let place = lowerBound { self.precedes($0, item) }
    guard place.piece < pieces.count, pieces[place.piece][place.offset] === item else { return }
    pieces[place.piece].remove(at: place.offset)
    if pieces[place.piece].isEmpty { pieces.remove(at: place.piece) }
    count -= 1
  }

  /// The items from the first one that `isBefore` does not name, which must be those at the start,
  /// as far as `isWanted` names them.
  func run(
    after isBefore: (CatalogItem) -> Bool, while isWanted: (CatalogItem) -> Bool
  ) -> [CatalogItem] {
    var result: [CatalogItem] = []
    var index = lowerBound(where: isBefore)
    while index < endIndex, isWanted(self[index]) {
      result.append(self[index])
      formIndex(after: &index)
    }
    return result
  }

  private mutating func append(_ item: CatalogItem) {
    if pieces.isEmpty { pieces.append([]) }
    pieces[pieces.count - 1].append(item)
    split(pieces.count - 1)
  }

  private mutating func split(_ piece: Int) {
    guard pieces[piece].count > 2 * Self.pieceLength else { return }
    let tail = Array(pieces[piece][Self.pieceLength...])
    pieces[piece].removeSubrange(Self.pieceLength...)
    pieces.insert(tail, at: piece + 1)
  }

  /// The first place whose item `isBefore` does not name.
  private func lowerBound(where isBefore: (CatalogItem) -> Bool) -> Index {
    func bound(_ count: Int, _ isBefore: (Int) -> Bool) -> Int {
      var (low, high) = (0, count)
      while low < high {
        let middle = (low + high) / 2
        if isBefore(middle) { low = middle + 1 } else { high = middle }
      }
      return low
    }
    let piece = bound(pieces.count) { pieces[$0].last.map(isBefore) ?? true }
    guard piece < pieces.count else { return endIndex }
    return Index(piece: piece, offset: bound(pieces[piece].count) { isBefore(pieces[piece][$0]) })
  }
}

extension SortedItems: BidirectionalCollection {
  /// A place in the order.
  public struct Index: Comparable, Sendable {
    var piece: Int
    var offset: Int

    /// Orders by place.
    public static func < (lhs: Self, rhs: Self) -> Bool {
      (lhs.piece, lhs.offset) < (rhs.piece, rhs.offset)
    }
  }

  /// The first place.
  public var startIndex: Index { Index(piece: 0, offset: 0) }
  /// The place after the last one.
  public var endIndex: Index { Index(piece: pieces.count, offset: 0) }

  /// The item at a place.
  public subscript(position: Index) -> CatalogItem { pieces[position.piece][position.offset] }

  /// The next place.
  public func index(after index: Index) -> Index {
    index.offset + 1 < pieces[index.piece].count
      ? Index(piece: index.piece, offset: index.offset + 1)
      : Index(piece: index.piece + 1, offset: 0)
  }

  /// The place before.
  public func index(before index: Index) -> Index {
    index.offset > 0
      ? Index(piece: index.piece, offset: index.offset - 1)
      : Index(piece: index.piece - 1, offset: pieces[index.piece - 1].count - 1)
  }
}
