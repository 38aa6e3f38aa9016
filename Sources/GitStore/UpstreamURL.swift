import Foundation

/// Where an upstream is: `https`, `ssh` or `file`, without a secret, and nothing that a shell or an
/// option parser could take for something else.
public struct UpstreamURL: Hashable, Sendable {
  /// The transports that are spoken.
  public enum Scheme: String, Sendable {
    case https, ssh, file
  }

  /// Why a text is no upstream: the cause and the way out.
  public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// The cause and the way out.
    public let description: String
  }

  /// The transport.
  public let scheme: Scheme
  /// The user of the address, or nil.
  public let user: String?
  /// The whole address, as libgit2 takes it.
  public let text: String

  private static let limit = 2000

  /// Reads an address: `https://host/path`, `ssh://user@host/path`, `user@host:path`,
  /// `file:///path` or an absolute path. Throws `Refusal`.
  public init(_ given: String) throws(Refusal) {
    guard !given.isEmpty, given.utf8.count <= Self.limit else {
      throw Refusal(description: "the address is empty or longer than \(Self.limit) bytes")
    }
    guard given.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") }) else {
      throw Refusal(
        description: "the address has spaces, control characters or letters beyond ASCII: "
          + "write them as %XX")
    }
    if given.hasPrefix("/") {
      (scheme, user, text) = (.file, nil, try Self.file(given))
      return
    }
    guard let colon = given.range(of: "://") else {
      let parts = try Self.shortForm(given)
      (scheme, user, text) = (.ssh, parts.user, parts.text)
      return
    }
    guard let scheme = Scheme(rawValue: given[..<colon.lowerBound].lowercased()) else {
      throw Refusal(
        description:
          "`\(given[..<colon.lowerBound].prefix(20))` is not spoken: use https, ssh or file")
    }
    self.scheme = scheme
    let rest = given[colon.upperBound...]
    if scheme == .file {
      (user, text) = (nil, try Self.file(String(rest)))
      return
    }
    guard let slash = rest.firstIndex(of: "/"), rest.index(after: slash) < rest.endIndex else {
      throw Refusal(description: "the address names no repository: write \(scheme)://HOST/PATH")
    }
    let (user, host) = try Self.authority(rest[..<slash])
    guard !rest[slash...].contains(where: { "?#".contains($0) }) else {
      throw Refusal(description: "the address has a query or a fragment: leave it out")
    }
    self.user = user
    text = "\(scheme)://\(user.map { $0 + "@" } ?? "")\(host)\(rest[slash...])"
  }

  private static func authority(
    _ authority: Substring
  ) throws(Refusal) -> (user: String?, host: Substring) {
    var (user, host): (String?, Substring) = (nil, authority)
    if let at = authority.lastIndex(of: "@") {
      guard !authority[..<at].contains(":") else {
        throw Refusal(
          description: "the address has a password, which would stand in lists and logs: put "
            + "`user:password` into a file for its owner alone and name it with --credentials")
      }
      user = String(authority[..<at])
      host = authority[authority.index(after: at)...]
    }
    let parts = host.split(separator: ":", omittingEmptySubsequences: false)
    let letters = parts.first.map { name in
      !name.isEmpty && !name.hasPrefix("-")
        && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }
    }
    let port =
      parts.count == 1 || parts.count == 2 && (Int(parts[1]).map { 1...65535 ~= $0 } ?? false)
    guard letters == true, port else {
      throw Refusal(description: "the address has no plain host name and port")
    }
    if let user {
      guard !user.isEmpty, !user.hasPrefix("-"),
        user.allSatisfy({ $0.isLetter || $0.isNumber || "-._+%".contains($0) })
      else { throw Refusal(description: "the address has no plain user name") }
    }
    return (user, host)
  }

  /// `user@host:path`, as git and ssh take it.
  private static func shortForm(_ given: String) throws(Refusal) -> (user: String?, text: String) {
    guard let colon = given.firstIndex(of: ":"), !given[..<colon].contains("/"),
      given[..<colon].contains("@"),
      given.index(after: colon) < given.endIndex, !given.contains("::")
    else {
      throw Refusal(
        description: "it is no address: write https://HOST/PATH, ssh://USER@HOST/PATH, "
          + "USER@HOST:PATH or an absolute path")
    }
    let (user, host) = try authority(given[..<colon])
    let path = given[given.index(after: colon)...]
    return (
      user, "ssh://\(user.map { $0 + "@" } ?? "")\(host)\(path.hasPrefix("/") ? "" : "/")\(path)"
    )
  }

  private static func file(_ path: String) throws(Refusal) -> String {
    guard path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
      throw Refusal(description: "a file address needs an absolute path without `..`")
    }
    return "file://\(path)"
  }
}
