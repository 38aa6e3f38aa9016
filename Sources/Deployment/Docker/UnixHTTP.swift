import AsyncHTTPClient
import Foundation

/// HTTP over a unix socket.
enum UnixHTTP {
  enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
    case delete = "DELETE"
  }

  /// An answer that was read to its end.
  struct Answer: Sendable {
    let status: Int
    let body: [UInt8]
  }

  /// What is sent.
  struct Body: Sendable {
    fileprivate let content: HTTPClientRequest.Body
    fileprivate let type: String

    /// JSON.
    init(_ json: [UInt8]) {
      content = .bytes(json)
      type = "application/json"
    }

    /// Something large, of a media type.
    init(_ upload: Upload, type: String) {
      content = .stream(upload, length: .known(Int64(upload.size)))
      self.type = type
    }
  }

  /// The longest path that a unix socket's address holds. Source: unix(7).
  static let longestPath = 107

  /// One client for the length of the process: it holds idle connections only, and its threads
  /// are those of the HTTP server.
  private static let client: HTTPClient = {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow, timeout: .init(connect: .seconds(3)))
    configuration.httpVersion = .http1Only
    // A socket without a listener is news, not something to wait for.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
    configuration.connectionPool.idleTimeout = .seconds(20)
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }()

  /// Asks, and reads at most `limit` bytes of answer.
  static func exchange(
    _ method: Method, socket: String, target: String, headers: [String: String] = [:],
    body: Body? = nil, limit: Int, within patience: Duration
  ) async throws(EngineFailure) -> Answer {
    let request = try request(
      method, socket: socket, target: target, headers: headers, body: body)
    do {
      return try await withThrowingTaskGroup(of: Answer.self) { group in
        group.addTask {
          let response = try await client.execute(request, deadline: .distantFuture)
          let bytes = try await response.body.collect(upTo: limit)
          return Answer(status: Int(response.status.code), body: Array(bytes.readableBytesView))
        }
        // The client's own deadline ends with the head of the answer.
        group.addTask {
          try await Task.sleep(for: patience)
          throw EngineFailure(.timedOut, "no answer in \(patience.components.seconds) s")
        }
        defer { group.cancelAll() }
        guard let answer = try await group.next() else { throw CancellationError() }
        return answer
      }
    } catch {
      throw EngineFailure(error)
    }
  }

  /// Asks, and hands each piece of an answer without end to `receive`; returns at its end.
  ///
  /// `opened` is told once the answer has begun. Ends by cancelling the task.
  static func follow(
    socket: String, target: String, isolation: isolated (any Actor)? = #isolation,
    opened: () async -> Void, receive: (ArraySlice<UInt8>) async -> Void
  ) async throws(EngineFailure) {
    let request = try request(.get, socket: socket, target: target, headers: [:], body: nil)
    do {
      let response = try await client.execute(request, deadline: .distantFuture)
      guard response.status.code == 200 else {
        throw EngineFailure(.refused(Int(response.status.code)), "no stream")
      }
      await opened()
      for try await piece in response.body { await receive(Array(piece.readableBytesView)[...]) }
    } catch {
      throw EngineFailure(error)
    }
  }

  private static func request(
    _ method: Method, socket: String, target: String, headers: [String: String], body: Body?
  ) throws(EngineFailure) -> HTTPClientRequest {
    guard let url = URL(httpURLWithSocketPath: socket, uri: target) else {
      throw EngineFailure(.malformed, "the socket's path makes no address")
    }
    var request = HTTPClientRequest(url: url.absoluteString)
    request.method = .init(rawValue: method.rawValue)
    request.headers.add(name: "Host", value: "localhost")
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    if let body {
      request.headers.add(name: "Content-Type", value: body.type)
      request.body = body.content
    }
    return request
  }
}
