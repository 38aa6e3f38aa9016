import GRDB

/// The embedded catalog's tables: documents as JSON text, with columns generated from them, so that
/// a column never says other than its document.
///
/// `tasks.owned` is 1 for the agent's own entries and NULL for all others. SQLite holds NULLs for
/// distinct, so foreign documents stay outside of the unique indexes. A parked document (`{}`,
/// see `ChangeWriter`) is not owned either.
enum EmbeddedSchema {
  /// "SyAg": tells the agent's databases from others (`PRAGMA application_id`).
  static let applicationID: Int32 = 0x5379_4167
  /// The version that this build writes (`PRAGMA user_version`).
  static let version: Int32 = 2

  /// Makes the tables in an empty database, or checks that they are this version's.
  static func prepare(_ db: Database, path: String) throws {
    try db.inTransaction(.immediate) {
      let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
      let version = try Int32.fetchOne(db, sql: "PRAGMA user_version") ?? 0
      let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
      switch (application, version) {
      case (applicationID, Self.version):
        try db.execute(sql: executions)
        return .commit
      case (applicationID, 1):
        try db.execute(sql: audit + executions)
        try db.execute(sql: "PRAGMA user_version = \(Self.version)")
        return .commit
      case (applicationID, _) where version > Self.version:
        throw CatalogError(
          .newerSchema, operation: "open the catalog", subject: path,
          cause: "its schema has version \(version), and this build knows \(Self.version)",
          remedy: "use the sync-agent that made it, or a newer one")
      case (0, 0) where tables == 0:
        try db.execute(sql: statements + audit + executions)
        try db.execute(sql: "PRAGMA application_id = \(applicationID)")
        try db.execute(sql: "PRAGMA user_version = \(Self.version)")
        return .commit
      default:
        throw CatalogError(
          .notACatalog, operation: "open the catalog", subject: path,
          cause: "it is a database of another program",
          remedy: "let catalog.url name another file")
      }
    }
  }

  /// A call is recorded once. An index alone: older builds need not know it.
  private static let executions = """

    CREATE UNIQUE INDEX IF NOT EXISTS uniq_execution
      ON task_execution (tenantcode, json_extract(document, '$._id'));
    """

  /// What version 2 added.
  private static let audit = """

    CREATE TABLE audit (
      rowid INTEGER PRIMARY KEY AUTOINCREMENT,
      tenantcode TEXT NOT NULL,
      document TEXT NOT NULL
    ) STRICT;
    CREATE INDEX idx_audit_tenant ON audit (tenantcode);
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
      BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
    CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
      BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
    """

  /// The LLD's five indexes carry the LLD's names.
  private static let statements = """
    CREATE TABLE tasks (
      rowid INTEGER PRIMARY KEY,
      tenantcode TEXT NOT NULL,
      id INTEGER AS (json_extract(document, '$.id')) STORED,
      name TEXT AS (json_extract(document, '$.name')) STORED,
      status TEXT AS (json_extract(document, '$.status')) STORED,
      type TEXT AS (json_extract(document, '$.type')) STORED,
      displayname TEXT AS (json_extract(document, '$.displayname')) STORED,
      description TEXT AS (json_extract(document, '$.description')) STORED,
      category TEXT AS (json_extract(document, '$.category')) STORED,
      userid INTEGER AS (json_extract(document, '$.userid')) STORED,
      updateddate INTEGER AS (json_extract(document, '$.updateddate')) STORED,
      path TEXT AS (json_extract(document, '$.sync.path')) STORED,
      branch TEXT AS (json_extract(document, '$.sync.branch')) STORED,
      owned INTEGER AS (
        CASE WHEN json_type(document, '$.customutils') = 'true'
          AND json_type(document, '$.sync') = 'object' THEN 1 END) STORED,
      document TEXT NOT NULL,
      filecontents BLOB
    ) STRICT;
    CREATE UNIQUE INDEX uniq_tenant_id_status ON tasks (tenantcode, id, status, owned);
    CREATE UNIQUE INDEX uniq_tenant_live_name ON tasks (tenantcode, name COLLATE NOCASE, status)
      WHERE owned = 1 AND status IN ('active', 'draft');
    CREATE INDEX idx_name_type_status ON tasks (name, type, status);
    CREATE INDEX idx_tenant_user ON tasks (tenantcode, userid);
    CREATE INDEX idx_type_status_updated ON tasks (type, status, updateddate DESC);

    CREATE TABLE task_execution (
      rowid INTEGER PRIMARY KEY,
      tenantcode TEXT NOT NULL,
      taskid INTEGER AS (json_extract(document, '$.taskid')) STORED,
      userid INTEGER AS (json_extract(document, '$.userid')) STORED,
      createddate INTEGER AS (json_extract(document, '$.createddate')) STORED,
      document TEXT NOT NULL
    ) STRICT;
    CREATE INDEX idx_task_user_created ON task_execution (taskid, userid, createddate DESC);
    CREATE INDEX idx_tenant_created ON task_execution (tenantcode, createddate DESC);

    CREATE TABLE tenants (
      tenantcode TEXT PRIMARY KEY,
      status TEXT NOT NULL,
      createddate INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE sync_state (
      tenantcode TEXT NOT NULL,
      branch TEXT NOT NULL,
      document TEXT NOT NULL,
      PRIMARY KEY (tenantcode, branch)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE counters (
      tenantcode TEXT PRIMARY KEY,
      value INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """
}
