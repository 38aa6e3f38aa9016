import Foundation
import Hashing
import UtilityModel

extension SwarmRuntime {
  /// A digest of the whole spec as it was written: another one means that somebody changed it.
  static let sealLabel = "io.sync-agent.seal"

  /// What every release's service of a slot is made with; the rest differs from one to the next.
  func frame(_ slot: RuntimeSlot, image: String, network: String) -> ServiceSpec {
    let docker = configuration.docker
    let address = address(ofSlot: slot)
    let container = ServiceSpec.Container(
      image: image,
      args: [
        "--release", "/release", "--tenant", slot.tenant.rawValue, "--host", "0.0.0.0", "--port",
        "\(address.port)", "--control-port", "\(controlPort(slot))", "--control-key",
        SHA256.digest(of: controlKey(slot)).hex, "--journal-linger",
        "\(Int(configuration.journalLinger / .seconds(1)))", "--memory",
        "\(max(64, docker.memory))",
      ] + docker.journal.arguments,
      labels: [
        ContainerLabel.owner: docker.owner, ContainerLabel.tenant: slot.tenant.rawValue,
        ContainerLabel.kind: slot.kind.rawValue,
      ], env: ["LANG=C.UTF-8", "PYTHON_UTILS_PORT=\(address.port)", "TZ=UTC"],
      mounts: [
        .init(
          type: "tmpfs", target: "/tmp",
          tmpfsOptions: .init(sizeBytes: 64 << 20, mode: 0o1777))
      ],
      stopGracePeriod: Int64(
        (docker.drainGrace + configuration.journalLinger) / .nanoseconds(1)),
      healthcheck: .init(startPeriod: Int64(docker.readyLimit / .nanoseconds(1))))
    return ServiceSpec(
      name: name(of: slot),
      labels: [
        ContainerLabel.owner: docker.owner, ContainerLabel.tenant: slot.tenant.rawValue,
        ContainerLabel.kind: slot.kind.rawValue,
      ],
      taskTemplate: .init(
        containerSpec: container,
        resources: .init(
          limits: .init(
            nanoCPUs: Int64(docker.cpus * 1e9), memoryBytes: Int64(docker.memory) << 20,
            pids: docker.pids)),
        networks: [.init(target: network, aliases: [address.service])]),
      mode: .init(replicated: .init(replicas: configuration.replicas)),
      updateConfig: .init(parallelism: parallelism, failureAction: "rollback"),
      rollbackConfig: .init(parallelism: parallelism, failureAction: "pause"),
      endpointSpec: .init(mode: configuration.endpointMode))
  }

  /// A quarter of the tasks at a time: the others answer meanwhile.
  private var parallelism: Int { max(1, configuration.replicas / 4) }

  /// A short digest of what does not differ from release to release.
  func frameDigest(_ slot: RuntimeSlot, image: String) -> String {
    let place = configuration.registry.map { "\($0) " } ?? ""
    return Self.digest(frame(slot, image: place + image, network: ""))
  }

  /// Adds what is a release's own: its folders, or `pushed`, the image that has them in it.
  func fill(
    _ spec: inout ServiceSpec, with release: Release, _ slot: RuntimeSlot, image: String,
    pushed: String?, retiring: [RetiringUtility]
  ) {
    var container = spec.taskTemplate.containerSpec
    container.image = pushed ?? image
    func mount(_ source: String, _ target: String) {
      guard pushed == nil else { return }
      container.mounts.append(.init(source: source, target: target, readOnly: true))
    }
    mount(release.directory, "/release")
    for (former, utilities) in Dictionary(grouping: retiring, by: \.release)
      .sorted(by: { $0.key.digest < $1.key.digest })
    {
      mount(former.directory, "/retiring/\(former.digest.hex)")
      let names = utilities.map(\.name).sorted().joined(separator: ",")
      container.args += ["--retiring", "/retiring/\(former.digest.hex):\(names)"]
    }
    let environments = ([release] + retiring.map(\.release)).reduce(into: [:]) { found, release in
      found.merge(release.environments) { first, _ in first }
    }
    for (digest, folder) in environments.sorted(by: { $0.key < $1.key }) {
      mount(folder, "/environments/\(digest)")
      container.args += ["--environment", "/environments/\(digest)"]
    }
    // The server verifies each file against the release before it answers; the check, which release.
    container.env.append("PYTHON_UTILS_RELEASE=\(release.digest.hex)")
    container.labels[ContainerLabel.release] = release.digest.hex
    let longest = release.manifest.utilities.values.map(\.timeout).max() ?? 0
    container.stopGracePeriod += Int64(longest) * 1_000_000_000
    spec.taskTemplate.containerSpec = container
    spec.labels[ContainerLabel.release] = release.digest.hex
    spec.labels[ContainerLabel.revision] = release.revision?.description
    spec.labels[ContainerLabel.spec] = frameDigest(slot, image: image)
    let former = Set(retiring.map(\.release.digest.hex)).sorted()
    if !former.isEmpty {
      let digests = former.joined(separator: ",")
      spec.labels[ContainerLabel.retiring] = digests
      spec.taskTemplate.containerSpec.labels[ContainerLabel.retiring] = digests
    }
    spec.labels[Self.sealLabel] = Self.seal(spec)
  }

  /// A digest of a spec, its seal apart. The engine gives a spec back as it got it.
  static func seal(_ spec: ServiceSpec) -> String {
    var bare = spec
    bare.labels[sealLabel] = nil
    return digest(bare)
  }

  private static func digest(_ spec: ServiceSpec) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings and numbers alone: nothing that could not be encoded.
    let text = (try? encoder.encode(spec)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return String(SHA256.digest(of: text).hex.prefix(16))
  }
}
