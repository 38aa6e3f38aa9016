import Foundation
import Hummingbird
import Telemetry

/// The LLD's `ResponseModel`: what every JSON answer but health and metrics is wrapped in.
///
/// `status` is "success" or "error" after `success`. Source: LLD, "Core Models".
struct Envelope {
  var success: Bool
  /// `data` as JSON.
  var data: [UInt8] = Array("null".utf8)
  var error = ""
  var displaymessage = ""
  var errorpath = ""
  var sessionexpired = false
  var field: [String] = []
  var count = 0
  /// Milliseconds since 1970. An answer with an entity tag takes it from what it shows, so that one
  /// tag has the same bytes after a restart; every other takes the time of day.
  var time = Int64(Date().timeIntervalSince1970 * 1000)

  /// The JSON with all keys in the LLD's order.
  func render() -> ByteBuffer {
    var head: [UInt8] = Array("{\"success\":\(success),\"data\":".utf8)
    var tail: [UInt8] = Array(",\"error\":".utf8)
    JSONText.append(error, to: &tail)
    tail.append(contentsOf: ",\"time\":\(time)".utf8)
    tail.append(contentsOf: ",\"displaymessage\":".utf8)
    JSONText.append(displaymessage, to: &tail)
    tail.append(contentsOf: ",\"status\":\"\(success ? "success" : "error")\",\"errorpath\":".utf8)
    JSONText.append(errorpath, to: &tail)
    tail.append(contentsOf: ",\"sessionexpired\":\(sessionexpired),\"field\":[".utf8)
    for (index, name) in field.enumerated() {
      if index > 0 { tail.append(UInt8(ascii: ",")) }
      JSONText.append(name, to: &tail)
    }
    tail.append(contentsOf: "],\"count\":\(count)}".utf8)
    head.reserveCapacity(head.count + data.count + tail.count)
    var buffer = ByteBuffer()
    buffer.reserveCapacity(head.count + data.count + tail.count)
    buffer.writeBytes(head)
    buffer.writeBytes(data)
    buffer.writeBytes(tail)
    return buffer
  }

  /// An envelope's bytes as an answer.
  static func response(_ body: ByteBuffer, status: HTTPResponse.Status = .ok) -> Response {
    Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
  }

  /// Headers of every JSON answer.
  static let headers: HTTPFields = [
    .contentType: "application/json; charset=utf-8", .cacheControl: "no-cache",
  ]

  /// A success with an encodable `data`.
  static func success(_ data: some Encodable, count: Int) throws -> Response {
    try response(Envelope(success: true, data: json(data), count: count).render())
  }

  /// A value as JSON, keys sorted.
  static func json(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value))
  }
}
