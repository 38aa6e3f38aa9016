/// How a tenant's repository follows its upstream.
public struct UpstreamStatus: Hashable, Sendable, Codable {
  /// Where it is fetched from; it never has a password.
  public var url: String
  /// When a fetch last succeeded, in milliseconds since 1970, or nil.
  public var lastFetch: Int64?
  /// Why the last fetch failed, and the way out; nil where it succeeded.
  public var error: String?
  /// How many fetches have failed since the last one that succeeded.
  public var failures: Int
  /// When the next fetch is due, in milliseconds since 1970, or nil.
  public var nextTry: Int64?

  enum CodingKeys: String, CodingKey {
    case url, error, failures
    case lastFetch = "last_fetch"
    case nextTry = "next_try"
  }

  /// An upstream that was not fetched yet.
  public init(url: String) {
    self.url = url
    failures = 0
  }
}
