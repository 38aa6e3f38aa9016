import Foundation

/// A container as a list shows it.
struct ContainerSummary: Decodable, Sendable {
  var id: String
  /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
  var state: String
  var created: Int
  var labels: [String: String]

  var isRunning: Bool { state == "running" }
}

/// A container as an inspection shows it.
struct ContainerDetails: Decodable, Sendable {
  struct State: Decodable, Sendable {
    var status: String
    var startedAt: String
    var exitCode: Int
    var oOMKilled: Bool?

    /// "exit status 1", "killed because its memory ran out".
    var end: String {
      oOMKilled == true
        ? "its memory ran out"
        : exitCode > 128 ? "killed by signal \(exitCode - 128)" : "exit status \(exitCode)"
    }
  }

  struct Attachment: Decodable, Sendable {
    var aliases: [String]?
    var networkID: String
  }

  struct NetworkSettings: Decodable, Sendable {
    var networks: [String: Attachment]
  }

  var id: String
  var state: State
  var networkSettings: NetworkSettings

  var isRunning: Bool { state.status == "running" }
  /// This run of it: another one has another network namespace.
  var run: String { "\(id.prefix(12))@\(state.startedAt)" }
}

/// A network as an inspection shows it.
struct NetworkDetails: Decodable, Sendable {
  var id: String
  var name: String
  var labels: [String: String]?
}

extension EngineClient {
  private struct Created: Decodable { var id: String }
  private struct Image: Decodable { var id: String }
  private struct Nothing: Encodable, Sendable {}

  /// The containers that carry all of these labels, running or not.
  func containers(labels: [String: String]) async throws(EngineFailure) -> [ContainerSummary] {
    let filters = try Self.filters(["label": labels.map { "\($0.key)=\($0.value)" }.sorted()])
    return try await ask(
      .get, "/containers/json", query: ["all": "1", "filters": filters],
      as: [ContainerSummary].self)
  }

  func container(_ id: String) async throws(EngineFailure) -> ContainerDetails {
    try await ask(.get, "/containers/\(id)/json", as: ContainerDetails.self)
  }

  /// Makes a container; its id.
  ///
  /// Not cut short by a caller that is cancelled: the engine goes on making the container of a
  /// request that was given up, and nobody would have the id to remove it by.
  func create(_ spec: ContainerSpec, name: String) async throws(EngineFailure) -> String {
    let making = Task { () async -> Result<String, EngineFailure> in
      do throws(EngineFailure) {
        let made = try await ask(
          .post, "/containers/create", query: ["name": name], body: spec, as: Created.self)
        return .success(made.id)
      } catch {
        return .failure(error)
      }
    }
    return try await making.value.get()
  }

  func start(_ id: String) async throws(EngineFailure) {
    try await send(.post, "/containers/\(id)/start")
  }

  /// SIGTERM, and SIGKILL after `limit` seconds.
  func stop(_ id: String, within limit: Int) async throws(EngineFailure) {
    try await send(
      .post, "/containers/\(id)/stop", query: ["t": "\(limit)"], within: .seconds(limit + 30))
  }

  /// Returns when the container does not run any more.
  func waitForEnd(of id: String, within limit: Duration) async throws(EngineFailure) {
    try await send(.post, "/containers/\(id)/wait", within: limit)
  }

  /// Removes a container, running or not; nothing to do where there is none.
  func remove(_ id: String) async throws(EngineFailure) {
    do throws(EngineFailure) {
      try await send(.delete, "/containers/\(id)", query: ["force": "1", "v": "1"])
    } catch {
      // 409: somebody removes it at this moment.
      guard error.isMissing || error.kind == .refused(409) else { throw error }
    }
  }

  /// The last lines that a container wrote, oldest first.
  func lastLines(of id: String, count: Int) async throws(EngineFailure) -> [String] {
    let query = ["stdout": "1", "stderr": "1", "tail": "\(count)"]
    return Self.lines(ofStream: try await send(.get, "/containers/\(id)/logs", query: query))
  }

  /// Takes the frames off a log: eight bytes of stream and length, then text.
  /// Source: Docker Engine API, "Attach to a container", stream format.
  static func lines(ofStream bytes: [UInt8]) -> [String] {
    var text: [UInt8] = []
    var rest = bytes[...]
    while rest.count >= 8 {
      let length = rest.dropFirst(4).prefix(4).reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(8)
      text += rest.prefix(length)
      rest = rest.dropFirst(length)
    }
    return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// The id of an image by its name. Throws `refused(404)` where there is none.
  func image(_ name: String) async throws(EngineFailure) -> String {
    try await ask(.get, "/images/\(name)/json", as: Image.self).id
  }
}

extension EngineClient {
  private struct NewNetwork: Encodable, Sendable {
    var name: String
    var checkDuplicate = true
    var driver = "bridge"
    var labels: [String: String]
  }
  private struct Joining: Encodable, Sendable {
    var container: String
    var endpointConfig: ContainerSpec.Endpoint
  }
  private struct Leaving: Encodable, Sendable {
    var container: String
    var force = true
  }

  func network(_ name: String) async throws(EngineFailure) -> NetworkDetails {
    try await ask(.get, "/networks/\(name)", as: NetworkDetails.self)
  }

  /// Makes a bridge network. One that is there already is left as it is.
  func createNetwork(_ name: String, labels: [String: String]) async throws(EngineFailure) {
    do throws(EngineFailure) {
      try await send(.post, "/networks/create", body: NewNetwork(name: name, labels: labels))
    } catch {
      // 409, and 500 of Podman 4.3.
      let isThere =
        error.kind == .refused(409) || error.message.contains("network already exists")
      guard isThere else { throw error }
    }
  }

  func connect(
    _ id: String, to network: String, aliases: [String]
  ) async throws(EngineFailure) {
    try await send(
      .post, "/networks/\(network)/connect",
      body: Joining(container: id, endpointConfig: .init(aliases: aliases)))
  }

  func disconnect(_ id: String, from network: String) async throws(EngineFailure) {
    try await send(.post, "/networks/\(network)/disconnect", body: Leaving(container: id))
  }

  func removeNetwork(_ name: String) async throws(EngineFailure) {
    try await send(.delete, "/networks/\(name)")
  }
}
