import UtilityModel

/// The members of a stored document that are not the agent's: they survive every update, as the
/// bytes that someone else wrote.
struct UnknownMembers: Sendable {
  /// Keys with their values as JSON, in the document's order.
  var members: [(key: String, value: ArraySlice<UInt8>)] = []
}

extension CatalogEntry {
  /// Reads an entry from the JSON that `json` writes. Members may stand in any order; unknown
  /// ones are passed over.
  ///
  /// Throws `CatalogError` with the code `corrupt` where the text is no JSON, a member has another
  /// type, or `sync` is missing.
  public init(json: [UInt8]) throws(CatalogError) {
    var unknown = UnknownMembers()
    try self.init(json: json, unknown: &unknown)
  }

  /// The same, and collects the unknown members.
  init(json: [UInt8], unknown: inout UnknownMembers) throws(CatalogError) {
    do throws(JSONSyntaxError) {
      self = try Self.read(json, unknown: &unknown)
    } catch {
      throw CatalogError.corruptDocument(cause: error.description)
    }
  }

  private static func read(
    _ json: [UInt8], unknown: inout UnknownMembers
  ) throws(JSONSyntaxError) -> CatalogEntry {
    var reader = JSONReader(json)
    var entry = CatalogEntry(sync: SyncStamp.empty)
    var isOwned = false
    try reader.object { reader, key throws(JSONSyntaxError) in
      if try entry.readIdentity(key, from: &reader) { return }
      if try entry.readCall(key, from: &reader) { return }
      switch key {
      case "filehash": entry.filehash = try reader.string()
      case "metahash": entry.metahash = try reader.string()
      case "env": entry.env = try reader.string()
      case "quarantine":
        entry.quarantine = try reader.null() ? nil : QuarantineRecord(reading: &reader)
      case "sync":
        entry.sync = try SyncStamp(reading: &reader)
        isOwned = true
      default: unknown.members.append((key, try reader.raw()))
      }
    }
    try reader.end()
    guard isOwned else { throw reader.failure("a member \"sync\"") }
    return entry
  }

  private mutating func readIdentity(
    _ key: String, from reader: inout JSONReader
  ) throws(JSONSyntaxError) -> Bool {
    switch key {
    case "name": name = try reader.string()
    case "id": id = try reader.integer32()
    case "displayname": displayname = try reader.string()
    case "description": description = try reader.string()
    case "type": type = try reader.string()
    case "fields": fields = try reader.string()
    case "createddate": createddate = try reader.integer()
    case "updateddate": updateddate = try reader.integer()
    case "status": status = try reader.status()
    case "tasks_tag": tasksTag = try reader.string()
    case "task_handler": taskHandler = try reader.string()
    case "rest_url": restURL = try reader.string()
    case "method": method = try reader.string()
    case "tenantcode": tenantcode = try reader.string()
    default: return false
    }
    return true
  }

  private mutating func readCall(
    _ key: String, from reader: inout JSONReader
  ) throws(JSONSyntaxError) -> Bool {
    switch key {
    case "filename": filename = try reader.string()
    case "packages": packages = try reader.strings()
    case "port": port = try reader.string()
    case "foldername": foldername = try reader.string()
    case "userid": userid = try reader.integer()
    case "customutils": customutils = try reader.boolean()
    case "integration_id": integrationID = try reader.integer32()
    // These two are the platform's to write; its null is the same as none.
    case "utils_used": utilsUsed = try reader.null() ? false : reader.boolean()
    case "rest_end": restEnd = try reader.string()
    case "input_params": inputParams = try reader.string()
    case "parameters": parameters = try reader.string()
    case "functionname": functionname = try reader.string()
    case "outputfields": outputfields = try reader.string()
    case "playbook_name": playbookNames = try reader.null() ? [] : reader.strings()
    case "category": category = try reader.string()
    default: return false
    }
    return true
  }
}

extension JSONReader {
  fileprivate mutating func integer32() throws(JSONSyntaxError) -> Int32 {
    guard let value = Int32(exactly: try integer()) else { throw failure("a 32-bit number") }
    return value
  }

  fileprivate mutating func status() throws(JSONSyntaxError) -> EntryStatus {
    guard let status = EntryStatus(rawValue: try string()) else { throw failure("a status") }
    return status
  }
}
