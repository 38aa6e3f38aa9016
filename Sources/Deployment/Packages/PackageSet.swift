/// What one package environment has to hold: a set of PEP 508 requirements.
public struct PackageSet: Hashable, Sendable {
  /// The environment's name: a digest of the requirements, in lower-case hexadecimal.
  public let digest: String
  /// The requirements, sorted.
  public let requirements: [String]

  /// A set by its parts.
  public init(digest: String, requirements: [String]) {
    self.digest = digest
    self.requirements = requirements.sorted()
  }

  /// "packages 0123456789ab (numpy>=2, rich)".
  var subject: String {
    "packages \(digest.prefix(12)) (\(requirements.joined(separator: ", ").prefix(200)))"
  }
}

/// Where packages come from: `runtime.packages.index` and `runtime.packages.wheels`.
public struct PackageSource: Sendable {
  /// The address of a package index; nil: pip's own.
  public var index: String?
  /// A folder of wheels, an absolute path. Without an index nothing else is asked.
  public var wheels: String?

  /// A source by its parts.
  public init(index: String? = nil, wheels: String? = nil) {
    self.index = index
    self.wheels = wheels
  }

  /// Whether installing needs a network.
  var needsNetwork: Bool { index != nil || wheels == nil }

  /// What pip is called with, from `-m` on, to install `set` into `target`.
  ///
  /// Wheels alone: nothing of a package runs while it is installed. Source: pip's manual, "pip install".
  func arguments(_ set: PackageSet, target: String, wheels: String?) -> [String] {
    var arguments = [
      "-m", "pip", "install", "--target", target, "--only-binary", ":all:", "--no-input",
      "--disable-pip-version-check", "--no-color", "--progress-bar", "off", "--no-cache-dir",
      "--retries", "2", "--timeout", "15", "--root-user-action", "ignore",
    ]
    if let wheels { arguments += ["--find-links", wheels] }
    if !needsNetwork { arguments.append("--no-index") }
    return arguments + ["--"] + set.requirements
  }

  /// What pip finds in its environment. The index stands here, since it may have a password in it.
  var environment: [String] {
    var environment: [String] = []
    if let index { environment.append("PIP_INDEX_URL=\(index)") }
    // What is configured is all that counts: no file adds another index.
    if index != nil || wheels != nil { environment.append("PIP_CONFIG_FILE=/dev/null") }
    return environment
  }

  /// What pip on the agent's own machine finds: of the agent's environment, which may hold secrets, no
  /// more than pip's settings, proxies and certificates, and with an index or wheels no setting that
  /// adds another place to look: a package of the same name there would be taken for the own.
  func environment(given: [String: String]) -> [String] {
    let isBound = index != nil || wheels != nil
    let passed = given.filter { name, _ in
      if name.hasPrefix("PIP_") { return !isBound || Self.harmless.contains(name) }
      return name == "HOME" || name.lowercased().hasSuffix("_proxy")
        || ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"].contains(name)
    }
    return passed.map { "\($0.key)=\($0.value)" }.sorted() + environment
  }

  /// How pip asks, not whom.
  private static let harmless: Set<String> = [
    "PIP_CERT", "PIP_CLIENT_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_PROXY", "PIP_RETRIES", "PIP_TIMEOUT",
    "PIP_TRUSTED_HOST",
  ]

  /// A text without the index's address, which may have a password in it.
  func redacting(_ text: String) -> String {
    guard let index else { return text }
    return text.replacing(index, with: "the index")
  }
}
