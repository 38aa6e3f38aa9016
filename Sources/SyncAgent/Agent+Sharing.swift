import Catalog
import Foundation
import Glibc
import Logging
import Reconciliation
import Telemetry

/// What an agent needs to share its tenants with others over a catalog in MongoDB.
extension Agent {
  /// The reconciler over the configured repositories.
  func reconciler(unwatched: @escaping @Sendable () -> Set<String> = { [] }) -> Reconciler {
    Reconciler(
      context: context, root: configuration.text("repositories.root"),
      resyncInterval: .seconds(
        ConfigurationKey.seconds(configuration.text("repositories.resync_interval")) ?? 300),
      concurrency: configuration.integer("agent.concurrency"), unwatched: unwatched)
  }

  /// What keeps this agent's leases; nil over the embedded catalog, which has one writer.
  /// `isCommand` takes only what no agent has. Throws `AgentError`.
  func leaseKeeper(_ reconciler: Reconciler, isCommand: Bool = false) throws -> LeaseKeeper? {
    guard let catalog = context.store as? MongoCatalog else { return nil }
    let duration = ConfigurationKey.seconds(configuration.text("catalog.lease")) ?? 10
    let leases = MongoLeases(
      catalog, id: try state.agentID(), name: name, isCommand: isCommand, duration: duration)
    return LeaseKeeper(
      leases: leases, reconciler: reconciler, context: context, duration: .seconds(duration))
  }

  /// Keeps the leases until the task is cancelled. Throws `CatalogError` (`configuration`).
  func run(_ keeper: LeaseKeeper) async throws {
    await keeper.run(
      watching: try MongoLeaseStream(keeper.leases),
      resume: ResumeFile(path: state.file("resume-token"), logger: logger))
  }

  /// What other agents call this one.
  private var name: String {
    if let name = configuration["agent.name"] { return name }
    return "\(ProcessInfo.processInfo.hostName):\(configuration.integer("server.port"))"
  }
}

/// The resume token of the change stream, in a file of the state folder. What is lost of it costs a
/// look at all tenants.
private struct ResumeFile: ResumeToken {
  let path: String
  let logger: Logger

  func read() -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  func keep(_ token: String?) {
    do {
      guard let token else {
        if FileManager.default.fileExists(atPath: path) {
          try FileManager.default.removeItem(atPath: path)
        }
        return
      }
      try Data(token.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      logger.warning("the resume token cannot be kept", metadata: ["error": "\(error)"])
    }
  }
}

extension StateFolder {
  /// The agent's id: made once, so that an agent that is started anew has its leases at once. Throws
  /// `AgentError`.
  func agentID() throws(AgentError) -> String {
    let path = file("agent-id")
    if let text = FileManager.default.contents(atPath: path).map({
      String(decoding: $0, as: UTF8.self)
    }),
      text.count == 32
    {
      return text
    }
    let made = UUID().uuidString.replacing("-", with: "").lowercased()
    do {
      try Data(made.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw AgentError(
        "the agent's id cannot be kept in \(path)",
        "make the folder writable, or set agent.state to another folder")
    }
    return made
  }
}

extension LeaseKeeper {
  /// Gives everything back; what fails expires by itself.
  func leave(_ logger: Logger) async {
    do {
      try await leave()
    } catch {
      logger.notice("the leases could not be given back", metadata: ["error": "\(error)"])
    }
  }
}

extension HealthMonitor {
  /// Which share of the tenants this agent has.
  func reportLeases() {
    guard let keeper else { return }
    let summary = keeper.summary.withLock { $0 }
    health.report(
      check: "leases", status: .healthy,
      message: "\(summary.held) of \(summary.all) tenants are this agent's; agents: "
        + summary.agents.joined(separator: ", "))
  }
}
