import Concurrency
import Foundation
import Glibc
import Synchronization
import Testing

/// A plain HTTP client on one blocking socket, whose reading a test has in its hands. For one task at
/// a time.
actor StreamClient {
  struct Failure: Error { var text: String }

  private static let pool = BlockingPool(name: "test-client", width: 4)
  private let descriptor: Int32
  private let isClosed = Atomic(false)
  private var received: [UInt8] = []

  /// Connects to the loopback and sends a GET; reads nothing yet.
  init(port: Int, path: String, headers: [String] = []) async throws {
    descriptor = try await Self.pool.run { () throws(Failure) -> Int32 in
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(port).bigEndian
      address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
      let connected = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      guard connected == 0 else { throw Failure(text: "connect: \(errno)") }
      var timeout = timeval(tv_sec: 30, tv_usec: 0)
      setsockopt(
        descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
      let lines = ["GET \(path) HTTP/1.1", "Host: localhost"] + headers + ["", ""]
      let request = lines.joined(separator: "\r\n")
      guard send(descriptor, request, request.utf8.count, Int32(MSG_NOSIGNAL)) > 0 else {
        throw Failure(text: "send: \(errno)")
      }
      return descriptor
    }
  }

  /// Opens an event stream.
  static func open(_ port: Int, after id: String? = nil) async throws -> StreamClient {
    try await StreamClient(
      port: port, path: "/utils/v1/events/acme",
      headers: id.map { ["Last-Event-ID: \($0)"] } ?? [])
  }

  /// A whole answer.
  static func get(_ port: Int, _ path: String) async throws -> (
    body: String, header: (String) -> String?
  ) {
    let client = try await StreamClient(port: port, path: path, headers: ["Connection: close"])
    let text = try await client.readToEnd()
    client.close()
    let headers = text.components(separatedBy: "\r\n\r\n")[0].split(separator: "\r\n")
    return (
      text,
      { name in
        headers.first { $0.lowercased().hasPrefix("\(name):") }
          .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
      }
    )
  }

  /// Reads until the text has come; gives all that was received so far.
  @discardableResult
  func read(until wanted: String, forgetting: Bool = false) async throws -> String {
    let needle = Array(wanted.utf8)
    while received.isEmpty || !received.contains(needle) {
      let more = try await receive()
      guard !more.isEmpty else {
        throw Failure(text: "ended before \(wanted): \(String(decoding: received, as: UTF8.self))")
      }
      received += more
    }
    defer { if forgetting { received = [] } }
    return String(decoding: received, as: UTF8.self)
  }

  /// Reads until the server closes.
  @discardableResult
  func readToEnd() async throws -> String {
    while case let more = try await receive(), !more.isEmpty {
      received += more
      // A chunked answer ends with an empty chunk; its connection may stay.
      if received.suffix(7) == Array("\r\n0\r\n\r\n".utf8) { break }
    }
    return String(decoding: received, as: UTF8.self)
  }

  deinit { close() }

  /// Closes the connection; again is no harm.
  nonisolated func close() {
    if !isClosed.exchange(true, ordering: .relaxed) { _ = Glibc.close(descriptor) }
  }

  private func receive() async throws -> [UInt8] {
    let descriptor = descriptor
    return try await Self.pool.run { () throws(Failure) -> [UInt8] in
      var buffer = [UInt8](repeating: 0, count: 65536)
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count >= 0 else { throw Failure(text: "receive: \(errno)") }
      return Array(buffer.prefix(count))
    }
  }

  /// The n of the events' data.
  static func numbers(_ text: String) -> [Int] {
    text.matches(of: /\{"n":(\d+)/).compactMap { Int($0.output.1) }
  }

  /// The ids of the events that have data.
  static func ids(_ text: String) -> [String] {
    text.matches(of: /id: (\S+)\nevent/).map { String($0.output.1) }
  }
}
