import Foundation
import Synchronization

/// The Docker Engine's HTTP API on its unix socket.
///
/// Source: Docker Engine API 1.41. Every answer is bounded in size and time.
final class EngineClient: Sendable {
  /// The API that this client is written for; an engine that has dropped it is asked for its oldest.
  static let wantedVersion = "1.41"
  private static let answerLimit = 16 << 20

  let socket: String
  private let negotiated = Mutex<String?>(nil)

  /// A client of the engine at a unix socket's path; connects at the first call.
  init(socket: String) { self.socket = socket }

  private struct Version: Decodable {
    var apiVersion: String
    var minAPIVersion: String
  }

  /// Asks the engine which versions it speaks, and gives the one to use from now on.
  @discardableResult
  func negotiate() async throws(EngineFailure) -> String {
    let answer = try await exchange(.get, "/version", body: nil, within: .seconds(5))
    let version = try Self.decode(Version.self, from: answer)
    guard Self.isOlder(Self.wantedVersion, orSame: version.apiVersion) else {
      throw EngineFailure(
        .malformed, "it speaks API \(version.apiVersion), and \(Self.wantedVersion) is needed")
    }
    let chosen =
      Self.isOlder(version.minAPIVersion, orSame: Self.wantedVersion)
      ? Self.wantedVersion : version.minAPIVersion
    negotiated.withLock { $0 = chosen }
    return chosen
  }

  /// Calls the API and decodes the answer.
  func ask<Value: Decodable>(
    _ method: UnixHTTP.Method, _ path: String, query: [String: String] = [:],
    headers: [String: String] = [:], body: (any Encodable & Sendable)? = nil,
    within patience: Duration = .seconds(15), as type: Value.Type
  ) async throws(EngineFailure) -> Value {
    try Self.decode(
      type,
      from: try await send(
        method, path, query: query, headers: headers, body: body, within: patience))
  }

  /// Calls the API and gives the answer's body. Throws `refused` with the engine's own message.
  @discardableResult
  func send(
    _ method: UnixHTTP.Method, _ path: String, query: [String: String] = [:],
    headers: [String: String] = [:], body: (any Encodable & Sendable)? = nil,
    within patience: Duration = .seconds(15)
  ) async throws(EngineFailure) -> [UInt8] {
    let target = try await target(path, query)
    var json: UnixHTTP.Body?
    if let body { json = .init(try Self.encode(body)) }
    return try await exchange(method, target, headers: headers, body: json, within: patience)
  }

  /// A path with its version and query. Asks for the version where it is not known.
  func target(_ path: String, _ query: [String: String]) async throws(EngineFailure) -> String {
    let known = negotiated.withLock { $0 }
    let version = if let known { known } else { try await negotiate() }
    let pairs = query.sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.escape($0.value))" }
    return "/v\(version)\(path)" + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
  }

  private struct Refusal: Decodable { var message: String }

  /// Calls with a target as `target` makes it. Throws `refused` with the engine's own message.
  @discardableResult
  func exchange(
    _ method: UnixHTTP.Method, _ target: String, headers: [String: String] = [:],
    body: UnixHTTP.Body?, within patience: Duration
  ) async throws(EngineFailure) -> [UInt8] {
    let answer = try await UnixHTTP.exchange(
      method, socket: socket, target: target, headers: headers, body: body,
      limit: Self.answerLimit, within: patience)
    // 304: it is so already.
    if (200..<300).contains(answer.status) || answer.status == 304 { return answer.body }
    let message: String
    do {
      message = try Self.decode(Refusal.self, from: answer.body).message
    } catch {
      message = String(decoding: answer.body.prefix(300), as: UTF8.self)
    }
    throw EngineFailure(.refused(answer.status), message.trimmingCharacters(in: .newlines))
  }

  /// Returns when the engine has not answered a ping in time; until then it is there.
  func pingUntilSilent() async throws(EngineFailure) {
    while true {
      do { try await Task.sleep(for: .seconds(5)) } catch { throw EngineFailure(error) }
      try await exchange(.get, "/_ping", body: nil, within: .seconds(5))
    }
  }

  /// The filters of lists and events as the engine wants them.
  static func filters(_ filters: [String: [String]]) throws(EngineFailure) -> String {
    String(decoding: try encode(filters), as: UTF8.self)
  }

  /// The engine's JSON begins each key in upper case.
  static func encode(_ value: any Encodable) throws(EngineFailure) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .custom { EngineKey($0, firstLetter: { $0.uppercased() }) }
    do {
      return Array(try encoder.encode(value))
    } catch {
      throw EngineFailure(.malformed, "\(error)")
    }
  }

  static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: some Collection<UInt8>
  ) throws(EngineFailure) -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .custom { EngineKey($0, firstLetter: { $0.lowercased() }) }
    do {
      return try decoder.decode(type, from: Data(bytes))
    } catch {
      throw EngineFailure(.malformed, "\(error)")
    }
  }

  private static func escape(_ value: String) -> String {
    var allowed = CharacterSet.alphanumerics
    allowed.insert(charactersIn: "-._~")
    return value.addingPercentEncoding(withAllowedCharacters: allowed) ?? value
  }

  /// Whether version `one` ("1.41") is not newer than `other`.
  private static func isOlder(_ one: String, orSame other: String) -> Bool {
    let (one, other) = (numbers(one), numbers(other))
    return !other.lexicographicallyPrecedes(one)
  }

  private static func numbers(_ version: String) -> [Int] {
    version.split(separator: ".").map { Int($0) ?? 0 }
  }
}

/// A key of the engine's JSON.
private struct EngineKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ path: [any CodingKey], firstLetter change: (String) -> String) {
    let key = path.last?.stringValue ?? ""
    stringValue = change(String(key.prefix(1))) + key.dropFirst()
  }

  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}
