import GRDB

extension CatalogError {
  /// What an error of SQLite means for a catalog at `path` while doing `operation`.
  init(sqlite error: any Error, operation: String, path: String) {
    if let error = error as? CatalogError {
      self = error
      return
    }
    guard let error = error as? DatabaseError else {
      self.init(.failed, operation: operation, subject: path, cause: "\(error)", underlying: error)
      return
    }
    let (code, cause, remedy) = Self.meaning(of: error)
    self.init(code, operation: operation, subject: path, cause: cause, remedy: remedy)
  }

  private static func meaning(
    of error: DatabaseError
  ) -> (code: Code, cause: String, remedy: String) {
    let message = error.message ?? "no message"
    switch error.resultCode {
    case .SQLITE_NOTADB:
      return (.notACatalog, "the file is no SQLite database", "let catalog.url name another file")
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN, .SQLITE_AUTH:
      return (
        .readOnly, "the file or its folder cannot be written (\(message))",
        "give the agent's user write permission on the folder, or let catalog.url name another"
      )
    case .SQLITE_FULL:
      return (.full, "the disk is full", "free some space on it")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      return (
        .locked, "another process holds it", "wait for that process or stop it, then try again"
      )
    case .SQLITE_CORRUPT:
      return (
        .corrupt, "its content is damaged (\(message))",
        "restore it, or move it away and let the next sync rebuild it with new numbers"
      )
    case .SQLITE_CONSTRAINT:
      return (
        .conflict, "a number or a live name is taken already", "observe the catalog and plan anew"
      )
    case .SQLITE_IOERR:
      return (.failed, "reading or writing it failed (\(message))", "look at the disk's health")
    default:
      return (.failed, message, "")
    }
  }
}
