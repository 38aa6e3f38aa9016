@testable import Catalog
import Foundation
import TestSupport
import Testing
import UtilityModel

@Suite(
  "MongoCatalog", .serialized,
  .enabled(if: MongoServer.missing == nil, "no MongoDB-protocol server"))
struct MongoCatalogTests {
  @Test("fulfils the contract", arguments: CatalogContract.behaviours)
  func contract(_ behaviour: CatalogContract) async throws {
    try await behaviour.check(try MongoFixture())
  }

  @Test("fulfils the contract over encrypted files", arguments: CatalogContract.behaviours)
  func encrypted(_ behaviour: CatalogContract) async throws {
    let key = [UInt8](repeating: 7, count: 32)
    let cipher = try ContentCipherTests.cipher(Data(key).base64EncodedString())
    try await behaviour.check(try MongoFixture(cipher: cipher))
  }

  @Test("fulfils the contract on a standalone server", arguments: CatalogContract.behaviours)
  func standalone(_ behaviour: CatalogContract) async throws {
    try await behaviour.check(try MongoFixture(uri: MongoServer.standaloneURI()))
  }

  @Test(
    "fulfils the contract where nothing fits a transaction", arguments: CatalogContract.behaviours)
  func largeChanges(_ behaviour: CatalogContract) async throws {
    try await behaviour.check(try MongoFixture(limit: TransactionLimit(documents: 0, bytes: 0)))
  }

  @Test("fulfils the contract where files do not fit", arguments: CatalogContract.behaviours)
  func largeFiles(_ behaviour: CatalogContract) async throws {
    try await behaviour.check(try MongoFixture(limit: TransactionLimit(bytes: 8)))
  }

  @Test("the LLD's indexes carry the LLD's names")
  func indexes() async throws {
    let fixture = try MongoFixture()
    let store = try await fixture.open()
    try await store.ensureTenant(CatalogSamples.tenant, now: 1)
    let database = try fixture.other.names(of: CatalogSamples.tenant).database
    let names = try await fixture.other.connection.run("list the indexes of") { client in
      try ["tasks", "task_execution"].flatMap { collection in
        let reply = try client.command(database, BSON { $0.set("listIndexes", collection) })
        return (0..<20).compactMap { reply.string("cursor.firstBatch.\($0).name") }
      }
    }
    #expect(
      Set(names).isSuperset(of: [
        "idx_name_type_status", "idx_tenant_user", "idx_type_status_updated",
        "idx_task_user_created", "idx_tenant_created", "uniq_id_status", "uniq_active_name",
        "uniq_draft_name",
      ]))
  }

  @Test("of the calls of one moment those with the highest ids stay")
  func callsOfOneMoment() async throws {
    let store = try MongoFixture().other
    let tenant = CatalogSamples.tenant
    try await store.ensureTenant(tenant, now: 1)
    let calls = (1...5).map { number in
      ExecutionRecord(
        id: String(repeating: "0", count: 23) + "\(number)", taskid: 1001, userid: 1,
        tenantcode: tenant.rawValue, createddate: number == 5 ? 1 : 7, request: "{}",
        response: "{}", status: "completed", executionTime: 0.1, errorMessage: "", logs: [],
        username: "", name: "one")
    }
    _ = try await store.appendExecutions(calls, of: tenant, keeping: 3)
    let kept = try await store.executions(of: tenant, RecordQuery(limit: 10))
    #expect(kept.records == [calls[3], calls[2], calls[1]] && kept.total == 3)
  }

  @Test("a tenant whose database would be another one's is refused")
  func reservedNames() async throws {
    var options = try MongoOptions(uri: "mongodb://127.0.0.1:1/")
    let store = try MongoCatalog(options)
    for name in ["admin", "local", "config", "zona_core"] {
      let tenant = try #require(TenantCode(name))
      #expect { try store.names(of: tenant) } throws: {
        ($0 as? CatalogError)?.code == .configuration
      }
    }
    options.databasePrefix = "p_"
    let prefixed = try MongoCatalog(options)
    #expect(try prefixed.names(of: try #require(TenantCode("admin"))).database == "p_admin")
  }

  @Test("a server that is not there is unavailable, and its password in no text")
  func unavailable() async throws {
    var options = try MongoOptions(
      uri: "mongodb://zona@127.0.0.1:1/?directConnection=true",
      credentials: .init(password: "hunter2:/@%"))
    options.selectionTimeout = 0.2
    #expect(options.description == "127.0.0.1:1")
    let store = try MongoCatalog(options)
    await #expect {
      _ = try await store.tenants()
    } throws: { error in
      guard let error = error as? CatalogError else { return false }
      return error.code == .unavailable && error.disposition == .retry
        && !error.description.contains("hunter")
    }
  }

  @Test("credentials come from the address or from beside it")
  func credentials() throws {
    func uri(_ text: String, _ user: String?, _ password: String?) throws -> String {
      try MongoOptions(uri: text, credentials: .init(user: user, password: password)).uri
    }
    #expect(try uri("mongodb://h/?tls=true", nil, nil) == "mongodb://h/?tls=true")
    #expect(try uri("mongodb://h/?tls=true", "u", "p@/") == "mongodb://u:p%40%2f@h/?tls=true")
    #expect(try uri("mongodb://a:b@h,i:1/", "u", "c") == "mongodb://a:c@h,i:1/")
    #expect(try uri("mongodb://a:b%40@h/", nil, nil) == "mongodb://a:b%40@h/")
    #expect { try uri("mongodb://h/", nil, "secret") } throws: { error in
      guard let error = error as? CatalogError else { return false }
      return error.code == .configuration && !error.description.contains("secret")
    }
  }
}
