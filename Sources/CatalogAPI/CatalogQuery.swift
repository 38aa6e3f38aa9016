import Catalog

/// What a list asks for: filters, order and page.
struct CatalogQuery {
  /// The query parameters of a list.
  static let parameters: Set<String> = ["limit", "offset", "status", "category", "q", "sort"]

  enum Order: String { case updateddate, name }

  var userid: Int64?
  var name: String?
  var statuses: Set<EntryStatus>
  var category: String?
  /// Lower case.
  var text: String?
  var order = Order.updateddate
  var isDescending = true
  var limit: Int
  var offset: Int

  init(_ parameters: RequestParameters) throws(APIError) {
    let user = parameters.path("userid")
    if user != "-" {
      guard let userid = Int64(user) else {
        throw .badParameter("userid", "The userid must be a whole number, or - for any.")
      }
      self.userid = userid
    }
    let name = parameters.path("name")
    if name != "-" { self.name = name }
    limit = try Self.number("limit", in: parameters, 1...1000) ?? 100
    offset = try Self.number("offset", in: parameters, 0...Int(Int32.max)) ?? 0
    statuses = try Self.statuses(parameters["status"])
    category = parameters["category"]
    if let text = parameters["q"], !text.isEmpty {
      guard text.utf8.count <= 200 else {
        throw .badParameter("q", "The q may have at most 200 bytes.")
      }
      self.text = text.lowercased()
    }
    if let sort = parameters["sort"] {
      isDescending = sort.hasPrefix("-")
      guard let order = Order(rawValue: String(sort.drop(while: { $0 == "-" }))),
        sort == (isDescending ? "-" : "") + order.rawValue
      else {
        throw .badParameter("sort", "The sort is one of updateddate, -updateddate, name, -name.")
      }
      self.order = order
    }
  }

  /// Equal for queries that ask for the same, and only for those: texts carry their length.
  var normalised: String {
    func part(_ text: String?) -> String { text.map { "\($0.utf8.count):\($0)" } ?? "-" }
    let statuses = statuses.map(\.rawValue).sorted().joined(separator: ",")
    let user = userid.map { String($0) } ?? "-"
    let order = "\(isDescending ? "-" : "")\(order.rawValue)"
    return "list;\(user);\(part(name));\(statuses);\(part(category));\(part(text));"
      + "\(order);\(limit);\(offset)"
  }

  /// The page, and how many entries match in all.
  func page(of snapshot: TenantSnapshot) -> (items: [CatalogItem], total: Int) {
    var matches = snapshot.items.filter(matches)
    switch order {
    case .updateddate:
      if !isDescending { matches.reverse() }
    case .name:
      matches.sort { lhs, rhs in
        if lhs.name != rhs.name { return (lhs.name < rhs.name) != isDescending }
        return lhs.status.rawValue < rhs.status.rawValue
      }
    }
    return (Array(matches.dropFirst(offset).prefix(limit)), matches.count)
  }

  private func matches(_ item: CatalogItem) -> Bool {
    guard statuses.contains(item.status) else { return false }
    if let userid, item.userid != userid { return false }
    if let name, item.name != name { return false }
    if let category, item.category != category { return false }
    guard let text else { return true }
    return [item.name, item.displayname, item.description].contains {
      $0.lowercased().contains(text)
    }
  }

  /// `active,draft` and the like, `-` and `all` for all; the LLD's active and draft by default.
  static func statuses(_ text: String?) throws(APIError) -> Set<EntryStatus> {
    guard let text else { return [.active, .draft] }
    if text == "-" || text == "all" { return Set(EntryStatus.allCases) }
    var result: Set<EntryStatus> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let status = EntryStatus(rawValue: String(part)) else {
        throw .badParameter(
          "status", "The status is a list of active, draft, inactive, or all for every one.")
      }
      result.insert(status)
    }
    return result
  }

  private static func number(
    _ name: String, in parameters: RequestParameters, _ range: ClosedRange<Int>
  ) throws(APIError) -> Int? {
    guard let text = parameters[name] else { return nil }
    guard let value = Int(text), range.contains(value) else {
      throw .badParameter(
        name, "The \(name) must be a whole number from \(range.lowerBound) to \(range.upperBound).")
    }
    return value
  }
}
