import Hummingbird
import Synchronization
import UtilityModel

/// A rendered answer of one tenant's snapshot.
struct CachedAnswer: Sendable {
  var tenant: TenantCode
  /// The content of the snapshot that it was rendered from; equal content has equal answers.
  var snapshotTag: String
  /// The strong entity tag, quotes included.
  var etag: String
  var headers: HTTPFields
  var body: ByteBuffer
  var route: Route
}

/// Rendered answers by raw path and query, and by entity tag so that queries which are spelt
/// differently share the bytes. Bounded in bytes; the oldest goes first. Safe from any thread.
final class ResponseCache: Sendable {
  private struct State {
    var byURI: [String: CachedAnswer] = [:]
    var byTag: [String: CachedAnswer] = [:]
    /// Keys in the order in which they came; `isTag` tells the dictionary.
    var order: [(key: String, isTag: Bool, cost: Int)] = []
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

  func answer(uri: String) -> CachedAnswer? { state.withLock { $0.byURI[uri] } }

  func answer(tag: String) -> CachedAnswer? { state.withLock { $0.byTag[tag] } }

  /// Keeps an answer, unless it alone would fill a quarter, and gives the one to send: where
  /// another task was first with the same tag, its bytes win, so that one tag has one body.
  func store(_ answer: CachedAnswer, uri: String) -> CachedAnswer {
    let size = answer.body.readableBytes
    guard size <= capacity / 4, uri.utf8.count <= 4096 else { return answer }
    return state.withLock { state in
      let kept = state.byTag[answer.etag] ?? answer
      if state.byTag.updateValue(kept, forKey: kept.etag) == nil {
        append(kept.etag, isTag: true, cost: size + Self.overhead, to: &state)
      }
      if state.byURI.updateValue(kept, forKey: uri) == nil {
        append(uri, isTag: false, cost: uri.utf8.count + Self.overhead, to: &state)
      }
      evict(&state)
      return kept
    }
  }

  private func append(_ key: String, isTag: Bool, cost: Int, to state: inout State) {
    state.order.append((key, isTag, cost))
    state.bytes += cost
  }

  private func evict(_ state: inout State) {
    while state.bytes > capacity, state.first < state.order.count {
      let oldest = state.order[state.first]
      state.first += 1
      state.bytes -= oldest.cost
      if oldest.isTag {
        // Its addresses go with it: they would keep the bytes alive beyond the bound.
        state.byTag[oldest.key] = nil
        for (uri, answer) in state.byURI where answer.etag == oldest.key { state.byURI[uri] = nil }
      } else {
        state.byURI[oldest.key] = nil
      }
    }
    if state.first > 1024, state.first * 2 > state.order.count {
      state.order.removeFirst(state.first)
      state.first = 0
    }
  }
}
