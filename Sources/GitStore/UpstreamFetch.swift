import CLibgit2
import Glibc
import UtilityModel

/// One fetch of all branches of an upstream into a tenant's repository.
///
/// Runs in a process of its own, which may be killed at any moment: objects arrive first, in a pack
/// that is complete or not there, and refs move afterwards. Nothing of the repository's configuration
/// is used but its format; no tag, no submodule and no other ref is fetched.
public struct UpstreamFetch: Codable, Sendable {
  /// The tenant's repository, an absolute path.
  public var repository: String
  /// The upstream, as `UpstreamURL` gives it.
  public var url: String
  /// The user for the upstream, or nil.
  public var user: String?
  /// The password or token for `https`, or nil.
  public var password: String?
  /// The file of the private key for `ssh`, or nil.
  public var key: String?
  /// The file with the certificates of the authorities that are trusted.
  public var authorities: String
  /// The most bytes that one fetch may bring.
  public var packLimit: Int

  /// How a fetch ended.
  public struct Outcome: Codable, Sendable {
    /// How many branches moved, came or went.
    public var moved: Int
    /// Why it failed and the way out, or nil.
    public var error: String?

    /// An outcome by its parts.
    public init(moved: Int, error: String? = nil) {
      self.moved = moved
      self.error = error
    }
  }

  private static let branches = 10_000
  private static let refspec = "+refs/heads/*:refs/heads/*"

  /// A fetch by its parts.
  public init(
    repository: String, url: String, user: String?, password: String?, key: String?,
    authorities: String, packLimit: Int
  ) {
    self.repository = repository
    self.url = url
    self.user = user
    self.password = password
    self.key = key
    self.authorities = authorities
    self.packLimit = packLimit
  }

  /// Fetches. Blocks; `HOME` must be a folder whose `.ssh/known_hosts` has the hosts that are trusted.
  public func run() -> Outcome {
    do throws(GitError) {
      return Outcome(moved: try fetch())
    } catch {
      return Outcome(moved: 0, error: String(error.cause.prefix(500)))
    }
  }

  private func fetch() throws(GitError) -> Int {
    let handle = try RepositoryHandle(path: repository)
    if url.hasPrefix("https:") {
      guard shim_set_certificates(authorities) == 0 else {
        throw failure("the certificates of upstreams.certificates cannot be read")
      }
    }
    shim_set_pack_window(32 << 20, 256 << 20)
    shim_set_fsync(1)
    var remote: OpaquePointer?
    guard git_remote_create_anonymous(&remote, handle.pointer, url) == 0, let remote else {
      throw failure(Library.lastError().message)
    }
    defer { git_remote_free(remote) }
    let state = CallbackState(self)
    return try withExtendedLifetime(state) { () throws(GitError) -> Int in
      try fetch(from: remote, into: handle, state)
    }
  }

  private func fetch(
    from remote: OpaquePointer, into handle: borrowing RepositoryHandle, _ state: CallbackState
  ) throws(GitError) -> Int {
    var callbacks = git_remote_callbacks()
    git_remote_init_callbacks(&callbacks, UInt32(GIT_REMOTE_CALLBACKS_VERSION))
    callbacks.payload = Unmanaged.passUnretained(state).toOpaque()
    callbacks.credentials = { out, _, user, allowed, payload in
      CallbackState.of(payload).credential(out, user, allowed)
    }
    // libgit2's own verdict: the chain and the name of a certificate, or `known_hosts`.
    callbacks.certificate_check = { certificate, valid, _, payload in
      if valid == 1 { return 0 }
      CallbackState.of(payload).isUntrusted = true
      CallbackState.of(payload).isHostKey =
        certificate?.pointee.cert_type == GIT_CERT_HOSTKEY_LIBSSH2
      return GIT_ECERTIFICATE.rawValue
    }
    callbacks.transfer_progress = { progress, payload in
      CallbackState.of(payload).isTooLarge(progress?.pointee.received_bytes ?? 0)
        ? GIT_EUSER.rawValue : 0
    }
    var proxy = git_proxy_options()
    git_proxy_options_init(&proxy, UInt32(GIT_PROXY_OPTIONS_VERSION))
    proxy.type = GIT_PROXY_NONE
    var connecting = git_remote_connect_options()
    git_remote_connect_options_init(&connecting, UInt32(GIT_REMOTE_CONNECT_OPTIONS_VERSION))
    connecting.callbacks = callbacks
    connecting.proxy_opts = proxy
    connecting.follow_redirects = GIT_REMOTE_REDIRECT_NONE
    guard git_remote_connect_ext(remote, GIT_DIRECTION_FETCH, &connecting) == 0 else {
      throw failure(state.explain(Library.lastError().message))
    }
    defer { git_remote_disconnect(remote) }
    let (tips, head) = try advertised(by: remote)
    guard !tips.isEmpty else {
      throw failure("the upstream has no branch; what was fetched before stays")
    }
    var options = git_fetch_options()
    git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION))
    options.callbacks = callbacks
    options.proxy_opts = proxy
    options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
    options.prune = GIT_FETCH_NO_PRUNE
    let status = Self.refspec.withCString { text in
      var pointer: UnsafeMutablePointer<CChar>? = UnsafeMutablePointer(mutating: text)
      return withUnsafeMutablePointer(to: &pointer) { strings in
        var specs = git_strarray(strings: strings, count: 1)
        return git_remote_download(remote, &specs, &options)
      }
    }
    guard status == 0 else { throw failure(state.explain(Library.lastError().message)) }
    return try handle.mirror(tips, head: head)
  }

  /// The branches that the upstream has, and the one that its `HEAD` names.
  private func advertised(
    by remote: OpaquePointer
  ) throws(GitError) -> (tips: [String: ObjectID], head: String?) {
    var heads: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
    var count = 0
    guard git_remote_ls(&heads, &count, remote) == 0 else {
      throw failure(Library.lastError().message)
    }
    var (tips, head): ([String: ObjectID], String?) = ([:], nil)
    for index in 0..<count {
      guard let found = heads?[index]?.pointee, let text = found.name else { continue }
      let name = String(cString: text)
      if name == "HEAD", let target = found.symref_target { head = String(cString: target) }
      var isValid: Int32 = 0
      guard name.hasPrefix("refs/heads/"), !name.hasSuffix("^{}"), name.utf8.count <= 250,
        git_reference_name_is_valid(&isValid, name) == 0, isValid == 1
      else { continue }
      tips[name] = ObjectID(found.oid)
      guard tips.count <= Self.branches else {
        throw failure("the upstream has more than \(Self.branches) branches")
      }
    }
    return (tips, head.flatMap { tips[$0] == nil ? nil : $0 })
  }

  private func failure(_ cause: String) -> GitError {
    GitError("fetch", .other, subject: "the upstream", cause: cause)
  }
}

/// What libgit2's callbacks need and tell, on the thread of the fetch.
private final class CallbackState {
  private let fetch: UpstreamFetch
  private var asked = 0
  var isUntrusted = false
  var isHostKey = false
  private var isRefused = false
  private var tooLarge = false

  init(_ fetch: UpstreamFetch) { self.fetch = fetch }

  static func of(_ payload: UnsafeMutableRawPointer?) -> CallbackState {
    guard let payload else { fatalError("libgit2 gives the payload that it was given") }
    return Unmanaged<CallbackState>.fromOpaque(payload).takeUnretainedValue()
  }

  func isTooLarge(_ bytes: Int) -> Bool {
    if bytes > fetch.packLimit { tooLarge = true }
    return tooLarge
  }

  func credential(
    _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?,
    _ user: UnsafePointer<CChar>?, _ allowed: UInt32
  ) -> Int32 {
    let user = fetch.user ?? user.map { String(cString: $0) } ?? "git"
    if allowed & GIT_CREDENTIAL_USERNAME.rawValue != 0 {
      return git_credential_username_new(out, user)
    }
    asked += 1
    // What was refused once is refused again.
    guard asked == 1 else { return refuse() }
    if let key = fetch.key, allowed & GIT_CREDENTIAL_SSH_KEY.rawValue != 0 {
      return git_credential_ssh_key_new(out, user, nil, key, nil)
    }
    if let password = fetch.password, allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT.rawValue != 0 {
      return git_credential_userpass_plaintext_new(out, user, password)
    }
    return refuse()
  }

  private func refuse() -> Int32 {
    isRefused = true
    return GIT_EAUTH.rawValue
  }

  /// The cause in the words of an operator, where it is known.
  func explain(_ message: String) -> String {
    if tooLarge { return UpstreamFetch.tooLarge(fetch.packLimit) }
    if isUntrusted {
      return isHostKey
        ? "the server's host key is not the one in the known_hosts file: see that nobody is in "
          + "between, then put it there (`ssh-keyscan`)"
        : "the server's certificate is not trusted: see that nobody is in between, then name its "
          + "authority in upstreams.certificates"
    }
    let lower = message.lowercased()
    if isRefused || asked > 0 && (lower.contains("auth") || lower.contains("publickey")) {
      return fetch.password == nil && fetch.key == nil
        ? "the server wants credentials: name a file with --credentials (https) or --key (ssh)"
        : "the server refuses the credentials: renew the file that holds them"
    }
    if lower.contains("certificate") {
      return "the server's certificate is not trusted (\(message)): name its authority in "
        + "upstreams.certificates"
    }
    return message
  }
}

extension UpstreamFetch {
  /// That a fetch was ended for its size, and the way out.
  public static func tooLarge(_ limit: Int) -> String {
    "it brings more than \(limit >> 20) MiB: raise upstreams.max_pack, or make the upstream smaller"
  }
}
