import Hashing
import UtilityModel

/// What a Swarm service is made with: the body of `POST /services/create` and of an update.
///
/// Source: Docker Engine API 1.41, "Create a service". Times are in nanoseconds.
struct ServiceSpec: Codable, Hashable, Sendable {
  struct Mount: Codable, Hashable, Sendable {
    struct TmpfsOptions: Codable, Hashable, Sendable {
      var sizeBytes: Int64
      var mode: Int
    }
    var type = "bind"
    var source: String?
    var target: String
    var readOnly: Bool?
    var tmpfsOptions: TmpfsOptions?
  }

  struct Healthcheck: Codable, Hashable, Sendable {
    var test = ["CMD", "/usr/bin/python3", "-I", "/opt/python-utils/healthcheck.py"]
    var interval: Int64 = 500_000_000
    var timeout: Int64 = 3_000_000_000
    var retries = 3
    var startPeriod: Int64
  }

  struct Container: Codable, Hashable, Sendable {
    var image: String
    var command = ["/usr/bin/python3", "-I", "-B", "/opt/python-utils/serve.py"]
    var args: [String]
    var labels: [String: String]
    var env: [String]
    var user = ContainerSpec.user
    var readOnly = true
    var capabilityDrop = ["ALL"]
    var mounts: [Mount]
    var stopSignal = "SIGTERM"
    var stopGracePeriod: Int64
    var healthcheck: Healthcheck
  }

  struct Limits: Codable, Hashable, Sendable {
    var nanoCPUs: Int64
    var memoryBytes: Int64
    var pids: Int
  }
  struct Resources: Codable, Hashable, Sendable { var limits: Limits }

  struct RestartPolicy: Codable, Hashable, Sendable {
    var condition = "any"
    var delay: Int64 = 1_000_000_000
  }

  struct Network: Codable, Hashable, Sendable {
    /// Its id.
    var target: String
    var aliases: [String]
  }

  struct LogDriver: Codable, Hashable, Sendable {
    var name = "json-file"
    var options = ["max-file": "2", "max-size": "10m"]
  }

  struct Task: Codable, Hashable, Sendable {
    var containerSpec: Container
    var resources: Resources
    var restartPolicy = RestartPolicy()
    var networks: [Network]
    var logDriver = LogDriver()
  }

  struct Replicated: Codable, Hashable, Sendable { var replicas: Int }
  struct Mode: Codable, Hashable, Sendable { var replicated: Replicated }

  struct UpdateConfig: Codable, Hashable, Sendable {
    var parallelism: Int
    var failureAction: String
    /// How long a new task has to stay healthy.
    var monitor: Int64 = 1_000_000_000
    var order = "start-first"
  }

  struct Endpoint: Codable, Hashable, Sendable { var mode: String }

  var name: String
  var labels: [String: String]
  var taskTemplate: Task
  var mode: Mode
  var updateConfig: UpdateConfig
  var rollbackConfig: UpdateConfig
  var endpointSpec: Endpoint
}

/// What a service is made of, as far as the agent knows such things, and the digests of all of it: also of
/// what the agent never writes, such as a constraint that somebody has set by hand.
struct LiveSpec: Sendable {
  /// Nil where it is not understood.
  var spec: ServiceSpec?
  var whole: Digest
  /// Of what its tasks are made of.
  var template: Digest
}

/// A service as an inspection shows it.
struct ServiceDetails: Decodable, Sendable {
  struct Version: Decodable, Sendable { var index: Int }
  struct Update: Decodable, Sendable {
    /// `updating`, `paused`, `completed`, `rollback_started`, `rollback_paused`,
    /// `rollback_completed`.
    var state: String?
    var startedAt: String?
    var message: String?
  }
  /// The labels alone: what another program made may look otherwise.
  struct Labels: Decodable, Sendable {
    var name: String
    var labels: [String: String]?
  }
  var iD: String
  var version: Version
  var spec: Labels
  var previousSpec: Labels?
  var updateStatus: Update?
}

/// One task of a service.
struct ServiceTask: Decodable, Sendable {
  struct ContainerStatus: Decodable, Sendable { var exitCode: Int? }
  struct Status: Decodable, Sendable {
    /// `running` only once its health check has succeeded.
    var state: String
    var err: String?
    var containerStatus: ContainerStatus?
  }
  struct Spec: Decodable, Sendable {
    struct Container: Decodable, Sendable { var labels: [String: String]? }
    var containerSpec: Container
  }
  struct Attachment: Decodable, Sendable { var addresses: [String]? }
  var iD: String
  var createdAt: String
  var status: Status
  var desiredState: String
  var spec: Spec
  var networksAttachments: [Attachment]?

  /// Its address in the tenant's network.
  var address: String? {
    networksAttachments?.first?.addresses?.first.map { String($0.prefix { $0 != "/" }) }
  }
  /// Whether it has names that are to retire.
  var hasRetiring: Bool { spec.containerSpec.labels?[ContainerLabel.retiring] != nil }
  var release: String? { spec.containerSpec.labels?[ContainerLabel.release] }
}
