import Foundation
import Logging
import UtilityModel

@testable import Deployment

/// A private container engine for the length of the test process: `scripts/engine hold`.
enum EngineFixture {
  private struct Held {
    var process: Process
    /// The engine ends when this end of the pipe closes, with the test process at the latest.
    var lifeline: Pipe
    var socket: String
  }

  private static let script =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path + "/scripts/engine"

  /// Why no engine can run here, or nil. Told loudly by the suites that need one.
  static let missing: String? = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
    process.arguments = ["-B", script, "check"]
    let errors = Pipe()
    process.standardError = errors
    do {
      try process.run()
    } catch {
      return "SKIPPED: no /usr/bin/python3"
    }
    let words = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus != 0 else { return nil }
    let reason = "SKIPPED: " + String(decoding: words, as: UTF8.self)
    print(reason)
    return reason
  }()

  private static let held: Result<Held, any Error> = Result {
    let process = Process()
    let (lifeline, output) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
    process.arguments = ["-B", script, "hold", "/tmp/docker-tests-\(getpid())"]
    process.standardInput = lifeline
    process.standardOutput = output
    try process.run()
    let line = output.fileHandleForReading.availableData
    let socket = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .newlines)
    guard !socket.isEmpty else {
      throw EngineFailure(.unreachable, "scripts/engine hold gave no socket")
    }
    return Held(process: process, lifeline: lifeline, socket: socket)
  }

  /// The engine's socket; starts it at the first call. Blocks for seconds then.
  static func socket() throws -> String { try held.get().socket }
}

extension Fixture {
  /// A runtime on the private engine, as an agent with the name `owner` has it.
  func dockerRuntime(
    owner: String, socket: String? = nil, image: String = "python-utils:latest", memory: Int = 128
  ) throws -> DockerRuntime {
    let socket = try socket ?? EngineFixture.socket()
    var configuration = DockerRuntime.Configuration(
      socket: socket, image: image, network: "t\(owner)-{tenant}", memory: memory,
      channels: "/tmp/docker-\(owner)", owner: owner)
    configuration.shutdownLimit = .seconds(20)
    return DockerRuntime(configuration: configuration, logger: Self.logger)
  }
}
