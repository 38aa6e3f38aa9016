import Foundation
import UtilityModel

/// A record as what it means.
enum TransferDocument {
  case tenant(TenantRecord)
  case state(BranchStatus)
  case entry(CatalogEntry, UnknownMembers, contents: [UInt8]?)
  case counter(Int64)
  case execution(ExecutionRecord)
  case audit(AuditRecord)

  /// Reads a record. Throws `CatalogError` (`corrupt`), which repeats nothing of it.
  init(_ record: TransferRecord, _ document: BSON) throws(CatalogError) {
    do {
      switch record.collection {
      case .tenants:
        guard let code = document.string("tenantcode"), code == record.tenant,
          let tenant = TenantCode(code),
          let status = document.string("status").flatMap(TenantState.init),
          let createddate = document.integer("createddate")
        else { throw CatalogError.corruptDocument(cause: "it is no tenant") }
        self = .tenant(TenantRecord(tenant: tenant, status: status, createddate: createddate))
      case .state:
        self = .state(try Self.decode(document))
      case .tasks:
        var unknown = UnknownMembers()
        let entry = try CatalogEntry(document: document, unknown: &unknown)
        guard entry.tenantcode == record.tenant else {
          throw CatalogError.corruptDocument(cause: "it is another tenant's")
        }
        self = .entry(entry, unknown, contents: document.binary("filecontents"))
      case .counters:
        guard let value = document.integer("value"), Int32(exactly: value) != nil else {
          throw CatalogError.corruptDocument(cause: "it holds no number")
        }
        self = .counter(value)
      case .executions:
        let call = try ExecutionRecord(execution: document)
        guard call.tenantcode == record.tenant, document.objectID("_id") != nil else {
          throw CatalogError.corruptDocument(cause: "it is another tenant's")
        }
        self = .execution(call)
      case .audit:
        self = .audit(try Self.decode(document))
      }
    } catch let error as CatalogError {
      throw error
    } catch {
      throw CatalogError.corruptDocument(
        cause: "it is no document of \(record.collection.rawValue)")
    }
  }

  private static func decode<Value: Decodable>(_ document: BSON) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(document.json))
  }
}

extension TransferRecord {
  init(_ collection: Collection, of tenant: String, _ document: BSON) {
    self.init(collection: collection, tenant: tenant, json: document.canonicalJSON)
  }

  init(_ record: TenantRecord) {
    self.init(
      .tenants, of: record.tenant.rawValue,
      BSON {
        $0.set("tenantcode", record.tenant.rawValue)
        $0.set("status", record.status.rawValue)
        $0.set("createddate", record.createddate)
      })
  }

  init(_ status: BranchStatus, of tenant: TenantCode) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    self.init(
      .state, of: tenant.rawValue, try BSON(json: Array(encoder.encode(status))))
  }

  /// An entry with what others put on it, typed as it is in `extras`, and its file as it is stored.
  init(_ entry: CatalogEntry, extras: BSON, contents: [UInt8]?, of tenant: TenantCode) {
    let document = entry.document(contents: contents)
    document.append(extras)
    self.init(.tasks, of: tenant.rawValue, document)
  }

  init(counter: Int64, of tenant: TenantCode) {
    self.init(.counters, of: tenant.rawValue, BSON { $0.set("value", counter) })
  }

  init(_ call: ExecutionRecord, of tenant: TenantCode) throws {
    let document = BSON()
    try document.set(objectID: "_id", call.id)
    document.append(call.document)
    self.init(.executions, of: tenant.rawValue, document)
  }

  init(_ record: AuditRecord) { self.init(.audit, of: record.tenantcode, record.document) }
}
