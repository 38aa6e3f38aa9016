import Hashing
import UtilityModel

/// The name of a release's image in a registry.
struct ImageReference: Hashable, Sendable {
  /// `registry.example:5000/python-utils/demo`.
  let repository: String
  /// The release's digest, and a short digest of what else is in the image.
  let tag: String

  /// The repository of a tenant below `registry`: each has one of its own, so that a registry can
  /// keep them apart.
  ///
  /// A tenant's code that no repository may be named is stood for by its digest.
  static func repository(of tenant: TenantCode, in registry: String) -> String {
    let code = tenant.rawValue
    let isName =
      code.wholeMatch(of: /[a-z0-9]+(?:(?:_|__|-+)[a-z0-9]+)*/) != nil
    return "\(registry)/\(isName ? code : "tenant.\(SHA256.digest(of: code).hex.prefix(16))")"
  }

  /// What is asked for before it is known which image has the name.
  var tagged: String { "\(repository):\(tag)" }

  /// What a service is made with: it can never mean another image.
  func pinned(_ digest: String) -> String { "\(repository)@\(digest)" }

  /// The host that a registry's name begins with, as credentials name it; Docker Hub where it names none.
  static func host(of registry: String) -> String {
    let first = registry.prefix { $0 != "/" }
    let isHost = first.contains(".") || first.contains(":") || first == "localhost"
    return isHost ? String(first) : "https://index.docker.io/v1/"
  }
}
