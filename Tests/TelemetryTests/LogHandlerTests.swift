import Foundation
import Logging
import Synchronization
import Testing

@testable import Telemetry

@Suite struct LogHandlerTests {
  final class Lines: Sendable {
    let all = Mutex<[[UInt8]]>([])
    var writer: LineWriter { LineWriter { line in self.all.withLock { $0.append(line) } } }
    var text: String { String(decoding: all.withLock { $0.joined() }, as: UTF8.self) }
  }

  @Test func writesTheFieldsOfTheLLD() throws {
    let lines = Lines()
    let writer = lines.writer
    var logger = Logger(label: "GitStore") { JSONLogHandler(label: $0, writer: writer) }
    logger[metadataKey: "request_id"] = "r-1"
    logger.warning(
      "bad \u{1B}[31m\n\"name\"",
      metadata: ["tenant_code": "acme", "duration_ms": "1.5", "paths": ["a", "b"]])
    #expect(lines.text.hasSuffix("}\n"))
    #expect(lines.text.filter(\.isNewline).count == 1)
    let json = try #require(
      JSONSerialization.jsonObject(with: Data(lines.text.utf8)) as? [String: Any])
    #expect(json["level"] as? String == "WARNING")
    #expect(json["service"] as? String == "sync-agent")
    #expect(json["component"] as? String == "GitStore")
    #expect(json["message"] as? String == "bad \u{1B}[31m\n\"name\"")
    #expect(json["tenant_code"] as? String == "acme")
    #expect(json["request_id"] as? String == "r-1")
    #expect(json["duration_ms"] as? Double == 1.5)
    let metadata = json["metadata"] as? [String: [String]]
    #expect(metadata?["paths"] == ["a", "b"])
    let timestamp = try #require(json["timestamp"] as? String)
    let rfc3339 = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/
    #expect(timestamp.wholeMatch(of: rfc3339) != nil)
  }

  @Test func escapesControlCharactersOnTerminals() {
    let lines = Lines()
    let writer = lines.writer
    let logger = Logger(label: "x") { TextLogHandler(label: $0, writer: writer) }
    logger.info("a\u{1B}[2Jb\nc", metadata: ["k": "v w", "n": "1"])
    #expect(!lines.text.contains("\u{1B}"))
    #expect(lines.text.hasSuffix(" k=\"v w\" n=1\n"))
  }

  @Test func formatsInstants() {
    #expect(Timestamp.text(0) == "1970-01-01T00:00:00.000Z")
    #expect(Timestamp.text(1_640_995_200_007) == "2022-01-01T00:00:00.007Z")
    #expect(Timestamp.text(-1) == "1969-12-31T23:59:59.999Z")
  }
}
