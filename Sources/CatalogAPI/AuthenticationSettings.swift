/// What tokens must be like, and with what they are verified.
public struct AuthenticationSettings: Sendable {
  /// Why settings contradict themselves.
  public struct Refusal: Error, CustomStringConvertible {
    /// The setting and the way out.
    public var description: String
  }

  /// Public keys, or nil.
  public let keySet: KeySetSource?
  /// The path of a file with the shared secret, or nil.
  public let secretFile: String?
  /// The accepted algorithms; each has a key of its kind.
  public let algorithms: Set<TokenAlgorithm>
  /// One of these must be in `aud`; empty accepts any.
  public let audiences: Set<String>
  /// `iss` must be one of these; empty accepts any.
  public let issuers: Set<String>
  /// How often an address is asked for its keys.
  public let keySetInterval: Duration

  /// Settings; without `algorithms` the defaults of the given kinds of keys. Throws `Refusal` where
  /// there is no key at all, or none for a listed algorithm.
  public init(
    keySet: KeySetSource? = nil, secretFile: String? = nil, algorithms: Set<TokenAlgorithm>? = nil,
    audiences: Set<String> = [], issuers: Set<String> = [], keySetInterval: Duration = .seconds(300)
  ) throws(Refusal) {
    guard keySet != nil || secretFile != nil else {
      throw Refusal(description: "authentication wants auth.jwks or auth.secret_file")
    }
    var chosen = algorithms ?? []
    if algorithms == nil {
      if keySet != nil { chosen.formUnion(TokenAlgorithm.keySetDefaults) }
      if secretFile != nil { chosen.formUnion(TokenAlgorithm.secretDefaults) }
    }
    let symmetric = chosen.filter(\.isSymmetric)
    let listed = chosen.map(\.rawValue).sorted().joined(separator: ", ")
    guard secretFile != nil || symmetric.isEmpty else {
      throw Refusal(
        description: "auth.algorithms lists \(listed): an HS algorithm wants auth.secret_file")
    }
    guard keySet != nil || symmetric.count == chosen.count else {
      throw Refusal(
        description: "auth.algorithms lists \(listed): all but the HS algorithms want auth.jwks")
    }
    guard secretFile == nil || !symmetric.isEmpty else {
      throw Refusal(
        description: "auth.secret_file is set and auth.algorithms lists no HS algorithm for it")
    }
    guard keySet == nil || symmetric.count < chosen.count else {
      throw Refusal(description: "auth.jwks is set and auth.algorithms lists only HS algorithms")
    }
    self.keySet = keySet
    self.secretFile = secretFile
    self.algorithms = chosen
    self.audiences = audiences
    self.issuers = issuers
    self.keySetInterval = keySetInterval
  }

  /// Where the keys come from, in a word, for the log: no path and no address.
  var summary: String {
    let set: String? =
      switch keySet {
      case .file: "the file of auth.jwks"
      case .url: "the address of auth.jwks"
      case nil: nil
      }
    return [set, secretFile.map { _ in "auth.secret_file" }].compactMap(\.self)
      .joined(separator: " and ")
  }
}

extension AuthenticationSettings {
  /// Throws a sentence where a file of keys is not usable. Asks no address.
  public func check() async throws {
    var set = KeySet()
    if case .file(let path) = keySet {
      try await set.add(jwks: try await KeySetFile(path: path).read().bytes, algorithms: algorithms)
    }
    if let secretFile {
      let file = KeySetFile(path: secretFile, isSecret: true)
      try await set.add(
        secret: KeySetFile.trimmed(try await file.read().bytes), algorithms: algorithms)
    }
  }

  /// Whether everybody on this machine may read that file.
  public static func isWorldReadable(secretFile path: String?) async -> Bool {
    guard let path else { return false }
    return await KeySetFile(path: path, isSecret: true).isWorldReadable()
  }
}
