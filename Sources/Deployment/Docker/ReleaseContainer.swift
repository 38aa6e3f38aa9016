import Hashing
import UtilityModel

/// A container that serves, or served, one release: as the engine's labels and its own server
/// describe it.
struct ReleaseContainer: Sendable {
  let id: String
  let release: Digest
  /// A digest of what its server has to report; see `hashes(of:)`.
  let hashes: String
  /// The digest of the spec that it was made with, its release apart.
  let spec: String
  /// The run of the pause container that it joined.
  let pause: String
  /// The releases of the names that it goes on serving until they retire.
  let retiring: Set<Digest>
  /// The longest time limit of its utilities in seconds.
  let timeout: Int
  /// Seconds since 1970.
  let created: Int
  let channel: ControlChannel
  let isRunning: Bool
  /// What its server said, nil where it gave no answer.
  var health: ControlChannel.Health?

  /// Whether it accepts calls.
  var isServing: Bool { health?.status == .listening }

  /// Whether its server has loaded what the release promises, hash by hash.
  var isTrue: Bool {
    health?.release == release.hex && health.map { Self.hashes(of: $0.utilities) } == hashes
  }

  /// A container by its labels, with its channel below `channels`; nil where they are not those of
  /// a release.
  init?(_ summary: ContainerSummary, channels: String) {
    let labels = summary.labels
    guard labels[ContainerLabel.role] == "release",
      let release = labels[ContainerLabel.release].flatMap({ Digest(hex: $0) }),
      let channel = labels[ContainerLabel.channel], Self.isChannelName(channel)
    else { return nil }
    id = summary.id
    self.release = release
    hashes = labels[ContainerLabel.hashes] ?? ""
    spec = labels[ContainerLabel.spec] ?? ""
    pause = labels[ContainerLabel.pause] ?? ""
    retiring = Set(
      (labels[ContainerLabel.retiring] ?? "").split(separator: ",").compactMap {
        Digest(hex: $0)
      })
    timeout = labels[ContainerLabel.timeout].flatMap { Int($0) } ?? 0
    created = summary.created
    self.channel = ControlChannel(channel, in: channels)
    isRunning = summary.isRunning
  }

  /// A digest of names and file hashes.
  static func hashes(of utilities: [String: String]) -> String {
    let lines = utilities.sorted { $0.key < $1.key }.map { "\($0.key)\0\($0.value)\0" }
    return SHA256.digest(of: lines.joined()).hex
  }

  /// A new name for a channel: short, since a socket's path is.
  static func freshChannelName() -> String {
    let hex = String(UInt64.random(in: 0...(.max)), radix: 16)
    return String(("000000000000" + hex).suffix(12))
  }

  private static func isChannelName(_ name: String) -> Bool {
    name.utf8.count == 12 && name.utf8.allSatisfy { $0.isHexDigit }
  }
}

extension UInt8 {
  fileprivate var isHexDigit: Bool { (48...57).contains(self) || (97...102).contains(self) }
}
