import Hashing
import UtilityModel

/// What a container is made with: the body of `POST /containers/create`.
///
/// Source: Docker Engine API 1.41, "Create a container". The defaults are what every container of
/// the agent has: no capabilities, no way to more privileges, a root file system that cannot be
/// written, no restart behind the agent's back, logs that cannot fill the disk.
struct ContainerSpec: Encodable, Sendable {
  struct Healthcheck: Encodable, Sendable {
    /// The agent looks by itself, which costs no process in the container.
    var test = ["NONE"]
  }

  struct Mount: Encodable, Sendable {
    var type = "bind"
    var source: String
    var target: String
    var readOnly = true
  }

  struct LogConfig: Encodable, Sendable {
    var type = "json-file"
    var config = ["max-size": "10m", "max-file": "2"]
  }

  struct RestartPolicy: Encodable, Sendable {
    var name = "no"
  }

  struct HostConfig: Encodable, Sendable {
    var networkMode: String
    var readonlyRootfs = true
    var capDrop = ["ALL"]
    var securityOpt = ["no-new-privileges:true"]
    /// Bytes.
    var memory: Int64
    /// The same as `memory`: no swap.
    var memorySwap: Int64
    /// Billionths of a CPU.
    var nanoCpus: Int64
    var pidsLimit: Int
    var mounts: [Mount] = []
    var tmpfs: [String: String] = [:]
    var sysctls: [String: String] = [:]
    var logConfig = LogConfig()
    var restartPolicy = RestartPolicy()
  }

  struct Endpoint: Encodable, Sendable {
    var aliases: [String]
  }

  struct NetworkingConfig: Encodable, Sendable {
    var endpointsConfig: [String: Endpoint]
  }

  /// Neither root nor a user of the machine: the number that the image has too.
  static let user = "65532:65532"

  var image: String
  var entrypoint: [String]
  var cmd: [String]
  var user = Self.user
  var env = ["LANG=C.UTF-8", "TZ=UTC"]
  var workingDir = "/tmp"
  var labels: [String: String]
  var stopSignal = "SIGTERM"
  var healthcheck = Healthcheck()
  var hostConfig: HostConfig
  var networkingConfig: NetworkingConfig?

  /// A short digest of everything: two specs with the same one make the same container.
  func digest() throws(EngineFailure) -> String {
    String(SHA256.digest(of: try EngineClient.encode(self)).hex.prefix(16))
  }
}

/// The labels by which the agent knows its containers. What has not the owner's label it never
/// touches.
enum ContainerLabel {
  static let owner = "io.sync-agent.owner"
  static let tenant = "io.sync-agent.tenant"
  static let kind = "io.sync-agent.kind"
  /// `pause`, `release`, `packages` or `line`.
  static let role = "io.sync-agent.role"
  /// The role of a container that fills a package environment.
  static let installRole = "packages"
  /// The role of a container that passes on what the agent asks of a service's tasks.
  static let lineRole = "line"
  static let release = "io.sync-agent.release"
  /// The commit that it was deployed for first.
  static let revision = "io.sync-agent.revision"
  /// A digest of the names and file hashes that the server has to report.
  static let hashes = "io.sync-agent.hashes"
  /// `ContainerSpec.digest` without what differs from release to release.
  static let spec = "io.sync-agent.spec"
  /// The pause container's run that it joined.
  static let pause = "io.sync-agent.pause"
  /// The name of its control channel.
  static let channel = "io.sync-agent.channel"
  /// The releases of the names that are to retire, by commas.
  static let retiring = "io.sync-agent.retiring"
  /// The longest time limit of its utilities in seconds.
  static let timeout = "io.sync-agent.timeout"
}
