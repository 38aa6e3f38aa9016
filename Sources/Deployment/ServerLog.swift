import Foundation
import Logging
import Synchronization

/// What a server writes on its standard error: forwarded to the agent's log, the last lines kept.
///
/// Called on the supervisor's thread; read from anywhere.
final class ServerLog: Sendable {
  /// How many lines are kept for the report of a failure.
  static let kept = 20
  /// The longest line that is kept; of a longer one only its message is.
  static let keptLength = 8 << 10

  private let logger: Logger
  private let lines = Mutex<[String]>([])

  /// Forwards to `logger`.
  init(logger: Logger) { self.logger = logger }

  /// The last lines, oldest first.
  var tail: [String] { lines.withLock { $0 } }

  /// The message of the last line, without folders.
  var lastMessage: String? {
    tail.last.map { Self.message(of: $0) }
  }

  /// The message of a line, cut to a length for a report and without folders.
  static func message(of line: String) -> String {
    let message = fields(of: Array(line.utf8))?["message"] as? String
    return PathRedaction.apply(to: String((message ?? line).prefix(300)))
  }

  /// Takes a line: a JSON object with `level` and `message`, or anything else that Python writes.
  func receive(_ line: [UInt8]) {
    let text = String(decoding: line, as: UTF8.self)
    let fields = Self.fields(of: line)
    guard let fields, let message = fields["message"] as? String else {
      keep(text)
      logger.warning("\(text)")
      return
    }
    keep(line.count <= Self.keptLength ? text : message)
    var metadata: Logger.Metadata = [:]
    for (key, value) in fields where !Self.own.contains(key) { metadata[key] = "\(value)" }
    logger.log(level: Self.level(fields["level"] as? String), "\(message)", metadata: metadata)
  }

  /// Adds a line of the agent's own.
  func note(_ text: String) {
    keep(text)
    logger.warning("\(text)")
  }

  private func keep(_ text: String) {
    lines.withLock { lines in
      lines.append(String(text.prefix(Self.keptLength)))
      if lines.count > Self.kept { lines.removeFirst() }
    }
  }

  /// The keys that the agent's own log sets.
  private static let own: Set<String> = ["timestamp", "level", "service", "message", "tenant_code"]

  private static func fields(of line: [UInt8]) -> [String: Any]? {
    // What is no JSON is text of the interpreter's, and forwarded as such.
    try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
  }

  private static func level(_ name: String?) -> Logger.Level {
    switch name {
    case "DEBUG": .debug
    case "INFO": .info
    case "ERROR": .error
    case "CRITICAL": .critical
    default: .warning
    }
  }
}
