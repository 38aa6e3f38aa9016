import Concurrency
import Foundation

/// pip of the interpreter that runs the process driver's servers.
actor HostInstaller: PackageInstaller {
  private let python: String
  private let source: PackageSource
  private let limit: Duration
  private let pool = BlockingPool(name: "pip", width: 1)
  private var supervisor: ChildSupervisor?
  private var interpreter: String?

  /// An installer for the interpreter `python`, an absolute path; starts nothing yet.
  init(python: String, source: PackageSource, limit: Duration) {
    self.python = python
    self.source = source
    self.limit = limit
  }

  deinit { supervisor?.stop() }

  /// `cpython-311-linux-x86_64`: asked once.
  func target() async throws(DeploymentError) -> String {
    if let interpreter { return interpreter }
    let program =
      "import sys, sysconfig; print(sys.implementation.cache_tag, sysconfig.get_platform())"
    let ending: ChildRun.Ending
    do throws(SystemError) {
      ending = try await run(["-c", program], environment: [], within: .seconds(20))
    } catch {
      throw Self.unusable(python, error.cause)
    }
    let words = (ending.lines.last ?? "").split(separator: " ")
    guard ending.isSuccess, words.count == 2 else {
      throw Self.unusable(python, "it does not tell its version (\(ending.end))")
    }
    let name = words.joined(separator: "-").filter { character in
      character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
    }
    interpreter = name
    return name
  }

  func install(_ set: PackageSet, into staging: String) async throws(PackageFailure) {
    let arguments = source.arguments(
      set, target: "\(staging)/site-packages", wheels: source.wheels)
    let environment =
      source.environment(given: ProcessInfo.processInfo.environment) + ["TMPDIR=\(staging)/tmp"]
    let ending: ChildRun.Ending
    do throws(SystemError) {
      ending = try await run(arguments, environment: environment, within: limit)
    } catch {
      throw PackageFailure("pip cannot be started: \(error.cause)")
    }
    if ending.isTimedOut {
      throw PackageFailure("pip took longer than \(limit.components.seconds) s")
    }
    guard ending.isSuccess else {
      throw PackageFailure(output: ending.lines.map(source.redacting), end: ending.end)
    }
  }

  func shutdown() {
    supervisor?.stop()
    supervisor = nil
  }

  private func run(
    _ arguments: [String], environment: [String], within limit: Duration
  ) async throws(SystemError) -> ChildRun.Ending {
    let watcher: ChildSupervisor
    if let supervisor {
      watcher = supervisor
    } else {
      watcher = try ChildSupervisor()
      supervisor = watcher
    }
    let command = ChildProcess.Command(
      arguments: [python, "-I"] + arguments,
      environment: ["PATH=/usr/bin:/bin", "LANG=C.UTF-8", "TZ=UTC"] + environment)
    return try await ChildRun.run(command, supervisor: watcher, pool: pool, within: limit)
  }

  private static func unusable(_ python: String, _ cause: String) -> DeploymentError {
    DeploymentError(
      .install, .runtimeMissing, subject: "packages", cause: cause,
      remedy: "set runtime.python to a Python 3.11 or newer that has pip")
  }
}
