public import Logging

/// What a task works for: the id that stands in each of its log lines as `request_id`.
///
/// Set once where work begins (an HTTP request, a reconcile) and inherited by its child tasks.
public enum RequestScope {
  /// The id, or nil outside of any request.
  @TaskLocal public static var id: String?

  /// A new id: what began the work, and a random number.
  public static func newID(_ origin: String) -> String {
    "\(origin)-\(String(UInt64.random(in: .min ... .max), radix: 16))"
  }

  /// Puts the id into the metadata of every line, for loggers that are made with it.
  public static let metadataProvider = Logger.MetadataProvider {
    id.map { ["request_id": "\($0)"] } ?? [:]
  }
}
