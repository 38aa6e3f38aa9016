import Logging

/// What both log handlers do with metadata.
enum LogMetadata {
  /// All metadata of an event: the event's own wins over the task's, which wins over the logger's.
  static func merged(
    _ base: Logger.Metadata, provider: Logger.MetadataProvider?, event: LogEvent
  ) -> Logger.Metadata {
    var result = base
    if let provider { result.merge(provider.get()) { $1 } }
    if let own = event.metadata { result.merge(own) { $1 } }
    if let error = event.error, result["error"] == nil { result["error"] = "\(error)" }
    return result
  }

  /// Appends a value as JSON, keys sorted.
  static func append(_ value: Logger.MetadataValue, to bytes: inout [UInt8]) {
    switch value {
    case .string(let text): JSONText.append(text, to: &bytes)
    case .stringConvertible(let value): JSONText.append(value.description, to: &bytes)
    case .array(let values):
      bytes.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        append(value, to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .dictionary(let values):
      bytes.append(UInt8(ascii: "{"))
      for (index, (key, value)) in values.sorted(by: { $0.key < $1.key }).enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        JSONText.append(key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(value, to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }
}
