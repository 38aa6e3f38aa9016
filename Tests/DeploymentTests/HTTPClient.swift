import Concurrency
import Foundation
import Glibc

@testable import Deployment

/// A blocking HTTP/1.1 client on a bare socket: just what the tests need, and strict.
///
/// Used by one thread at a time.
final class HTTPClient {
  struct Failure: Error { let text: String }

  private let port: Int
  private var socket: Descriptor?

  init(port: Int) { self.port = port }

  /// Calls a utility and gives the status and the body, on the open connection if there is one.
  func post(_ path: String, keepAlive: Bool = false) throws -> (status: Int, body: String) {
    let socket = try self.socket ?? connect()
    let body = #"{"data": 1, "filter": null}"#
    let request = """
      POST /\(path) HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n\
      Connection: \(keepAlive ? "keep-alive" : "close")\r\n\
      Content-Length: \(body.utf8.count)\r\n\r\n\(body)
      """
    self.socket = nil
    try socket.writeAll(Array(request.utf8), as: "a request")
    let (head, answer) = try read(from: socket)
    if keepAlive, !head.lowercased().contains("connection: close") { self.socket = socket }
    guard let status = Int(head.split(separator: " ").dropFirst().first ?? "") else {
      throw Failure(text: "no status: \(head)")
    }
    return (status, answer)
  }

  private func connect() throws -> Descriptor {
    let socket = Descriptor(owning: Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(
      socket.number, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr = in_addr(s_addr: UInt32(0x7f00_0001).bigEndian)
    let status = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(socket.number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw SystemError("connect") }
    return socket
  }

  private func read(from socket: Descriptor) throws -> (head: String, body: String) {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(socket.number, &chunk, chunk.count)
      guard count > 0 else {
        throw Failure(text: "connection ended after \(bytes.count) bytes: errno \(errno)")
      }
      bytes += chunk[..<count]
      let text = String(decoding: bytes, as: UTF8.self)
      guard let end = text.range(of: "\r\n\r\n") else { continue }
      let head = String(text[..<end.lowerBound])
      let line = head.lowercased().components(separatedBy: "\r\n").first {
        $0.hasPrefix("content-length:")
      }
      let length = Int(line?.dropFirst(15).trimmingCharacters(in: .whitespaces) ?? "0") ?? 0
      let body = text[end.upperBound...]
      if body.utf8.count >= length { return (head, String(body)) }
    }
  }

  /// One call on a connection of its own, off the cooperative pool.
  static func call(_ path: String, port: Int) async throws -> (status: Int, body: String) {
    try await pool.run { try HTTPClient(port: port).post(path) }
  }

  static let pool = BlockingPool(name: "client", width: 8)
}
