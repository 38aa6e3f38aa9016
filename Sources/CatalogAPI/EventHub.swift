import NIOCore
import Synchronization
public import UtilityModel

/// What happens in the tenants' catalogs, for the streams that follow it.
///
/// Each tenant has a ring of its newest events, and nothing is kept for a single client: a stream
/// knows its place in the ring, and one that falls behind the ring is told to read the list again.
/// Numbers start anew with the program, under a name (the epoch) that no other start has, so an id
/// of before is recognised as unknown and never taken for another event. Safe from any thread.
public final class EventHub: Sendable {
  /// What an event tells of.
  public enum Kind: String, Sendable {
    /// A branch of the tenant stands elsewhere.
    case sync
    /// A catalog entry was written or deleted.
    case utility
    /// A runtime is given another release.
    case rollout
    /// What happened cannot be told one by one: read the list again.
    case reset
  }

  /// Why a stream is not opened or not continued.
  enum Refusal: Error { case tooManyStreams, closed }

  private struct State {
    var rings: [TenantCode: EventRing] = [:]
    var followers: [TenantCode: [UInt64: AsyncStream<Void>.Continuation]] = [:]
    var next: UInt64 = 0
    var streams = 0
    var isClosed = false

    /// Lends a tenant's ring, made at the first question: reading a default would not keep it.
    mutating func withRing<Value>(
      of tenant: TenantCode, capacity: Int, _ body: (inout EventRing) -> Value
    ) -> Value {
      body(&rings[tenant, default: EventRing(capacity: capacity)])
    }
  }

  private let capacity: Int
  private let maximumStreams: Int
  /// After how long without an event a comment is sent, so that both sides notice a dead connection.
  let heartbeat: Duration
  /// How long one write to a client may take.
  let patience: Duration
  private let state = Mutex(State())

  /// A hub that keeps `capacity` events a tenant and serves at most `maximumStreams` streams.
  ///
  /// A stream without an event gets a comment every `heartbeat`; a client that does not take a write
  /// within `patience` is cut.
  public init(
    capacity: Int = 512, maximumStreams: Int = 1024, heartbeat: Duration = .seconds(15),
    patience: Duration = .seconds(10)
  ) {
    self.capacity = max(1, capacity)
    self.maximumStreams = maximumStreams
    self.heartbeat = heartbeat
    self.patience = patience
  }

  /// How many streams are open.
  public var streams: Int { state.withLock { $0.streams } }

  /// Tells the tenant's streams. `data` is JSON without line breaks. Quick: for a publisher's thread.
  public func publish(_ kind: Kind, _ data: [UInt8], of tenant: TenantCode) {
    let followers = state.withLock { state in
      state.withRing(of: tenant, capacity: capacity) { $0.append(kind, data) }
      return Array((state.followers[tenant] ?? [:]).values)
    }
    for follower in followers { follower.yield() }
  }

  /// The id of the tenant's newest event: a reader of a snapshot taken later that follows from it
  /// misses nothing. Ask only for tenants that exist: the first question makes the ring.
  func lastID(of tenant: TenantCode) -> String {
    state.withLock { $0.withRing(of: tenant, capacity: capacity) { $0.lastID } }
  }

  /// Forgets a tenant that is gone, and ends its streams.
  public func remove(_ tenant: TenantCode) {
    let followers = state.withLock { state in
      state.rings[tenant] = nil
      return state.followers.removeValue(forKey: tenant) ?? [:]
    }
    for follower in followers.values { follower.finish() }
  }

  /// Ends every stream and admits no other: the program stops.
  public func close() {
    let followers = state.withLock { state in
      state.isClosed = true
      defer { state.followers = [:] }
      return state.followers.values.flatMap(\.values)
    }
    for follower in followers { follower.finish() }
  }

  /// What a stream has to send next, given the id that its client saw last.
  func events(after id: String, of tenant: TenantCode) -> EventRing.Page {
    state.withLock { $0.withRing(of: tenant, capacity: capacity) { $0.events(after: id) } }
  }

  /// A place among the open streams. Throws `Refusal`.
  func admit(_ tenant: TenantCode) throws(Refusal) -> Admission {
    let number = try state.withLock { state throws(Refusal) in
      if state.isClosed { throw .closed }
      guard state.streams < maximumStreams else { throw .tooManyStreams }
      state.streams += 1
      state.next += 1
      return state.next
    }
    return Admission(hub: self, tenant: tenant, number: number)
  }

  fileprivate func follow(_ number: UInt64, _ tenant: TenantCode) -> AsyncStream<Void> {
    // One wake-up is enough: whoever wakes reads all that is new.
    let (stream, continuation) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let isOpen = state.withLock { state in
      if !state.isClosed { state.followers[tenant, default: [:]][number] = continuation }
      return !state.isClosed
    }
    if !isOpen { continuation.finish() }
    return stream
  }

  fileprivate func wake(_ number: UInt64, _ tenant: TenantCode, ends: Bool) {
    let follower = state.withLock { $0.followers[tenant]?[number] }
    if ends { follower?.finish() } else { follower?.yield() }
  }

  fileprivate func leave(_ number: UInt64, _ tenant: TenantCode) {
    state.withLock { state in
      state.streams -= 1
      state.followers[tenant]?[number] = nil
      if state.followers[tenant]?.isEmpty == true { state.followers[tenant] = nil }
    }
  }

  /// One open stream; gives its place back when it is released.
  final class Admission: Sendable {
    let hub: EventHub
    let tenant: TenantCode
    private let number: UInt64

    fileprivate init(hub: EventHub, tenant: TenantCode, number: UInt64) {
      self.hub = hub
      self.tenant = tenant
      self.number = number
    }

    deinit { hub.leave(number, tenant) }

    /// Wake-ups: after each event, and at each `wake`. Ends with the hub or the tenant.
    func wakes() -> AsyncStream<Void> { hub.follow(number, tenant) }

    /// Wakes the stream without an event.
    func wake() { hub.wake(number, tenant, ends: false) }

    /// Ends the wake-ups.
    func end() { hub.wake(number, tenant, ends: true) }
  }
}
