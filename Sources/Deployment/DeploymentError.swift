/// Why a release could not be published or served.
///
/// Source: architecture, "Errors". The text names no folder of this machine, so that it may stand
/// in a report that is read over HTTP.
public struct DeploymentError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was being done, as the beginning of a sentence.
  public enum Operation: String, Sendable {
    /// Writing a release's files.
    case publish = "publishing"
    /// Replacing the running release.
    case deploy = "deploying"
    /// Dropping names that the catalog no longer points to.
    case retire = "retiring utilities of"
    /// Removing releases.
    case prune = "pruning"
    /// Reading a published release.
    case open = "opening"
    /// Deciding a runtime's port.
    case assignPort = "assigning a port to"
    /// Finding the server's program.
    case locate = "locating"
    /// Ending running calls.
    case cancel = "ending"
    /// Making a package environment.
    case install = "installing"
  }

  /// What callers branch on.
  public enum Code: String, Sendable {
    /// The file system is full, or a quota is reached.
    case diskFull
    /// The data folder cannot be written.
    case readOnly
    /// Any other failure of the file system.
    case fileSystem
    /// A name or a path that must not reach the disk.
    case invalidName
    /// A blob could not be read from the repository.
    case unreadableBlob
    /// A blob's bytes are not those that its hash promises.
    case hashMismatch
    /// A published release is damaged: discard it and publish it again.
    case corruptRelease
    /// Another process listens on the port.
    case portInUse
    /// No port of the range is free.
    case portsExhausted
    /// The server's program was not found.
    case runtimeMissing
    /// The server could not be started.
    case spawnFailed
    /// The new server did not become healthy; the old one, where there is one, keeps serving.
    case unhealthy
    /// The container engine does not answer.
    case engineUnreachable
    /// The container engine refused, or its answer was not understood.
    case engineRefused
    /// The engine has no image of that name.
    case imageMissing
    /// The packages of a utility are not there.
    case packagesMissing
    /// The task was cancelled; the old server, where there is one, keeps serving.
    case cancelled
    /// The runtime is shut down.
    case shutDown
  }

  /// What may help.
  public enum Disposition: Hashable, Sendable {
    /// Trying again may help, after a back-off.
    case retry
    /// Nothing will change until somebody acts.
    case stalled
  }

  /// What was being done.
  public let operation: Operation
  /// What callers branch on.
  public let code: Code
  /// What it was done to: "release 0123456789ab for tenant demo".
  public let subject: String
  /// What went wrong, without the closing full stop.
  public let cause: String
  /// The way out, without the closing full stop.
  public let remedy: String
  /// What may help.
  public let disposition: Disposition
  /// The server's last log lines, oldest first: for the agent's log, not for an HTTP answer.
  public let log: [String]

  /// An error by its parts; folders in `cause` are cut to the last part of their path.
  public init(
    _ operation: Operation, _ code: Code, subject: String, cause: String, remedy: String,
    disposition: Disposition = .retry, log: [String] = []
  ) {
    self.operation = operation
    self.code = code
    self.subject = subject
    self.cause = PathRedaction.apply(to: cause)
    self.remedy = remedy
    self.disposition = disposition
    self.log = log
  }

  /// "deploying release 0123456789ab for tenant demo failed: the cause; the way out".
  public var description: String {
    "\(operation.rawValue) \(subject) failed: \(cause); \(remedy)"
  }
}
