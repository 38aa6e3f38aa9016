import CatalogAPI
import Foundation
import GitStore
import UtilityModel

/// One configuration key: its name, default and meaning, and what a value must look like.
///
/// Source: contract, section 6.
struct ConfigurationKey: Sendable {
  /// What a value must look like.
  enum Kind: Sendable {
    case text
    case integer(ClosedRange<Int>)
    case decimal(ClosedRange<Double>)
    case duration
    /// A branch's short name.
    case branch
    case choice([String])
    /// Comma separated.
    case choices([String])
    case portRange
    case origins
    case removals
  }

  let name: String
  let kind: Kind
  let fallback: String?
  let help: String
  /// Whether credentials in the value are masked wherever it is shown.
  var isSecret = false
  /// Whether all of the value is masked, not the credentials of an address alone.
  var isMasked = false

  /// `server.port` is `SERVER_PORT`.
  var environmentName: String {
    name.uppercased().split(separator: ".").joined(separator: "_")
  }

  /// All keys, in the order in which they are shown.
  static let all: [ConfigurationKey] = [
    .init(name: "server.host", kind: .text, fallback: "127.0.0.1", help: "address to listen on"),
    .init(
      name: "server.port", kind: .integer(0...65535), fallback: "8109", help: "port to listen on"),
    .init(
      name: "server.cors.origins", kind: .origins, fallback: nil,
      help: "origins of web pages that may read, separated by commas, or * for every one"),
    .init(
      name: "server.tls.certificate", kind: .text, fallback: nil,
      help: "PEM file of the certificate chain to serve with; read again when it changes"),
    .init(
      name: "server.tls.key", kind: .text, fallback: nil,
      help: "PEM file of the certificate's private key"),
    .init(
      name: "server.max_connections", kind: .integer(16...1_000_000), fallback: "4096",
      help: "connections at a time"),
    .init(
      name: "server.max_event_streams", kind: .integer(0...1_000_000), fallback: "1024",
      help: "event streams at a time"),
    .init(
      name: "server.max_url", kind: .integer(256...65536), fallback: "8192",
      help: "bytes of a request's address"),
    .init(
      name: "server.max_header", kind: .integer(1024...1_048_576), fallback: "16384",
      help: "bytes of a request's header"),
    .init(
      name: "server.max_body", kind: .integer(0...1_073_741_824), fallback: "1048576",
      help: "bytes of a request's body, which no route reads"),
    .init(
      name: "server.read_timeout", kind: .duration, fallback: "10",
      help: "time for a request to arrive"),
    .init(
      name: "server.write_timeout", kind: .duration, fallback: "60",
      help: "time for a client to take an answer"),
    .init(
      name: "server.idle_timeout", kind: .duration, fallback: "60",
      help: "time that a connection may be open between two requests"),
    .init(
      name: "server.drain_timeout", kind: .duration, fallback: "10",
      help: "time for open requests to end after SIGTERM"),
    .init(
      name: "server.rate_limit", kind: .integer(0...1_000_000), fallback: "0",
      help: "requests a second of one client, by its token's subject or its address; 0: any number"),
    .init(
      name: "server.rate_burst", kind: .integer(1...1_000_000), fallback: nil,
      help: "requests that a client may make at once; twice server.rate_limit by default"),
    .init(
      name: "auth.jwks", kind: .text, fallback: nil,
      help: "file or address of the JWK set that tokens are verified with", isSecret: true),
    .init(
      name: "auth.jwks_interval", kind: .duration, fallback: "300",
      help: "time between two looks at the address of auth.jwks"),
    .init(
      name: "auth.secret_file", kind: .text, fallback: nil,
      help: "file of the secret that HS256 tokens are verified with"),
    .init(
      name: "auth.algorithms", kind: .choices(TokenAlgorithm.allCases.map(\.rawValue)),
      fallback: nil,
      help: "accepted algorithms; RS256,ES256,EdDSA with auth.jwks, HS256 with auth.secret_file"),
    .init(
      name: "auth.audience", kind: .text, fallback: nil,
      help: "one of these must be a token's audience"),
    .init(
      name: "auth.issuer", kind: .text, fallback: nil, help: "one of these must be a token's issuer"
    ),
    .init(
      name: "repositories.root", kind: .text, fallback: "./data/repos",
      help: "folder with one repository a tenant"),
    .init(
      name: "repositories.branch", kind: .branch, fallback: "main", help: "the approved branch"),
    .init(
      name: "repositories.trial_branch", kind: .branch, fallback: "trial", help: "the trial branch"),
    .init(
      name: "repositories.resync_interval", kind: .duration, fallback: "300",
      help: "seconds between two looks at everything, the safety net behind inotify"),
    .init(
      name: "repositories.notes", kind: .choice(["on", "off"]), fallback: "on",
      help: "whether results are written into the repositories: refs/notes/sync, refs/sync/applied"),
    .init(
      name: "upstreams.interval", kind: .duration, fallback: "60",
      help: "seconds between two fetches of a tenant's upstream, varied by a tenth"),
    .init(
      name: "upstreams.timeout", kind: .duration, fallback: "300",
      help: "seconds until a fetch is ended"),
    .init(
      name: "upstreams.max_pack", kind: .integer(1...1_048_576), fallback: "1024",
      help: "the most that one fetch may bring, in MiB"),
    .init(
      name: "upstreams.certificates", kind: .text,
      fallback: "/etc/ssl/certs/ca-certificates.crt",
      help: "PEM file of the authorities that upstreams over https are trusted by"),
    .init(
      name: "upstreams.known_hosts", kind: .text, fallback: nil,
      help: "known_hosts file of the servers that upstreams over ssh are on"),
    .init(
      name: "catalog.url", kind: .text, fallback: "sqlite:./data/catalog.sqlite",
      help: "where the catalog is: sqlite:PATH, or mongodb://HOST:PORT/?OPTIONS", isSecret: true),
    .init(
      name: "catalog.username", kind: .text, fallback: nil,
      help: "user of MongoDB, where catalog.url names none"),
    .init(
      name: "catalog.password", kind: .text, fallback: nil,
      help: "password of MongoDB's user; wins over one in catalog.url", isMasked: true),
    .init(
      name: "catalog.encryption_key_file", kind: .text, fallback: nil,
      help: "file of the keys that the files in the catalog are encrypted with, the newest first"),
    .init(
      name: "catalog.core_database", kind: .text, fallback: "zona_core",
      help: "MongoDB's database of tenants, leases and audit"),
    .init(
      name: "catalog.database_prefix", kind: .text, fallback: nil,
      help: "what stands before a tenant's code in its database's name"),
    .init(
      name: "catalog.max_pool_size", kind: .integer(1...10_000), fallback: "50",
      help: "connections to MongoDB at most"),
    .init(
      name: "catalog.min_pool_size", kind: .integer(0...10_000), fallback: "5",
      help: "connections to MongoDB that are opened ahead"),
    .init(
      name: "catalog.connect_timeout", kind: .duration, fallback: "10",
      help: "time for a connection to MongoDB"),
    .init(
      name: "catalog.socket_timeout", kind: .duration, fallback: "30",
      help: "time for an answer of MongoDB"),
    .init(
      name: "catalog.selection_timeout", kind: .duration, fallback: "5",
      help: "time to find a server of MongoDB that takes writes"),
    .init(
      name: "catalog.lease", kind: .duration, fallback: "10",
      help: "with MongoDB: how long an agent that does not answer keeps its tenants"),
    .init(
      name: "runtime.driver", kind: .choice(["process", "docker", "swarm", "none"]),
      fallback: "process", help: "what serves the utilities"),
    .init(
      name: "runtime.service", kind: .text, fallback: "python-utils", help: "the service's name"),
    .init(
      name: "runtime.trial_service", kind: .text, fallback: "python-utils-trial",
      help: "the trial service's name"),
    .init(
      name: "runtime.port", kind: .integer(1...65535), fallback: "8110",
      help: "the first tenant's port"),
    .init(
      name: "runtime.trial_port", kind: .integer(1...65535), fallback: "8111",
      help: "the first tenant's trial port"),
    .init(
      name: "runtime.port_range", kind: .portRange, fallback: "8200-8999",
      help: "ports of the further runtimes"),
    .init(
      name: "runtime.rest_url", kind: .text, fallback: nil,
      help: "address of a utility, with {service}, {port} and {name}"),
    .init(
      name: "runtime.memory", kind: .integer(64...1_048_576), fallback: "512",
      help: "memory of one utility's process, or of a container, in MiB"),
    .init(
      name: "runtime.cpus", kind: .decimal(0.01...1024), fallback: "1",
      help: "CPUs of a container"),
    .init(
      name: "runtime.pids", kind: .integer(16...1_048_576), fallback: "256",
      help: "processes and threads of a container"),
    .init(
      name: "runtime.replicas", kind: .integer(1...1000), fallback: "1",
      help: "tasks of a swarm service"),
    .init(
      name: "runtime.endpoint_mode", kind: .choice(["dnsrr", "vip"]), fallback: "dnsrr",
      help: "how a swarm service's name resolves: to its tasks, or to one virtual address"),
    .init(
      name: "runtime.registry", kind: .text, fallback: nil,
      help: "where a swarm's images of releases are pushed: HOST:PORT/PATH"),
    .init(
      name: "runtime.registry_credentials", kind: .text, fallback: nil,
      help: "file with the registry's password, as docker login writes it"),
    .init(
      name: "runtime.image", kind: .text, fallback: "python-utils:latest",
      help: "image of the containers"),
    .init(
      name: "runtime.docker_host", kind: .text, fallback: "unix:///var/run/docker.sock",
      help: "socket of the container engine: unix://PATH"),
    .init(
      name: "runtime.network", kind: .text, fallback: "zona-{tenant}",
      help: "network of a tenant's containers, with {tenant}"),
    .init(
      name: "runtime.packages.allow", kind: .text, fallback: "*",
      help: "packages that utilities may ask for: names separated by commas, with * for any letters"
    ),
    .init(
      name: "runtime.packages.index", kind: .text, fallback: nil,
      help: "address of the package index; pip's own by default", isSecret: true),
    .init(
      name: "runtime.packages.wheels", kind: .text, fallback: nil,
      help: "folder of wheels; without an index nothing else is asked"),
    .init(
      name: "runtime.python", kind: .text, fallback: "/usr/bin/python3",
      help: "interpreter of the checker and the runtime"),
    .init(
      name: "runtime.source", kind: .text, fallback: nil,
      help: "folder of the python-utils program; found beside the executable by default"),
    .init(
      name: "releases.root", kind: .text, fallback: "./data/releases",
      help: "folder of the releases"),
    .init(
      name: "releases.keep", kind: .integer(0...1000), fallback: "5",
      help: "former releases to keep, a tenant"),
    .init(
      name: "executions.keep", kind: .integer(0...1_000_000), fallback: "10000",
      help: "calls to keep in the catalog, a tenant; 0: none are recorded"),
    .init(
      name: "executions.payload", kind: .integer(0...65536), fallback: "4096",
      help: "bytes of a call's request, response, error and prints to keep, each"),
    .init(
      name: "policy.medium", kind: .choice(["warn", "acknowledge", "block"]), fallback: "warn",
      help: "what a MEDIUM finding does"),
    .init(
      name: "policy.approval", kind: .choice(["none", "merge", "signed"]), fallback: "none",
      help: "what counts as approved"),
    .init(
      name: "policy.signed", kind: .choice(["tip", "all"]), fallback: "tip",
      help: "what must be signed under policy.approval signed: the revision, or every new commit"),
    .init(
      name: "policy.allowed_signers", kind: .text, fallback: nil,
      help: "files of OpenSSH allowed signers or OpenPGP public keys, separated by commas"),
    .init(
      name: "policy.revoked_signers", kind: .text, fallback: nil,
      help: "file of revoked SSH public keys, or an OpenSSH key revocation list"),
    .init(
      name: "policy.history", kind: .choice(["fast-forward", "any"]), fallback: "fast-forward",
      help: "whether a rewritten approved branch is held or applied"),
    .init(
      name: "policy.max_removals", kind: .removals, fallback: "50%",
      help: "how many live utilities one revision may remove before it is held: a share (once "
        + "there are more than 10), or a number"),
    .init(
      name: "hook.install", kind: .choice(["off", "on"]), fallback: "off",
      help: "whether `tenant add` puts the pre-receive hook into the new repository"),
    .init(
      name: "hook.failure", kind: .choice(["open", "closed"]), fallback: "open",
      help: "what the pre-receive hook does with a push that it cannot judge"),
    .init(
      name: "hook.timeout", kind: .duration, fallback: "30",
      help: "seconds until the pre-receive hook gives up judging"),
    .init(
      name: "log.level",
      kind: .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
      fallback: "info", help: "the least level to log"),
    .init(
      name: "log.format", kind: .choice(["json", "text"]), fallback: nil,
      help: "json, or text; by default text on a terminal"),
    .init(
      name: "agent.state", kind: .text, fallback: nil,
      help: "folder of the agent's lock, socket, ports and verdicts; beside the catalog by default"),
    .init(
      name: "agent.name", kind: .text, fallback: nil,
      help: "what the other agents over a MongoDB call this one; host and port by default"),
    .init(
      name: "agent.concurrency", kind: .integer(1...256), fallback: "4",
      help: "tenants that are reconciled at a time"),
  ]

  static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  /// What is wrong with `value`, or nil.
  func problem(with value: String) -> String? {
    switch kind {
    case .text:
      return value.isEmpty || value.contains("\0") ? "is empty or has a NUL character" : nil
    case .integer(let range):
      guard let number = Int(value), range.contains(number) else {
        return "must be an integer from \(range.lowerBound) to \(range.upperBound)"
      }
      return nil
    case .decimal(let range):
      guard let number = Double(value), range.contains(number) else {
        return "must be a number from \(range.lowerBound) to \(range.upperBound)"
      }
      return nil
    case .duration:
      return Self.seconds(value) == nil
        ? "must be seconds, such as 300 or 5m, at least 1 and at most a year" : nil
    case .branch:
      return BranchName.isValid(value)
        ? nil : "must be a branch's name, as `git check-ref-format --branch` takes it"
    case .choice(let choices):
      if choices.contains(value) { return nil }
      return "must be one of \(choices.joined(separator: ", "))"
    case .choices(let choices):
      let unknown = Self.list(value).filter { !choices.contains($0) }
      if unknown.isEmpty, !Self.list(value).isEmpty { return nil }
      return "must be a comma separated list of \(choices.joined(separator: ", "))"
    case .origins:
      do throws(CrossOrigin.Refusal) {
        _ = try CrossOrigin(origins: Self.list(value))
        return nil
      } catch {
        return error.description
      }
    case .removals:
      return RemovalLimit(value) == nil ? "must be a share such as 50%, or a number" : nil
    case .portRange:
      return Self.ports(value) == nil ? "must be a range of ports, such as 8200-8999" : nil
    }
  }

  /// The parts of a comma separated list, without the spaces around them.
  static func list(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
  }

  /// A year: nothing that is waited for takes longer, and what counts nanoseconds has room for it.
  private static let longest = 365.0 * 86400

  /// `300`, `300s`, `5m` or `1h` in seconds, at most a year; nil for anything else.
  static func seconds(_ text: String) -> Double? {
    var digits = text
    var factor = 1.0
    if let unit = text.last, let scale = ["s": 1.0, "m": 60, "h": 3600][String(unit)] {
      digits.removeLast()
      factor = scale
    }
    guard let number = Double(digits), (1...longest).contains(number * factor) else { return nil }
    return number * factor
  }

  static func ports(_ text: String) -> ClosedRange<Int>? {
    let parts = text.split(separator: "-").compactMap { Int($0) }
    guard parts.count == 2, parts[0] >= 1, parts[0] <= parts[1], parts[1] <= 65535 else {
      return nil
    }
    return parts[0]...parts[1]
  }
}
