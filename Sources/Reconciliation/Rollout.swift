/// One step of giving a runtime another release, as listeners are told.
public struct Rollout: Sendable, Hashable, Codable {
  /// How far it is.
  public enum State: String, Sendable, Codable {
    /// The release is published and a server for it is being started.
    case started
    /// It is healthy and serves.
    case live
    /// It failed; what ran before goes on.
    case failed
  }
  /// The tenant.
  public var tenantcode: String
  /// `active` or `trial`.
  public var runtime: String
  /// The release's digest.
  public var release: String
  /// How far it is.
  public var state: State
  /// Why it failed, as one sentence, or "".
  public var reason: String

  /// A step by its parts.
  public init(
    tenantcode: String, runtime: String, release: String, state: State, reason: String = ""
  ) {
    self.tenantcode = tenantcode
    self.runtime = runtime
    self.release = release
    self.state = state
    self.reason = reason
  }
}
