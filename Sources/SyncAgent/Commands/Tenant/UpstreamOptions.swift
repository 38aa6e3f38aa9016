import ArgumentParser
import Foundation
import GitStore
import UtilityModel

/// The upstream of a new tenant, and the files with its secrets.
struct UpstreamOptions: ParsableArguments {
  @Option(help: "Follow this repository: https://, ssh://, user@host:path, or a path.")
  var from: String?
  @Option(help: "With https: file with `user:password` or a token, for its owner alone.")
  var credentials: String?
  @Option(help: "With ssh: file of the private key, without a passphrase.") var key: String?
  @Option(help: "With ssh: the known_hosts file, instead of upstreams.known_hosts.")
  var knownHosts: String?

  /// The upstream, or nil where none is named. Throws `AgentError`.
  func upstream() throws -> Upstream? {
    guard let from else {
      guard credentials == nil, key == nil, knownHosts == nil else {
        throw AgentError("credentials are given without an upstream", "name it with --from")
      }
      return nil
    }
    let url: UpstreamURL
    do throws(UpstreamURL.Refusal) { url = try UpstreamURL(from) } catch {
      throw AgentError(text: "--from: \(error)")
    }
    for (option, value, scheme) in [
      ("--credentials", credentials, UpstreamURL.Scheme.https), ("--key", key, .ssh),
      ("--known-hosts", knownHosts, .ssh),
    ] where value != nil && url.scheme != scheme {
      throw AgentError("\(option) is for \(scheme) alone", "leave it out")
    }
    if let credentials { _ = try UpstreamFetcher.secret(credentials, "--credentials") }
    if let key { _ = try UpstreamFetcher.secret(key, "--key") }
    func absolute(_ path: String?) -> String? { path.map { URL(fileURLWithPath: $0).path } }
    return Upstream(
      url: url.text, credentials: absolute(credentials), key: absolute(key),
      knownHosts: absolute(knownHosts), status: UpstreamStatus(url: url.text))
  }
}
