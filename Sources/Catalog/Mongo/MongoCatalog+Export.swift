import Foundation
import Synchronization
import UtilityModel

extension MongoCatalog: CatalogTransfer {
  /// Hands every record to `receive`; see `CatalogTransfer`. On a replica set each tenant is read in
  /// one transaction. Fields that the platform has on tenants are not the agent's to move.
  public func export(
    _ receive: @escaping @Sendable (TransferRecord) throws(CatalogError) -> Void
  ) async throws(CatalogError) {
    let tenants = try await tenants()
    for record in tenants { try receive(TransferRecord(record)) }
    for record in tenants {
      let names = try names(of: record.tenant)
      try await connection.run("export tenant \(record.tenant) of") { client in
        guard try self.connection.topology(client) == .replicated else {
          return try self.export(names, client, nil, receive)
        }
        var isRepeated = false
        try client.transaction { session in
          // What is handed on cannot be taken back.
          guard !isRepeated else {
            throw CatalogError(
              .unavailable, operation: "export", subject: "tenant \(record.tenant)",
              cause: "the server gave the reading up", remedy: "export again")
          }
          isRepeated = true
          try self.export(names, client, session, receive)
        }
      }
    }
    let core = core
    try await connection.run("export the audit of") { client in
      let decoder = JSONDecoder()
      try client.find(core.audit, BSON(), options: { Self.sort($0, "at") }) {
        try receive(TransferRecord(try decoder.decode(AuditRecord.self, from: Data($0.json))))
      }
    }
  }

  private static func sort(_ options: BSON, _ key: String) {
    options.set("sort") {
      $0.set(key, Int32(1))
      $0.set("_id", Int32(1))
    }
  }

  private func export(
    _ names: TenantNames, _ client: MongoClient, _ session: MongoSession?,
    _ receive: (TransferRecord) throws(CatalogError) -> Void
  ) throws {
    let tenant = names.tenant
    var statuses: [BranchStatus] = []
    try client.find(names.state, BSON(), session: session) { document in
      // One that cannot be read is derived from git and made anew.
      let status = try? JSONDecoder().decode(BranchStatus.self, from: Data(document.json))
      if let status { statuses.append(status) }
    }
    for status in statuses.sorted(by: { $0.branch < $1.branch }) {
      try receive(TransferRecord(status, of: tenant))
    }
    try exportEntries(names, client, session, receive)
    let counter = try client.first(
      names.counters, BSON { $0.set("_id", "tasks") }, session: session)
    if let value = counter?.integer("value") {
      try receive(TransferRecord(counter: value, of: tenant))
    }
    // In the order of an index; the server would sort by `_id` as well in its memory.
    var calls: [ExecutionRecord] = []
    try client.find(
      names.executions, BSON { $0.set("tenantcode", tenant.rawValue) }, session: session,
      options: { $0.set("sort") { $0.set("createddate", Int32(1)) } }
    ) { document in
      let call = try ExecutionRecord(execution: document)
      if let last = calls.last, last.createddate != call.createddate {
        try Self.hand(&calls, of: tenant, to: receive)
      }
      calls.append(call)
    }
    try Self.hand(&calls, of: tenant, to: receive)
  }

  /// Hands on the calls of one moment.
  private static func hand(
    _ calls: inout [ExecutionRecord], of tenant: TenantCode,
    to receive: (TransferRecord) throws(CatalogError) -> Void
  ) throws {
    for call in calls.sorted(by: { $0.id < $1.id }) {
      try receive(TransferRecord(call, of: tenant))
    }
    calls = []
  }

  /// The entries one by one, in the order of `uniq_id_status`; an answer of the server has at most
  /// 16 MiB of them.
  private func exportEntries(
    _ names: TenantNames, _ client: MongoClient, _ session: MongoSession?,
    _ receive: (TransferRecord) throws(CatalogError) -> Void
  ) throws {
    try client.find(
      names.tasks, MongoSchema.owned(), session: session,
      options: {
        $0.set("sort") {
          $0.set("id", Int32(1))
          $0.set("status", Int32(1))
        }
      }
    ) { document in
      var unknown = UnknownMembers()
      let entry = try CatalogEntry(document: document, unknown: &unknown)
      let extras = BSON()
      for member in unknown.members { extras.copy(member.key, of: document) }
      try receive(
        TransferRecord(
          entry, extras: extras, contents: document.binary("filecontents"), of: names.tenant))
    }
  }
}
