/// One call of a utility: an element of `GET /utils/v1/executions/{tenant-code}`.
///
/// Names and types are the LLD's ("task_execution Collection").
public struct ExecutionRecord: Sendable, Codable, Hashable {
  /// What tells it from all other calls: 24 hexadecimal digits, as in an ObjectId.
  public var id: String
  /// The entry's number.
  public var taskid: Int64
  /// Whose call it was.
  public var userid: Int64
  /// The tenant.
  public var tenantcode: String
  /// When, in milliseconds since 1970.
  public var createddate: Int64
  /// What was sent, as JSON in a string.
  public var request: String
  /// What came back, as JSON in a string.
  public var response: String
  /// `completed`, `failed` and the like.
  public var status: String
  /// How long it took, in seconds.
  public var executionTime: Double
  /// Why it failed, or "".
  public var errorMessage: String
  /// What the call logged.
  public var logs: [String]
  /// The caller's name.
  public var username: String
  /// The utility's name.
  public var name: String
  /// Always "Utils".
  public var taskHandler: String

  enum CodingKeys: String, CodingKey {
    case id = "_id"
    case taskid, userid, tenantcode, createddate, request, response, status, logs, username, name
    case executionTime = "execution_time"
    case errorMessage = "error_message"
    case taskHandler = "task_handler"
  }

  /// A record by its parts.
  public init(
    id: String, taskid: Int64, userid: Int64, tenantcode: String, createddate: Int64,
    request: String,
    response: String, status: String, executionTime: Double, errorMessage: String, logs: [String],
    username: String, name: String, taskHandler: String = "Utils"
  ) {
    self.id = id
    self.taskid = taskid
    self.userid = userid
    self.tenantcode = tenantcode
    self.createddate = createddate
    self.request = request
    self.response = response
    self.status = status
    self.executionTime = executionTime
    self.errorMessage = errorMessage
    self.logs = logs
    self.username = username
    self.name = name
    self.taskHandler = taskHandler
  }
}

/// Which records a caller asks for.
public struct RecordQuery: Sendable, Hashable {
  /// Of one entry alone, or of all.
  public var taskid: Int64?
  /// At most this many, 1 to 1000.
  public var limit: Int
  /// How many of the newest to leave out.
  public var offset: Int

  /// A query by its parts.
  public init(taskid: Int64? = nil, limit: Int = 100, offset: Int = 0) {
    self.taskid = taskid
    self.limit = limit
    self.offset = offset
  }
}
