/// A page of records.
public struct RecordPage<Record: Sendable>: Sendable {
  /// The records of the page, newest first.
  public var records: [Record]
  /// How many there are in all.
  public var total: Int

  /// A page by its parts.
  public init(records: [Record], total: Int) {
    self.records = records
    self.total = total
  }

  /// The page of a tenant that has none.
  public static var empty: RecordPage { RecordPage(records: [], total: 0) }
}
