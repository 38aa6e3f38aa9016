import Concurrency
import Foundation
import Hashing
import UtilityModel

/// The image of a release for machines that have not the agent's disk: the runtime's image, and on
/// top of it a layer for each folder that a container would mount.
///
/// It is made without a build: only the new layers and the image's configuration are handed to the
/// engine, which has the others. The same runtime and the same release make the same image, byte by
/// byte. Source: Docker Image Specification 1.2; OCI Image Configuration 1.0.
struct ReleaseImage {
  static let label = "io.sync-agent.image"

  let reference: ImageReference
  private let layers: [LayerFile.Source]

  /// The image of a release with the names that retire, on the image with the id `base`.
  init(
    _ release: Release, retiring: [RetiringUtility], base: String, repository: String
  ) {
    let former = Set(retiring.map(\.release)).sorted { $0.digest < $1.digest }
    let environments = ([release] + former).reduce(into: [:]) { found, release in
      found.merge(release.environments) { first, _ in first }
    }
    // What changes most seldom comes first: layers are shared from the bottom up.
    layers =
      environments.sorted { $0.key < $1.key }.map {
        .init(folder: $0.value, place: "environments/\($0.key)", keepsTimes: true)
      }
      + former.map { .init(folder: $0.directory, place: "retiring/\($0.digest.hex)") }
      + [.init(folder: release.directory, place: "release")]
    let rest = ([base] + layers.map(\.place)).joined(separator: "\n")
    reference = ImageReference(
      repository: repository,
      tag: "\(release.digest.hex)-\(SHA256.digest(of: rest).hex.prefix(12))")
  }

  /// What the engine is to load: the layers' archives, written below `folder`, and the description.
  ///
  /// `base` is the engine's description of the runtime's image. Throws `SystemError`, `EngineFailure`.
  /// Blocks.
  func archive(on base: [UInt8], in folder: String, pool: BlockingPool) throws -> Upload {
    let files = try layers.enumerated().map { index, layer in
      try LayerFile.write(layer, to: "\(folder)/\(index)")
    }
    let (configuration, below) = try configuration(on: base, layers: files)
    // The engine knows the layers below by their digests, and does not look for their files.
    let names =
      (0..<below).map { "base/\($0)/layer.tar" } + files.map { "\($0.digest.hex)/layer.tar" }
    let manifest = try JSONSerialization.data(
      withJSONObject: [
        ["Config": "config.json", "RepoTags": [reference.tagged], "Layers": names]
      ], options: [.sortedKeys])
    var parts: [Upload.Part] = []
    func add(_ name: String, _ size: Int, _ content: Upload.Part) {
      parts += [
        .bytes(TarHeader(path: name, size: size).blocks), content,
        .bytes(TarHeader.padding(after: size)),
      ]
    }
    for file in files {
      add("\(file.digest.hex)/layer.tar", file.size, .file(file.path, size: file.size))
    }
    add("config.json", configuration.count, .bytes(Array(configuration)))
    add("manifest.json", manifest.count, .bytes(Array(manifest)))
    return Upload(parts: parts + [.bytes(TarHeader.end)], pool: pool)
  }

  /// The image's configuration, and how many layers of it are the runtime's.
  private func configuration(
    on base: [UInt8], layers: [LayerFile]
  ) throws -> (Data, below: Int) {
    let known = try JSONSerialization.jsonObject(with: Data(base)) as? [String: Any]
    guard let known, var config = known["Config"] as? [String: Any],
      let below = (known["RootFS"] as? [String: Any])?["Layers"] as? [String]
    else { throw EngineFailure(.malformed, "the description of the runtime's image has no layers") }
    var labels = config["Labels"] as? [String: String] ?? [:]
    labels[Self.label] = "release"
    config["Labels"] = labels
    var configuration: [String: Any] = [
      "config": config, "created": "1970-01-01T00:00:00Z",
      "rootfs": [
        "type": "layers", "diff_ids": below + layers.map { "sha256:\($0.digest.hex)" },
      ],
    ]
    for (key, name) in [("Architecture", "architecture"), ("Os", "os"), ("Variant", "variant")] {
      if let value = known[key] as? String, !value.isEmpty { configuration[name] = value }
    }
    return (
      try JSONSerialization.data(
        withJSONObject: configuration, options: [.sortedKeys, .withoutEscapingSlashes]), below.count
    )
  }
}
