import Hummingbird
import UtilityModel

/// A request's path and query, percent-decoded once and read strictly.
///
/// A query parameter that the route does not know, that stands twice, or that does not decode to
/// UTF-8 is refused by name: a misspelt filter must not answer with everything.
struct RequestParameters {
  private let path: [String: String]
  private let query: [String: String]
  private let access: TenantAccess

  /// Reads a request for a route that knows these query parameters.
  init(
    _ request: AdmittedRequest, route: Route, query known: Set<String> = []
  ) throws(APIError) {
    access = request.access
    var path: [String: String] = [:]
    let template = route.rawValue.split(separator: "/")
    for (part, raw) in zip(template, request.uri.path.split(separator: "/"))
    where part.hasPrefix("{") {
      let name = String(part.dropFirst().dropLast())
      guard let value = QueryText.decoded(raw, plusIsSpace: false), !value.isEmpty else {
        throw .badParameter(name, "The path's \(name) is not percent-encoded UTF-8.")
      }
      path[name] = value
    }
    self.path = path

    do throws(QueryText.Refusal) {
      query = try QueryText.parameters(of: request.uri.query ?? "", known: known)
    } catch {
      switch error {
      case .unknown(let name):
        let all = known.sorted().joined(separator: ", ")
        let hint = known.isEmpty ? "This route takes none." : "This route takes: \(all)."
        throw .badParameter(name, "There is no query parameter \(name). \(hint)")
      case .malformed(let name):
        throw .badParameter(name, "The value of \(name) is not percent-encoded UTF-8.")
      case .repeated(let name):
        throw .badParameter(name, "The query parameter \(name) stands twice.")
      }
    }
  }

  /// A query parameter as given, or nil.
  subscript(name: String) -> String? { query[name] }

  /// A part of the path.
  func path(_ name: String) -> String { path[name] ?? "" }

  /// The tenant, where the request may see it; one of others is as unknown as one that never was, and
  /// so is a code that no tenant can have.
  func tenant() throws(APIError) -> TenantCode {
    guard let tenant = access.tenant(named: path("tenant-code")) else { throw Self.unknownTenant }
    return tenant
  }

  /// The number of an entry; one that is too large for any is unknown.
  func taskID() throws(APIError) -> Int32 {
    let text = path("task-id")
    let isDecimal = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard isDecimal, text == "0" || text.first != "0" else {
      throw .badParameter("task-id", "The task-id must be a whole number from 0 on.")
    }
    guard let id = Int32(text) else { throw Self.unknownEntry }
    return id
  }

  /// A query parameter that is a whole number within a range, or nil where it is not given.
  func number(_ name: String, _ range: ClosedRange<Int>) throws(APIError) -> Int? {
    guard let text = self[name] else { return nil }
    guard let value = Self.whole(text), range.contains(Int(value)) else {
      throw .badParameter(
        name, "The \(name) must be a whole number from \(range.lowerBound) to \(range.upperBound).")
    }
    return Int(value)
  }

  /// A whole number as it is written in decimal: no plus sign, no leading zeros.
  static func whole(_ text: String) -> Int64? {
    guard let value = Int64(text), String(value) == text else { return nil }
    return value
  }

  /// A commit's name or the start of it.
  static func commit(_ text: String, field: String) throws(APIError) -> String {
    guard (4...40).contains(text.utf8.count), text.utf8.allSatisfy(\.isHexadecimal) else {
      throw .badParameter(field, "The \(field) must be 4 to 40 hexadecimal digits.")
    }
    return text.lowercased()
  }

  static let unknownEntry = APIError.notFound("The tenant has no such entry.")
  static let unknownTenant = APIError.notFound("There is no such tenant.")
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
