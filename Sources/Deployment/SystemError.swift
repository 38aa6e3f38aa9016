import Glibc

/// A system call that failed.
struct SystemError: Error {
  /// What was being done: "write release.json".
  let call: String
  /// The reason, an `errno`.
  let errno: Int32

  /// A failed call by its reason; to be made before any other call changes `errno`.
  init(_ call: String, errno: Int32 = Glibc.errno) {
    self.call = call
    self.errno = errno
  }

  /// "write release.json: No space left on device".
  var cause: String { "cannot \(call): \(String(cString: strerror(errno)))" }

  /// The same as this boundary's error.
  func deploymentError(
    _ operation: DeploymentError.Operation, subject: String
  ) -> DeploymentError {
    switch errno {
    case ENOSPC, EDQUOT:
      DeploymentError(
        operation, .diskFull, subject: subject, cause: cause,
        remedy: "free some space below releases.root or lower releases.keep")
    case EROFS, EACCES, EPERM:
      DeploymentError(
        operation, .readOnly, subject: subject, cause: cause,
        remedy: "make the data folder writable for the agent's user")
    case EMFILE, ENFILE:
      DeploymentError(
        operation, .fileSystem, subject: subject, cause: cause,
        remedy: "raise the agent's limit of open files (ulimit -n)")
    default:
      DeploymentError(
        operation, .fileSystem, subject: subject, cause: cause,
        remedy: "check the file system of the data folder; it is tried again")
    }
  }
}
