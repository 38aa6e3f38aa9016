/// What is asked of a new revision of the approved branch before it is applied.
///
/// Source: contract, section 6, `policy.*`.
public struct RevisionPolicy: Hashable, Sendable, Codable {
  /// What counts as approved: `policy.approval`.
  public enum Approval: String, Sendable, Codable, CaseIterable {
    /// Whatever is pushed.
    case none
    /// Merges whose committer is not the only author of what they bring.
    case merge
    /// What an allowed signer signed.
    case signed
  }
  /// What must be signed: `policy.signed`, from loosest to tightest.
  public enum SignatureScope: String, Sendable, Codable, CaseIterable, Comparable {
    /// The revision itself.
    case tip
    /// Every new commit.
    case all

    /// Orders by tightness.
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs == .tip && rhs == .all }
  }
  /// What a rewritten branch does: `policy.history`, from loosest to tightest.
  public enum History: String, Sendable, Codable, CaseIterable, Comparable {
    /// It is applied.
    case any
    /// It is held.
    case fastForward = "fast-forward"

    /// Orders by tightness.
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs == .any && rhs == .fastForward }
  }

  /// What counts as approved: all of these must hold. Empty: whatever is pushed.
  public var approvals: Set<Approval>
  /// What must be signed where `approvals` has `signed`.
  public var signatures: SignatureScope
  /// Whose signatures count: the operator's word alone.
  public var signers: SignerFiles
  /// What a rewritten branch does.
  public var history: History
  /// How many live utilities one revision may remove.
  public var removals: RemovalLimit

  /// A policy by its parts; the defaults are the contract's.
  public init(
    approval: Approval = .none, signatures: SignatureScope = .tip,
    signers: SignerFiles = SignerFiles(), history: History = .fastForward,
    removals: RemovalLimit = .percent(50)
  ) {
    approvals = Set([approval]).subtracting([.none])
    self.signatures = signatures
    self.signers = signers
    self.history = history
    self.removals = removals
  }

  /// This policy where `other` is not tighter: a tenant may tighten, never loosen. Where one side
  /// asks for merges and the other for signatures, both count.
  public func tightened(by other: TenantSettings.Policy) -> RevisionPolicy {
    var policy = self
    policy.approvals.formUnion(Set([other.approval ?? .none]).subtracting([.none]))
    policy.signatures = max(signatures, other.signatures ?? .tip)
    policy.history = max(history, other.history ?? .any)
    policy.removals = removals.tightened(by: other.removals)
    return policy
  }
}

/// Where the keys of those who may sign stand.
public struct SignerFiles: Hashable, Sendable, Codable {
  /// Paths of files of OpenSSH allowed signers or of OpenPGP public keys: `policy.allowed_signers`.
  public var allowed: [String]
  /// The path of a file of revoked SSH keys: `policy.revoked_signers`.
  public var revoked: String?

  /// Files by their paths.
  public init(allowed: [String] = [], revoked: String? = nil) {
    self.allowed = allowed
    self.revoked = revoked
  }
}

/// How many live utilities one revision may remove: `policy.max_removals`.
public enum RemovalLimit: Hashable, Sendable, Codable, CustomStringConvertible {
  /// A share of the live utilities, in percent, once there are more than `threshold`.
  case percent(Int)
  /// A number.
  case count(Int)
  /// The smaller of two.
  indirect case both(RemovalLimit, RemovalLimit)

  /// Up to this many live utilities a share does not count: a small tenant may start anew.
  public static let threshold = 10

  /// Takes `50%`, or a number such as `20`; nil for anything else.
  public init?(_ text: String) {
    let trimmed = text.filter { $0 != " " }
    if trimmed.hasSuffix("%") {
      guard let percent = Int(trimmed.dropLast()), (0...100).contains(percent) else { return nil }
      self = .percent(percent)
    } else {
      guard let count = Int(trimmed), count >= 0 else { return nil }
      self = .count(count)
    }
  }

  /// Whether `removed` of `live` utilities may go at once.
  public func allows(removed: Int, of live: Int) -> Bool {
    switch self {
    case .percent(let percent): live <= Self.threshold || removed * 100 <= percent * live
    case .count(let count): removed <= count
    case .both(let one, let other):
      one.allows(removed: removed, of: live) && other.allows(removed: removed, of: live)
    }
  }

  /// Both limits hold.
  public func tightened(by other: RemovalLimit?) -> RemovalLimit {
    other.map { .both(self, $0) } ?? self
  }

  /// As it is configured.
  public var description: String {
    switch self {
    case .percent(let percent): "\(percent)%"
    case .count(let count): "\(count)"
    case .both(let one, let other): "\(one) and \(other)"
    }
  }
}

/// An operator's word on a revision or a tenant, kept with what it is about.
public struct OperatorDecision: Hashable, Sendable, Codable {
  /// What it is about: a revision, or "" for the tenant.
  public var subject: String
  /// Who decided.
  public var actor: String
  /// Why.
  public var reason: String
  /// When, in milliseconds since 1970.
  public var at: Int64

  /// A decision by its parts.
  public init(subject: String, actor: String, reason: String, at: Int64) {
    self.subject = subject
    self.actor = actor
    self.reason = reason
    self.at = at
  }
}
