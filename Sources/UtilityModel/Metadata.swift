/// One declared output of a utility.
public enum OutputField: Hashable, Sendable, Codable {
  /// Just a name.
  case name(String)
  /// A name with a type and a description, each "" where it is absent.
  case described(name: String, type: String, description: String)

  /// The output's name.
  public var name: String {
    switch self {
    case .name(let name), .described(let name, _, _): name
    }
  }
}

/// What a sidecar says about its utility, with the contract's defaults filled in.
///
/// Source: contract, section 2.
public struct Metadata: Hashable, Sendable, Codable {
  /// The utility's name, equal to the file's stem.
  public var title: String
  /// The name that people read.
  public var displayname: String
  /// What the utility does.
  public var description: String
  /// The catalog's category.
  public var category: String
  /// The label of the data field.
  public var inputLabel: String
  /// The label of the filter field.
  public var filterLabel: String
  /// Whether the filter must be given.
  public var requiredFilter: Bool = false
  /// The declared outputs, in order.
  public var outputs: [OutputField] = []
  /// PEP 508 requirements, in order.
  public var packages: [String] = []
  /// The owner, or `nil` to derive it from `tenant.yaml`.
  public var userid: Int64?
  /// The playbooks that use the utility.
  public var playbooks: [String] = []
  /// Free-form run-time parameters.
  public var parameters: String = ""
  /// The time limit of a call in seconds, 1 to 3600.
  public var timeout: Int = 30
  /// Whether the utility goes to the trial runtime only.
  public var draft: Bool = false
  /// The name that it had before, or `nil`.
  public var renamedFrom: String?
  /// Rules whose MEDIUM findings the reviewer accepts.
  public var acknowledge: [String] = []

  /// The required keys; everything else has its default.
  public init(
    title: String, displayname: String, description: String, category: String, inputLabel: String,
    filterLabel: String
  ) {
    self.title = title
    self.displayname = displayname
    self.description = description
    self.category = category
    self.inputLabel = inputLabel
    self.filterLabel = filterLabel
  }

  /// `title` with `_` as spaces and each word's first letter capitalised: the default display name.
  public static func displayName(for title: String) -> String {
    title.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }
      .joined(separator: " ")
  }
}

/// A repository's optional `tenant.yaml`.
public struct TenantSettings: Hashable, Sendable, Codable {
  /// One platform user.
  public struct User: Hashable, Sendable, Codable {
    /// The platform's number of the user.
    public var userid: Int64
    /// The platform's name of the user, or "".
    public var username: String
    /// A user by number and name.
    public init(userid: Int64, username: String = "") {
      self.userid = userid
      self.username = username
    }
  }
  /// Commit author's e-mail, lower case, to the platform's user.
  public var users: [String: User] = [:]
  /// The owner where nothing else says it.
  public var userid: Int64?
  /// A tighter `policy.medium`, or `nil`.
  public var mediumPolicy: MediumPolicy?
  /// What else the tenant tightens.
  public var policy = Policy()

  /// What a tenant tightens of `RevisionPolicy`; nil leaves the operator's.
  public struct Policy: Hashable, Sendable, Codable {
    /// What counts as approved.
    public var approval: RevisionPolicy.Approval?
    /// What must be signed.
    public var signatures: RevisionPolicy.SignatureScope?
    /// What a rewritten branch does.
    public var history: RevisionPolicy.History?
    /// How many live utilities one revision may remove.
    public var removals: RemovalLimit?
    /// Nothing tightened.
    public init() {}
  }

  /// Settings with nothing set.
  public init() {}
}

/// What a MEDIUM finding does to its utility: `policy.medium`, from loosest to tightest.
public enum MediumPolicy: String, Sendable, Codable, CaseIterable, Comparable {
  /// It is recorded.
  case warn
  /// It quarantines unless `acknowledge` lists the rule.
  case acknowledge
  /// It quarantines.
  case block

  /// Orders from loose to tight.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rank < rhs.rank }
  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
