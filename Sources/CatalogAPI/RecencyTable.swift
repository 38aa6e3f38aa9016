/// A bounded table that forgets what was not used lately.
///
/// Two generations: when the young one is full it becomes the old one, and what the former old one
/// held is gone unless it was used in between. Every operation takes constant time.
struct RecencyTable<Key: Hashable, Value> {
  private let half: Int
  private var young: [Key: Value] = [:]
  private var old: [Key: Value] = [:]

  /// A table of at most `capacity` entries.
  init(capacity: Int) { half = max(1, capacity / 2) }

  /// Entries held.
  var count: Int { young.count + old.count }

  /// The value of a key; setting nil forgets it.
  subscript(key: Key) -> Value? {
    mutating get {
      if let value = young[key] { return value }
      guard let value = old.removeValue(forKey: key) else { return nil }
      insert(value, key)
      return value
    }
    set {
      old[key] = nil
      if let newValue { insert(newValue, key) } else { young[key] = nil }
    }
  }

  private mutating func insert(_ value: Value, _ key: Key) {
    if young.count >= half, young[key] == nil {
      old = young
      young.removeAll(keepingCapacity: true)
    }
    young[key] = value
  }
}
