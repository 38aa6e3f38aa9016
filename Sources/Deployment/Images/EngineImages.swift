import Foundation
import UtilityModel

/// An image as a list shows it.
struct ImageSummary: Decodable, Sendable {
  var id: String
  var repoTags: [String]?
}

extension EngineClient {
  private struct Distributed: Decodable {
    struct Descriptor: Decodable { var digest: String }
    var descriptor: Descriptor
  }
  /// A line of the answer to a load or a push, whose status is 200 whatever came of it.
  private struct Progress: Decodable {
    struct Result: Decodable { var digest: String? }
    var error: String?
    var aux: Result?
  }

  /// An image's description, the engine's own JSON. Throws `refused(404)` where there is none.
  func describeImage(_ name: String) async throws(EngineFailure) -> [UInt8] {
    try await send(.get, "/images/\(name)/json")
  }

  /// Takes an archive of images in.
  func load(_ archive: Upload) async throws(EngineFailure) {
    let target = try await target("/images/load", ["quiet": "1"])
    let answer = try await exchange(
      .post, target, body: .init(archive, type: "application/x-tar"), within: .seconds(300))
    _ = try Self.result(of: answer)
  }

  /// Sends an image to its registry; the digest of its manifest there.
  func push(_ image: ImageReference, auth: String) async throws(EngineFailure) -> String {
    let answer = try await send(
      .post, "/images/\(image.repository)/push", query: ["tag": image.tag],
      headers: ["X-Registry-Auth": auth], within: .seconds(900))
    guard let digest = try Self.result(of: answer) else {
      throw EngineFailure(.malformed, "the push ended without a digest")
    }
    return digest
  }

  /// The digest of an image's manifest in its registry, nil where the registry does not show one.
  func digest(of image: ImageReference, auth: String) async throws(EngineFailure) -> String? {
    do throws(EngineFailure) {
      return try await ask(
        .get, "/distribution/\(image.tagged)/json", headers: ["X-Registry-Auth": auth],
        within: .seconds(30), as: Distributed.self
      ).descriptor.digest
    } catch {
      // Registries also refuse what is not there, so as not to tell of it; a push tells the rest.
      guard [401, 403, 404].contains(where: { error.kind == .refused($0) }) else { throw error }
      return nil
    }
  }

  /// The images that carry a label.
  func images(label: String) async throws(EngineFailure) -> [ImageSummary] {
    let filters = try Self.filters(["label": [label]])
    return try await ask(
      .get, "/images/json", query: ["filters": filters], as: [ImageSummary].self)
  }

  /// Removes an image by its id, with all of its names, also where a stopped container was made of it;
  /// nothing happens where one runs.
  func removeImage(_ id: String) async throws(EngineFailure) {
    do throws(EngineFailure) {
      try await send(.delete, "/images/\(id)", query: ["force": "1"], within: .seconds(60))
    } catch {
      guard error.isMissing || error.kind == .refused(409) else { throw error }
    }
  }

  /// The digest that a progress stream ends with. Throws the error that stands in it.
  static func result(of answer: [UInt8]) throws(EngineFailure) -> String? {
    var digest: String?
    for line in answer.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
      let progress = try decode(Progress.self, from: line)
      if let error = progress.error { throw EngineFailure(.refused(500), error) }
      digest = progress.aux?.digest ?? digest
    }
    return digest
  }
}
