import AsyncHTTPClient
import Foundation

/// Why a call over a unix socket, to the engine or to a server, gave no answer to use.
struct EngineFailure: Error, Sendable {
  /// What callers branch on.
  enum Kind: Hashable, Sendable {
    /// Nobody accepts at the socket, or the connection broke.
    case unreachable
    /// It did not answer in time.
    case timedOut
    /// It answered with this status.
    case refused(Int)
    /// Its answer is not what its interface promises.
    case malformed
    /// The calling task was cancelled.
    case cancelled
  }
  let kind: Kind
  /// The other side's own words, or the system's.
  let message: String

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  /// What the HTTP client threw.
  init(_ error: any Error) {
    if let failure = error as? EngineFailure {
      self = failure
    } else if error is CancellationError {
      self.init(.cancelled, "cancelled")
    } else if let error = error as? HTTPClientError {
      switch error {
      case .cancelled: self.init(.cancelled, "cancelled")
      case .deadlineExceeded, .connectTimeout, .readTimeout:
        self.init(.timedOut, "no answer in time")
      default: self.init(.unreachable, error.description)
      }
    } else {
      self.init(.unreachable, "\(error)")
    }
  }

  /// Whatever the work of an engine's runtime threw, as the error of an operation.
  static func deploymentError(
    _ error: any Error, _ operation: DeploymentError.Operation, subject: String
  ) -> DeploymentError {
    switch error {
    case let error as DeploymentError: error
    case let error as SystemError: error.deploymentError(operation, subject: subject)
    default: EngineFailure(error).deploymentError(operation, subject: subject)
    }
  }

  var isMissing: Bool { kind == .refused(404) }

  /// As the error of an operation of the runtime.
  func deploymentError(
    _ operation: DeploymentError.Operation, subject: String
  ) -> DeploymentError {
    switch kind {
    case .unreachable, .timedOut:
      DeploymentError(
        operation, .engineUnreachable, subject: subject,
        cause: "the container engine does not answer (\(message))",
        remedy: "start it, or set runtime.docker_host; what runs keeps running, and work resumes "
          + "when the engine is back")
    case .cancelled:
      DeploymentError(
        operation, .cancelled, subject: subject, cause: "the deployment was cancelled",
        remedy: "it is tried again when the agent runs")
    case .refused(let status):
      DeploymentError(
        operation, .engineRefused, subject: subject,
        cause: "the container engine refused (\(status)): \(message)", remedy: Self.remedy(message))
    case .malformed:
      DeploymentError(
        operation, .engineRefused, subject: subject,
        cause: "the container engine's answer was not understood: \(message)",
        remedy: "check that runtime.docker_host is a Docker Engine of API 1.41 or later")
    }
  }

  private static func remedy(_ message: String) -> String {
    if message.contains("non-overlapping") || message.contains("address pool") {
      return "give the engine more networks (default-address-pools in its daemon.json)"
    }
    if message.contains("is already in use") {
      return "another program, or an agent with another state folder, made it: remove it, or give "
        + "one of the two another runtime.service or runtime.network"
    }
    return "see the engine's log; it is tried again"
  }
}
