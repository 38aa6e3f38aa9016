import Foundation

/// What a server says on its standard output, a JSON object a line.
///
/// Source: python-utils, "control protocol".
struct ServerEvent: Decodable, Sendable {
  /// What happened.
  enum Kind: String, Decodable, Sendable {
    /// Everything is loaded and verified.
    case ready
    /// It cannot serve, and ends.
    case failed
    /// It accepts connections.
    case listening
    /// It accepts no more.
    case draining
    /// All calls have ended, and it ends.
    case drained
    /// The retiring names are gone.
    case retired
    /// Calls have ended.
    case executions
    /// A user's calls were ended.
    case cancelled
    /// What is loaded, as with `ready`.
    case health
    /// It lives.
    case pong
  }

  let event: Kind
  /// With `failed`.
  let reason: String?
  /// With `ready` and `health`: the release's digest.
  let release: String?
  /// With `ready` and `health`: the hashes of what is loaded, by name.
  let utilities: [String: String]?
  /// With `executions`: the calls.
  let records: ToldCalls?
  /// With `executions`: how many calls the server had to drop.
  let dropped: Int?
  /// With `cancelled`: how many calls there were.
  let count: Int?

  /// Reads a line. Throws what JSONDecoder does.
  init(line: [UInt8]) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(line))
  }
}

/// What the agent says, or asks, on a server's standard input.
enum ServerCommand: String {
  /// Accept connections.
  case listen
  /// Accept no more, end when all calls have ended.
  case drain
  /// Drop the retiring names.
  case retire
  /// Tell what is loaded.
  case health
  /// Tell that you live.
  case ping

  /// How a question is answered; nil for what is no question.
  var answer: ServerEvent.Kind? {
    switch self {
    case .health: .health
    case .ping: .pong
    case .listen, .drain, .retire: nil
    }
  }

  /// The command as a line, without its end.
  var line: String { #"{"command":"\#(rawValue)"}"# }
}
