public import Logging

/// A swift-log handler for terminals: time, level, message, then `key=value`, one event a line.
///
/// A value: safe on any thread. Control characters are escaped, so that no value can forge a line
/// or drive the terminal.
public struct TextLogHandler: LogHandler {
  /// The least level that is written.
  public var logLevel: Logger.Level
  /// Metadata of every line.
  public var metadata: Logger.Metadata = [:]
  /// Metadata of the running task, or nil.
  public var metadataProvider: Logger.MetadataProvider?
  private let writer: LineWriter
  private let coloured: Bool

  /// A handler; `coloured` where the reader is a terminal that wants it.
  public init(
    label: String, level: Logger.Level = .info, coloured: Bool = false,
    writer: LineWriter = .standardError, metadataProvider: Logger.MetadataProvider? = nil
  ) {
    logLevel = level
    self.coloured = coloured
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
    let level = event.level.rawValue.uppercased()
    var line = Array(Timestamp.text(Timestamp.now()).utf8)
    line.append(UInt8(ascii: " "))
    line.append(
      contentsOf: (coloured ? Self.colour(event.level) + level + "\u{1B}[0m" : level).utf8)
    line.append(contentsOf: repeatElement(UInt8(ascii: " "), count: max(1, 9 - level.utf8.count)))
    Self.appendVisible(event.message.description, to: &line)
    let values = LogMetadata.merged(metadata, provider: metadataProvider, event: event)
    for (key, value) in values.sorted(by: { $0.key < $1.key }) {
      line.append(UInt8(ascii: " "))
      Self.appendVisible(key, to: &line)
      line.append(UInt8(ascii: "="))
      let text = value.description
      let plain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") }
      if plain { Self.appendVisible(text, to: &line) } else { JSONText.append(text, to: &line) }
    }
    line.append(UInt8(ascii: "\n"))
    writer.write(line: line)
  }

  private static func colour(_ level: Logger.Level) -> String {
    switch level {
    case .trace, .debug: "\u{1B}[2m"
    case .info, .notice: "\u{1B}[32m"
    case .warning: "\u{1B}[33m"
    case .error, .critical: "\u{1B}[31m"
    }
  }

  private static func appendVisible(_ text: String, to bytes: inout [UInt8]) {
    for scalar in text.unicodeScalars {
      if scalar.properties.generalCategory == .control {
        bytes.append(contentsOf: scalar.escaped(asASCII: true).utf8)
      } else {
        bytes.append(contentsOf: String(scalar).utf8)
      }
    }
  }
}
