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
      guard let userid = RequestParameters.whole(user) else {
        throw .badParameter("userid", "The userid must be a whole number, or - for any.")
      }
      self.userid = userid
    }
    let name = parameters.path("name")
    if name != "-" { self.name = name }
    limit = try parameters.number("limit", 1...1000) ?? 100
    offset = try parameters.number("offset", 0...Int(Int32.max)) ?? 0
    statuses = try Self.statuses(parameters["status"])
    category = parameters["category"]
    if let text = parameters["q"], !text.isEmpty {
      guard text.unicodeScalars.count <= 200 else {
        throw .badParameter("q", "The q may have at most 200 characters.")
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

  /// The page, and how many entries match in all: one pass over what the snapshot keeps sorted.
  func page(of snapshot: TenantSnapshot) -> (items: [CatalogItem], total: Int) {
    guard let name else {
      return page(of: order == .name ? snapshot.itemsByName : snapshot.items)
    }
    let named = snapshot.items(named: name)
    return page(
      of: order == .name ? named.sorted { $0.status.rawValue < $1.status.rawValue } : named)
  }

  /// The page of a superset of what matches, in the natural direction of the order: newest first,
  /// or by name.
  private func page(
    of candidates: some BidirectionalCollection<CatalogItem>
  ) -> (items: [CatalogItem], total: Int) {
    let isReversed = (order == .name) == isDescending
    return isReversed ? collect(candidates.reversed()) : collect(candidates)
  }

  private func collect(
    _ candidates: some Sequence<CatalogItem>
  ) -> (items: [CatalogItem], total: Int) {
    let filter = Filter(self)
    var items: [CatalogItem] = []
    var total = 0
    for item in candidates where filter.admits(item) {
      if total >= offset, items.count < limit { items.append(item) }
      total += 1
    }
    return (items, total)
  }

  /// What an item must have; looks at the cheapest first.
  private struct Filter {
    private let active, draft, inactive: Bool
    private let userid: Int64?
    private let category: String?
    private let text: SearchText?

    init(_ query: CatalogQuery) {
      active = query.statuses.contains(.active)
      draft = query.statuses.contains(.draft)
      inactive = query.statuses.contains(.inactive)
      userid = query.userid
      category = query.category
      text = query.text.map { SearchText([$0]) }
    }

    func admits(_ item: CatalogItem) -> Bool {
      switch item.status {
      case .active: guard active else { return false }
      case .draft: guard draft else { return false }
      case .inactive: guard inactive else { return false }
      }
      if let userid, item.userid != userid { return false }
      if let category, item.category != category { return false }
      if let text { return item.searchText.contains(text) }
      return true
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
}
