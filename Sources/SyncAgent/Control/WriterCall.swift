import Foundation
import Reconciliation
import UtilityModel

/// A command that writes: done by the running agent where there is one, by this process otherwise,
/// so that two writers never interleave.
enum WriterCall {
  /// The answer to `request` as JSON: the agent's, or that of `ControlCommands` in this process
  /// under the writer's lock. Throws what the command throws, or `AgentError` where another
  /// command has been writing for half a minute.
  static func answer(
    _ request: ControlSocket.Request, _ configuration: Configuration
  ) async throws -> Data {
    let state = try StateFolder(path: configuration.stateFolder)
    for _ in 0..<600 {
      if let reply = try await BlockingCall.run({ try ControlSocket.ask(request, in: state) }) {
        return try body(of: reply)
      }
      if let lock = try WriterLock.take(in: state) {
        defer { withExtendedLifetime(lock) {} }
        return try await alone(request, configuration)
      }
      // Another command writes, or an agent is starting.
      try await Task.sleep(for: .milliseconds(50))
    }
    throw AgentError("another command has been writing for 30 s", "wait for it, or stop it")
  }

  private static func body(of reply: ControlSocket.Reply) throws -> Data {
    if let error = reply.error { throw AgentError(text: error) }
    return Data((reply.body ?? "null").utf8)
  }

  private static func alone(
    _ request: ControlSocket.Request, _ configuration: Configuration
  ) async throws -> Data {
    // What goes wrong is in the answer: errors are one sentence, and a log is an agent's.
    let logger = CommonOptions.silence
    let agent = try await Agent.assemble(configuration, purpose: .writing, logger: logger)
    try Preparation.makeRoot(configuration)
    let reconciler = agent.reconciler()
    let keeper = try agent.leaseKeeper(reconciler, isCommand: true)
    try await keeper?.prepare()
    try await reconciler.prepare()
    if let keeper {
      try await reconciler.discover()
      try await keeper.start()
    }
    let packages = agent.context.environments
    let bar = ProgressBar {
      packages?.progress.state.map { ProgressBar.text("installing packages", $0.done, $0.total) }
    }
    defer { bar.stop() }
    let collector = agent.executionCollector
    await collector?.collect()
    let upstreams = configuration.upstreamMirror(
      board: agent.context.board, reconciler: reconciler, logger: logger)
    await upstreams.load()
    let reply = await ControlCommands.answer(
      request, reconciler: reconciler, board: agent.context.board,
      work: TenantWork(
        configuration: configuration, state: agent.state, reconciler: reconciler,
        upstreams: upstreams), keeper: keeper)
    await keeper?.leave(logger)
    await agent.context.environments?.shutdown()
    await agent.context.runtime.shutdown()
    await collector?.collect()
    return try body(of: reply)
  }
}
