import UtilityModel

/// A call of a utility that has ended, as its server tells of it.
public struct ExecutedCall: Decodable, Hashable, Sendable {
  /// 24 hexadecimal digits that no other call has.
  public let id: String
  /// The utility's name.
  public let name: String
  /// When it began, in milliseconds since 1970.
  public let createddate: Int64
  /// Whose call it was, as the caller said; 0 where it did not.
  public let userid: Int64
  /// The caller's name, or "".
  public let username: String
  /// `completed`, `failed` or `cancelled`.
  public let status: String
  /// How long it took, in seconds.
  public let executionTime: Double
  /// Why it failed, or "".
  public let errorMessage: String
  /// What was sent, up to a limit.
  public let request: String
  /// What came back, up to a limit.
  public let response: String
  /// What it printed, line by line, up to a limit.
  public let logs: [String]

  enum CodingKeys: String, CodingKey {
    case name, createddate, userid, username, status, request, response, logs
    case id = "_id"
    case executionTime = "execution_time"
    case errorMessage = "error_message"
  }
}

/// Calls as a server tells of them. One that cannot be read is left out and counted: it must not take
/// the others with it.
struct ToldCalls: Decodable, Hashable, Sendable {
  /// Those that can be read, in order.
  var calls: [ExecutedCall] = []
  /// How many cannot.
  var unreadable = 0

  private struct Skipped: Decodable {
    init(from decoder: any Decoder) {}
  }

  init(from decoder: any Decoder) throws {
    var list = try decoder.unkeyedContainer()
    while !list.isAtEnd {
      do {
        calls.append(try list.decode(ExecutedCall.self))
      } catch {
        unreadable += 1
        _ = try list.decode(Skipped.self)
      }
    }
  }
}

/// Takes calls into the catalog. What it throws keeps them for the next time.
public typealias ExecutionKeeper =
  @Sendable (RuntimeSlot, [ExecutedCall]) async throws -> Void

/// How many calls servers keep for the agent, and how much of each.
public struct ExecutionJournal: Hashable, Sendable {
  /// Calls that a server keeps until they are collected; 0: none.
  public var entries: Int
  /// Bytes of a call's request, response, error and prints each.
  public var payload: Int

  /// No journal.
  public static let none = ExecutionJournal(entries: 0, payload: 0)

  /// A journal by its bounds.
  public init(entries: Int, payload: Int) {
    self.entries = entries
    self.payload = payload
  }

  var arguments: [String] {
    entries == 0 ? [] : ["--journal", "\(entries)", "--journal-payload", "\(payload)"]
  }
}

extension Runtime {
  /// Does nothing.
  public func collectExecutions(_ keep: @escaping ExecutionKeeper) async {}

  /// Nothing runs.
  public func cancel(user: Int64, of tenant: TenantCode) async throws(DeploymentError) -> Int { 0 }
}
