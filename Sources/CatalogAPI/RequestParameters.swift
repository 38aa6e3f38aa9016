import Hummingbird
import UtilityModel

/// A request's path and query, percent-decoded once and read strictly.
///
/// A query parameter that the route does not know, that stands twice, or that does not decode to
/// UTF-8 is refused by name: a misspelt filter must not answer with everything.
struct RequestParameters {
  private let path: [String: String]
  private let query: [String: String]

  /// Reads a request for a route that knows these query parameters.
  init(_ request: Request, route: Route, query known: Set<String> = []) throws(APIError) {
    var path: [String: String] = [:]
    let template = route.rawValue.split(separator: "/")
    for (part, raw) in zip(template, request.uri.path.split(separator: "/"))
    where part.hasPrefix("{") {
      let name = String(part.dropFirst().dropLast())
      guard let value = Self.decoded(raw, plusIsSpace: false), !value.isEmpty else {
        throw .badParameter(name, "The path's \(name) is not percent-encoded UTF-8.")
      }
      path[name] = value
    }
    self.path = path

    var query: [String: String] = [:]
    for pair in (request.uri.query ?? "").split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decoded(parts[0], plusIsSpace: true), known.contains(name) else {
        let name = String(parts[0].prefix(64))
        let all = known.sorted().joined(separator: ", ")
        let hint = known.isEmpty ? "This route takes none." : "This route takes: \(all)."
        throw .badParameter(name, "There is no query parameter \(name). \(hint)")
      }
      guard let value = Self.decoded(parts.count > 1 ? parts[1] : "", plusIsSpace: true) else {
        throw .badParameter(name, "The value of \(name) is not percent-encoded UTF-8.")
      }
      guard query.updateValue(value, forKey: name) == nil else {
        throw .badParameter(name, "The query parameter \(name) stands twice.")
      }
    }
    self.query = query
  }

  /// A query parameter as given, or nil.
  subscript(name: String) -> String? { query[name] }

  /// A part of the path.
  func path(_ name: String) -> String { path[name] ?? "" }

  /// The tenant; a code that no tenant can have is unknown, not malformed.
  func tenant() throws(APIError) -> TenantCode {
    guard let tenant = TenantCode(path("tenant-code")) else { throw Self.unknownTenant }
    return tenant
  }

  /// The number of an entry.
  func taskID() throws(APIError) -> Int32 {
    guard let id = Int32(path("task-id")), id >= 0 else {
      throw .badParameter("task-id", "The task-id must be a whole number.")
    }
    return id
  }

  /// A commit's name or the start of it.
  static func commit(_ text: String, field: String) throws(APIError) -> String {
    guard (4...40).contains(text.utf8.count), text.utf8.allSatisfy(\.isHexadecimal) else {
      throw .badParameter(field, "The \(field) must be 4 to 40 hexadecimal digits.")
    }
    return text.lowercased()
  }

  static let unknownTenant = APIError.notFound("There is no such tenant.")

  private static func decoded(_ text: Substring, plusIsSpace: Bool) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "%"):
        guard rest.count >= 2, let value = Hexadecimal.decode(Substring(rest.prefix(2))) else {
          return nil
        }
        bytes.append(contentsOf: value)
        rest = rest.dropFirst(2)
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

extension UInt8 {
  /// Whether this is an ASCII hexadecimal digit.
  fileprivate var isHexadecimal: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }
}
