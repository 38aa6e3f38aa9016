import UtilityModel

/// What a verified token says of its bearer.
struct TokenClaims: Sendable, Hashable {
  /// `sub`, or nil.
  var subject: String?
  var access: TenantAccess
  /// `exp`, in seconds since 1970.
  var expires: Double

  /// What claims must say to be accepted.
  struct Rules: Sendable {
    /// One of these must be in `aud`; empty accepts any.
    var audiences: Set<String> = []
    /// `iss` must be one of these; empty accepts any.
    var issuers: Set<String> = []
    /// Seconds by which the issuer's clock may be ahead, for `nbf`. `exp` has none: a client renews
    /// its token, and nobody wants to be let in for longer.
    var leeway = 5.0
  }

  /// Reads claims (RFC 7519, section 4.1) from a payload whose signature was verified.
  ///
  /// `now` is in seconds since 1970. A claim of another type than the standard's is refused.
  init(_ payload: [UInt8], rules: Rules, now: Double) throws(TokenRefusal) {
    let claims = try TokenParts.members(of: payload)
    guard case .number(let expires) = claims["exp"] else { throw .invalid("no exp") }
    self.expires = expires
    switch claims["nbf"] {
    case nil: break
    case .number(let start) where start <= now + rules.leeway: break
    default: throw .invalid("nbf")
    }
    switch claims["iat"] {
    case nil, .number: break
    default: throw .invalid("iat")
    }
    switch claims["sub"] {
    case nil: subject = nil
    case .text(let text): subject = text
    default: throw .invalid("sub")
    }
    try Self.check(audience: claims["aud"], rules)
    switch claims["iss"] {
    case .text(let issuer) where rules.issuers.isEmpty || rules.issuers.contains(issuer): break
    case nil where rules.issuers.isEmpty: break
    default: throw .invalid("iss")
    }
    access = try Self.access(claims["tenantcode"])
    // Last, so that only a token that was good is told to have expired.
    guard now < expires else { throw .expired }
  }

  private static func check(
    audience: TokenParts.Member?, _ rules: Rules
  ) throws(TokenRefusal) {
    let given: Set<String>
    switch audience {
    case nil: given = []
    case .text(let text): given = [text]
    case .texts(let texts): given = Set(texts)
    default: throw .invalid("aud")
    }
    guard rules.audiences.isEmpty || !rules.audiences.isDisjoint(with: given) else {
      throw .invalid("aud")
    }
  }

  /// The tenants of the claim `tenantcode`: a code, an array of codes, or `*` for every one.
  private static func access(_ claim: TokenParts.Member?) throws(TokenRefusal) -> TenantAccess {
    let names: [String]
    switch claim {
    case .text(let name): names = [name]
    case .texts(let several): names = several
    default: throw .invalid("tenantcode")
    }
    var tenants: Set<TenantCode> = []
    for name in names where name != "*" {
      guard let tenant = TenantCode(name) else { throw .invalid("tenantcode") }
      tenants.insert(tenant)
    }
    return names.contains("*") ? .all : .only(tenants)
  }
}
