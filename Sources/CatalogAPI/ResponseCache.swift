import Hummingbird
import Synchronization
import UtilityModel

/// Rendered answers by raw path and query, and by entity tag so that queries which are spelt
/// differently share the bytes. Bounded in bytes; the oldest goes first, at a cost that does not
/// depend on how much is kept. Safe from any thread.
final class ResponseCache: Sendable {
  /// A path with its query, and the snapshot of which it is known to give the answer.
  private struct Address {
    /// Weak: an answer that is evicted is gone, whatever addresses point to it.
    weak var answer: KeptAnswer?
    var snapshotTag: String
  }
  private enum Key {
    case uri(String)
    case tag(String)
  }
  private struct State {
    var byURI: [String: Address] = [:]
    var byTag: [String: KeptAnswer] = [:]
    /// Keys in the order in which they came.
    var order: [(key: Key, cost: Int)] = []
    var first = 0
    var bytes = 0
  }
  /// What a key costs beside its text: dictionary slots, headers.
  private static let overhead = 1024

  private let capacity: Int
  private let state = Mutex(State())

  init(capacity: Int) { self.capacity = capacity }

  /// Bytes kept.
  var bytes: Int { state.withLock { $0.bytes } }

  /// The answer to exactly this path and query, and the tag of the snapshot that it belongs to.
  func answer(uri: String) -> (answer: KeptAnswer, snapshotTag: String)? {
    state.withLock { state in
      guard let address = state.byURI[uri], let answer = address.answer else { return nil }
      return (answer, address.snapshotTag)
    }
  }

  func answer(tag: String) -> KeptAnswer? { state.withLock { $0.byTag[tag] } }

  /// Keeps an answer, unless it alone would fill a quarter, and gives the one to send: where
  /// another task was first with the same tag, its bytes win, so that one tag has one body.
  func store(_ answer: KeptAnswer, uri: String, snapshotTag: String) -> KeptAnswer {
    guard answer.cost <= capacity / 4, uri.utf8.count <= 4096 else { return answer }
    return state.withLock { state in
      let tag = answer.plain.etag
      let kept = state.byTag[tag] ?? answer
      if state.byTag.updateValue(kept, forKey: tag) == nil {
        append(.tag(tag), cost: kept.cost + Self.overhead, to: &state)
      }
      let address = Address(answer: kept, snapshotTag: snapshotTag)
      if state.byURI.updateValue(address, forKey: uri) == nil {
        append(.uri(uri), cost: uri.utf8.count + Self.overhead, to: &state)
      }
      evict(&state)
      return kept
    }
  }

  private func append(_ key: Key, cost: Int, to state: inout State) {
    state.order.append((key, cost))
    state.bytes += cost
  }

  private func evict(_ state: inout State) {
    while state.bytes > capacity, state.first < state.order.count {
      let oldest = state.order[state.first]
      state.first += 1
      state.bytes -= oldest.cost
      switch oldest.key {
      case .tag(let tag): state.byTag[tag] = nil
      case .uri(let uri): state.byURI[uri] = nil
      }
    }
    if state.first > 1024, state.first * 2 > state.order.count {
      state.order.removeFirst(state.first)
      state.first = 0
    }
  }
}
