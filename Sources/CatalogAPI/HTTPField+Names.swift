import HTTPTypes

extension HTTPField.Name {
  /// `X-Request-ID`: names a request in the answer and in the log.
  static let requestID = known("X-Request-ID")
  /// `X-Event-ID`: the newest event that a list or an entry holds for sure.
  static let eventID = known("X-Event-ID")
  /// `Last-Event-ID`: the event after which a stream goes on.
  static let lastEventID = known("Last-Event-ID")
  /// `X-Accel-Buffering`: tells proxies not to hold a stream back.
  static let proxyBuffering = known("X-Accel-Buffering")

  private static func known(_ text: String) -> HTTPField.Name {
    guard let name = HTTPField.Name(text) else {
      preconditionFailure("\(text) is a valid field name")
    }
    return name
  }
}
