public import Logging

/// A swift-log handler that writes one JSON object a line.
///
/// Fields, in this order: `timestamp`, `level`, `service`, `component`, `function`, `message`,
/// `tenant_code`, `user_id`, `request_id`, `duration_ms` (a number), `metadata`; the last five are
/// left out where there is nothing. Source: LLD, "Structured Logging". A value: safe on any thread.
public struct JSONLogHandler: LogHandler {
  /// The value of `service`.
  public static let service = "sync-agent"
  private static let lifted = ["tenant_code", "user_id", "request_id"]

  /// The least level that is written.
  public var logLevel: Logger.Level
  /// Metadata of every line.
  public var metadata: Logger.Metadata = [:]
  /// Metadata of the running task, or nil.
  public var metadataProvider: Logger.MetadataProvider?
  private let component: String
  private let writer: LineWriter

  /// A handler for one logger label, which becomes `component`.
  public init(
    label: String, level: Logger.Level = .info, writer: LineWriter = .standardError,
    metadataProvider: Logger.MetadataProvider? = nil
  ) {
    component = label
    logLevel = level
    self.writer = writer
    self.metadataProvider = metadataProvider
  }

  /// Reads or writes one value of the metadata of every line.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes one event.
  public func log(event: LogEvent) {
    var values = LogMetadata.merged(
      metadata, provider: metadataProvider, event: event)
    var line: [UInt8] = []
    line.reserveCapacity(256)
    func field(_ name: String, _ value: String) {
      line.append(line.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
      JSONText.append(name, to: &line)
      line.append(UInt8(ascii: ":"))
      JSONText.append(value, to: &line)
    }
    field("timestamp", Timestamp.text(Timestamp.now()))
    field("level", event.level.rawValue.uppercased())
    field("service", Self.service)
    field("component", component)
    field("function", event.function)
    field("message", event.message.description)
    for name in Self.lifted {
      if let value = values.removeValue(forKey: name) { field(name, value.description) }
    }
    if let value = values["duration_ms"], let number = Double(value.description) {
      values.removeValue(forKey: "duration_ms")
      line.append(contentsOf: ",\"duration_ms\":\(JSONText.number(number))".utf8)
    }
    if !values.isEmpty {
      line.append(contentsOf: ",\"metadata\":".utf8)
      LogMetadata.append(.dictionary(values), to: &line)
    }
    line.append(contentsOf: "}\n".utf8)
    writer.write(line: line)
  }
}
