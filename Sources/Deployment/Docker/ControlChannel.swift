import Foundation
import Glibc

/// The agent's private line to one server in a container: a unix socket in a folder of its own,
/// which is mounted there. It needs neither the engine nor a network, and outlives the agent.
///
/// The folders stand below one that only the agent's user may enter. A folder is open to all until
/// the server has made its socket, since its user is another one, and closed before the first call of a
/// utility: what a utility does never reaches the machine's disk. The server takes commands from
/// outside of its container alone.
struct ControlChannel: Sendable, Hashable {
  /// What a server tells of itself.
  struct Health: Decodable, Sendable {
    enum Status: String, Decodable, Sendable {
      case ready
      case listening
      case draining
    }
    var status: Status
    var release: String
    var utilities: [String: String]
  }

  /// Where the folder is mounted.
  static let mountPoint = "/run/python-utils"
  static let socketName = "s"

  /// The folder, an absolute path.
  let folder: String
  private var socket: String { "\(folder)/\(Self.socketName)" }

  /// What stands before each request's path: the server to which a line passes it on.
  private var prefix = ""
  /// What that server has to be told.
  private var headers: [String: String] = [:]

  /// The channel named `name` below `parent`.
  init(_ name: String, in parent: String) { folder = "\(parent)/\(name)" }

  /// The channel to a server at `address` that this one passes on to, which obeys who knows `key`.
  func passing(to address: String, key: String) -> ControlChannel {
    var channel = self
    channel.prefix = "/\(address)"
    channel.headers = ["Authorization": "Bearer \(key)"]
    return channel
  }

  /// Makes the folder. Blocks.
  func make() throws(SystemError) {
    try Folder.make(folder)
    guard socket.utf8.count <= UnixHTTP.longestPath else {
      throw SystemError("make a socket with so long a path", errno: ENAMETOOLONG)
    }
    // mkdir(2) is subject to the umask.
    guard chmod(folder, 0o777) == 0 else { throw SystemError("open \(folder)") }
  }

  /// Lets nobody write in the folder any more. Blocks for a system call.
  func seal() throws(SystemError) {
    guard chmod(folder, 0o555) == 0 else { throw SystemError("close \(folder)") }
  }

  /// Removes the folder; nothing to do where there is none. Blocks.
  func discard() throws(SystemError) {
    guard chmod(folder, 0o700) == 0 else {
      if errno == ENOENT { return }
      throw SystemError("open \(folder)")
    }
    try Folder.remove(folder)
  }

  /// What the server loaded, and whether it accepts calls.
  func health() async throws(EngineFailure) -> Health {
    try await ask(.get, "/healthz", within: .seconds(5))
  }

  /// Tells the server to do something; how it is then.
  @discardableResult
  func send(_ command: ServerCommand) async throws(EngineFailure) -> Health {
    try await ask(.post, "/\(command.rawValue)", within: .seconds(10))
  }

  /// Calls that have ended, in order.
  struct Executions: Decodable, Sendable {
    /// The number of the last one.
    var last: Int
    /// How many were lost before they were asked for.
    var dropped: Int
    var records: ToldCalls
  }
  private struct Cancelled: Decodable { var cancelled: Int }

  /// The next calls; those up to `last` are kept, and forgotten by the server.
  func executions(after last: Int) async throws(EngineFailure) -> Executions {
    try await ask(.get, "/executions?after=\(last)", within: .seconds(5))
  }

  /// Ends a user's running calls; how many there were.
  func cancel(user: Int64) async throws(EngineFailure) -> Int {
    let answer: Cancelled = try await ask(.post, "/cancel?user=\(user)", within: .seconds(10))
    return answer.cancelled
  }

  private func ask<Answer: Decodable>(
    _ method: UnixHTTP.Method, _ target: String, within patience: Duration
  ) async throws(EngineFailure) -> Answer {
    let answer = try await UnixHTTP.exchange(
      method, socket: socket, target: prefix + target, headers: headers, limit: 16 << 20,
      within: patience)
    guard answer.status == 200 else {
      throw EngineFailure(.refused(answer.status), "the server refused")
    }
    do {
      return try JSONDecoder().decode(Answer.self, from: Data(answer.body))
    } catch {
      throw EngineFailure(.malformed, "\(error)")
    }
  }
}
