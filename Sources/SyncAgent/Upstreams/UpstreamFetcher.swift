import Concurrency
import Foundation
import GitStore
import Glibc
import UtilityModel

/// Fetches in a process of its own: this program once more, with limits on time, memory, processor
/// and file size, and nothing of the environment. Whatever a server sends can end that process alone.
struct UpstreamFetcher: Sendable {
  /// The bounds of a fetch.
  struct Limits: Sendable {
    /// Seconds until it is killed.
    var seconds: Int
    /// The most bytes that it may bring.
    var pack: Int
    /// `upstreams.certificates`.
    var authorities: String
    /// `upstreams.known_hosts`.
    var knownHosts: String?
  }

  /// What the child is told on its standard input.
  struct Order: Codable {
    /// One of both.
    var fetch: UpstreamFetch?
    var repack: UpstreamRepack?
    /// The most bytes of a file.
    var size: Int
    var seconds: Int
    var memory: Int
  }

  let limits: Limits
  let folder: String

  /// Fetches into the repository at `path`; gives how many branches changed. `stop` ends it. Blocks.
  /// Throws `AgentError` with the cause and the way out.
  func fetch(
    _ upstream: Upstream, of tenant: TenantCode, into path: String, stop: Int32
  ) throws(AgentError) -> Int {
    let url: UpstreamURL
    do throws(UpstreamURL.Refusal) { url = try UpstreamURL(upstream.url) } catch {
      throw AgentError(text: error.description)
    }
    var order = UpstreamFetch(
      repository: URL(fileURLWithPath: path).path, url: url.text, user: url.user, password: nil,
      key: nil, authorities: limits.authorities, packLimit: limits.pack)
    let home = "\(folder)/\(tenant).home"
    switch url.scheme {
    case .https:
      if let file = upstream.credentials { try add(credentials: file, to: &order) }
    case .ssh:
      guard let key = upstream.key else {
        throw AgentError("an upstream over ssh needs a private key", "name its file with --key")
      }
      _ = try Self.secret(key, "--key")
      order.key = key
      try trust(upstream.knownHosts ?? limits.knownHosts, in: home)
    case .file: break
    }
    defer { _ = try? FileManager.default.removeItem(atPath: home) }
    do throws(GitError) {
      try RepositoryHandle.removeFetchLeftovers(in: path)
    } catch {
      throw AgentError(text: "\(error)")
    }
    let outcome = try run(order, home: home, stop: stop)
    if outcome.error != nil {
      // The space is given back at once, not with the next try.
      do throws(GitError) { try RepositoryHandle.removeFetchLeftovers(in: path) } catch {}
    }
    if let error = outcome.error { throw AgentError(text: error) }
    return outcome.moved
  }

  /// Packs the repository at `path` anew where fetches have left many packs in it. `stop` ends it. Blocks.
  /// Throws `AgentError`; nothing is lost then.
  func tidy(_ path: String, of tenant: TenantCode, stop: Int32) throws(AgentError) {
    let path = URL(fileURLWithPath: path).path
    guard UpstreamRepack.isDue(at: path) else { return }
    let outcome = run(
      Order(
        repack: UpstreamRepack(repository: path), size: Int(Int32.max), seconds: limits.seconds,
        memory: (2 << 30) + limits.pack),
      home: "\(folder)/\(tenant).home", stop: stop)
    if let error = outcome.error { throw AgentError(text: error) }
  }

  private func run(
    _ order: UpstreamFetch, home: String, stop: Int32
  ) throws(AgentError) -> UpstreamFetch.Outcome {
    // Memory: what the pack needs while its deltas are resolved, and the program itself.
    run(
      Order(
        fetch: order, size: order.packLimit + (64 << 20), seconds: limits.seconds,
        memory: (1 << 30) + limits.pack), home: home, stop: stop)
  }

  private func run(_ order: Order, home: String, stop: Int32) -> UpstreamFetch.Outcome {
    let program = BoundedProgram(
      path: "/proc/self/exe", milliseconds: Int32(clamping: limits.seconds * 1000))
    let result: BoundedProgram.Outcome
    do {
      let input = try JSONEncoder().encode(order)
      result = try program.run(
        [UpstreamCommand.configuration.commandName ?? ""], input: Array(input), home: home,
        stop: stop)
    } catch {
      return .init(
        moved: 0,
        error: "it did not end within \(limits.seconds) s: "
          + (order.fetch == nil
            ? "raise upstreams.timeout, or run `git gc` in the repository"
            : "the server hangs or is slow; raise upstreams.timeout, or look at the server"))
    }
    if let outcome = try? JSONDecoder().decode(
      UpstreamFetch.Outcome.self, from: Data(result.output.utf8))
    {
      return outcome
    }
    let cause =
      result.status == 128 + SIGXCPU
      ? "it used more processor time than upstreams.timeout"
      : "its process ended with status \(result.status)"
    return .init(moved: 0, error: "\(cause); nothing of the repository has changed")
  }

  private func add(
    credentials file: String, to order: inout UpstreamFetch
  ) throws(AgentError) {
    let text = try Self.secret(file, "--credentials")
    guard let colon = text.firstIndex(of: ":") else {
      order.user = order.user ?? "git"
      order.password = text
      return
    }
    order.user = String(text[..<colon])
    order.password = String(text[text.index(after: colon)...])
  }

  /// The first line of a file that only its owner may read.
  static func secret(_ file: String, _ option: String) throws(AgentError) -> String {
    var status = stat()
    guard stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let bytes = FileManager.default.contents(atPath: file), bytes.count <= 64 << 10
    else {
      throw AgentError("the file of \(option) cannot be read", "see that it is there and readable")
    }
    guard status.st_mode & 0o077 == 0 else {
      throw AgentError("the file of \(option) is open to others", "make it private: chmod 600")
    }
    // For Swift, the line end of Windows is one character.
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard let line = lines.first else {
      throw AgentError("the file of \(option) is empty", "write the secret into its first line")
    }
    return String(line)
  }

  /// Puts the known hosts where libgit2 looks for them.
  private func trust(_ file: String?, in home: String) throws(AgentError) {
    guard let file else {
      throw AgentError(
        "no host keys are known",
        "name a known_hosts file with upstreams.known_hosts or --known-hosts (`ssh-keyscan HOST`)")
    }
    do {
      try FileManager.default.createDirectory(
        atPath: "\(home)/.ssh", withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
      let target = "\(home)/.ssh/known_hosts"
      try? FileManager.default.removeItem(atPath: target)
      try FileManager.default.copyItem(atPath: file, toPath: target)
    } catch {
      throw AgentError("the known_hosts file cannot be read", "see that it is there and readable")
    }
  }
}
