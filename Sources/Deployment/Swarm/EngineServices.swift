import Foundation
import Hashing
import UtilityModel

extension EngineClient {
  private struct Created: Decodable { var iD: String }
  private struct ServiceWithSpec: Decodable { var spec: ServiceSpec }
  private struct Node: Decodable { var iD: String }
  private struct Info: Decodable {
    struct Swarm: Decodable {
      var localNodeState: String?
      var controlAvailable: Bool?
    }
    var swarm: Swarm
  }
  private struct NewOverlay: Encodable, Sendable {
    var name: String
    var checkDuplicate = true
    var driver = "overlay"
    var attachable = true
    var labels: [String: String]
  }

  /// Whether the engine is a manager of a swarm.
  func isManager() async throws(EngineFailure) -> Bool {
    try await ask(.get, "/info", as: Info.self).swarm.controlAvailable == true
  }

  /// How many machines the swarm has.
  func nodeCount() async throws(EngineFailure) -> Int {
    try await ask(.get, "/nodes", as: [Node].self).count
  }

  /// A service by its name, nil where there is none.
  func serviceIfAny(_ name: String) async throws(EngineFailure) -> ServiceDetails? {
    do throws(EngineFailure) {
      return try await ask(.get, "/services/\(name)", as: ServiceDetails.self)
    } catch {
      guard error.isMissing else { throw error }
      return nil
    }
  }

  /// What a service is made of at this moment.
  func liveSpec(_ id: String) async throws(EngineFailure) -> LiveSpec {
    let bytes = try await send(.get, "/services/\(id)")
    let service = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
    guard let whole = service?["Spec"] as? [String: Any] else {
      throw EngineFailure(.malformed, "the service has no spec")
    }
    func imprint(_ value: Any?) -> Digest {
      // It was JSON; without it the digest is that of nothing.
      let text = try? JSONSerialization.data(
        withJSONObject: value ?? [:], options: [.sortedKeys, .fragmentsAllowed])
      return SHA256.digest(of: Array(text ?? Data()))
    }
    // One that is not understood somebody else wrote.
    return LiveSpec(
      spec: try? Self.decode(ServiceWithSpec.self, from: bytes).spec, whole: imprint(whole),
      template: imprint(whole["TaskTemplate"]))
  }

  /// Makes a service; its id. Its machines pull their image with `auth`.
  func createService(_ spec: ServiceSpec, auth: String) async throws(EngineFailure) -> String {
    try await ask(
      .post, "/services/create", headers: ["X-Registry-Auth": auth], body: spec, as: Created.self
    ).iD
  }

  /// Changes a service; `version` is that of the inspection on which the change rests.
  func updateService(
    _ id: String, version: Int, to spec: ServiceSpec, auth: String
  ) async throws(EngineFailure) {
    try await send(
      .post, "/services/\(id)/update", query: ["version": "\(version)"],
      headers: ["X-Registry-Auth": auth], body: spec)
  }

  /// Goes back to the former spec of a service. The body is needed and not looked at.
  func rollBackService(
    _ id: String, version: Int, spec: ServiceSpec
  ) async throws(EngineFailure) {
    try await send(
      .post, "/services/\(id)/update",
      query: ["version": "\(version)", "rollback": "previous"], body: spec)
  }

  /// Removes a service; nothing to do where there is none.
  func removeService(_ id: String) async throws(EngineFailure) {
    do throws(EngineFailure) {
      try await send(.delete, "/services/\(id)")
    } catch {
      guard error.isMissing else { throw error }
    }
  }

  /// The tasks of a service, newest first.
  func tasks(of service: String) async throws(EngineFailure) -> [ServiceTask] {
    let filters = try Self.filters(["service": [service]])
    return try await ask(.get, "/tasks", query: ["filters": filters], as: [ServiceTask].self)
      .sorted { $0.createdAt > $1.createdAt }
  }

  /// The tasks of all services that run, those that are told to end too.
  func runningTasks() async throws(EngineFailure) -> [ServiceTask] {
    try await ask(.get, "/tasks", as: [ServiceTask].self).filter { $0.status.state == "running" }
  }

  /// The last lines that a task wrote, oldest first.
  func lastLines(ofTask id: String, count: Int) async throws(EngineFailure) -> [String] {
    let query = ["stdout": "1", "stderr": "1", "tail": "\(count)"]
    return Self.lines(ofStream: try await send(.get, "/tasks/\(id)/logs", query: query))
  }

  /// An overlay network that containers outside of the swarm may join, too; its id. One that is
  /// there already is taken as it is.
  func ensureOverlay(
    _ name: String, labels: [String: String]
  ) async throws(EngineFailure) -> String {
    do throws(EngineFailure) {
      return try await network(name).id
    } catch {
      guard error.isMissing else { throw error }
    }
    do throws(EngineFailure) {
      try await send(.post, "/networks/create", body: NewOverlay(name: name, labels: labels))
    } catch {
      guard error.kind == .refused(409) else { throw error }
    }
    return try await network(name).id
  }
}
