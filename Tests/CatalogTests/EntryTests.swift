import Foundation
import Hashing
import TestSupport
import Testing
import UtilityModel

@testable import Catalog

@Suite("CatalogEntry")
struct EntryTests {
  private let entry = CatalogSamples.entry("data_transformer", id: 1001)

  @Test("derived values are the LLD builder's")
  func derivedValues() {
    #expect(entry.tasksTag == "custom_utils_data_transformer")
    #expect(entry.restEnd == "/data_transformer/" && entry.functionname == "data_transformer()")
    #expect(entry.filename == "data_transformer.py" && entry.type == "customutils")
    #expect(entry.taskHandler == "Utils" && entry.method == "POST" && entry.integrationID == -1)
    #expect(!entry.utilsUsed && entry.customutils)
    #expect(entry.foldername == "/opt/zona/custom_utils/python/")
    let params = #"{"params":[{"name":"data", "order":1,"type":"string"},"#
    #expect(
      entry.inputParams == params + #"{"name":"filter", "order":2,"type":"string"}]}"#)
    #expect(
      entry.outputfields
        == #"{"outputs":["plain",{"name":"rich","type":"string","description":"what it is"}]}"#)
    let data = #"{"inputfields":[{"name":"data","label":"Text \"in\" \\","type":"textarea","#
    let dataRest = #""id":"data","required":true,"value":"","placeholder":"Enter Text \"in\" \\"},"#
    let filter = #"{"name":"filter","label":"Filter","type":"textbox","id":"filter","#
    let filterRest = #""required":false,"value":"","placeholder":"Enter data for Filter"}]}"#
    #expect(entry.fields == data + dataRest + filter + filterRest)
  }

  @Test("outputs have just the keys that are present")
  func outputs() {
    var version = CatalogSamples.version("x")
    version.metadata.outputs = [
      .described(name: "a", type: "", description: "d"),
      .described(name: "b", type: "t", description: ""),
    ]
    let built = EntryBuilder.entry(
      id: 1, tenant: CatalogSamples.tenant, version: version, status: .draft, userid: 0,
      restURL: "", port: "", env: "",
      provenance: Provenance(
        commit: CatalogSamples.blob(1), author: "", authorEmail: "", authoredAt: 0, committer: "",
        approvedBy: ""), branch: "trial", created: 0, updated: 0, now: 0)
    #expect(
      built.outputfields
        == #"{"outputs":[{"name":"a","description":"d"},{"name":"b","type":"t"}]}"#)
  }

  @Test("JSON has every key in order, and Foundation reads the same values")
  func json() throws {
    let keys = [
      "name", "id", "displayname", "description", "type", "fields", "createddate", "updateddate",
      "status", "tasks_tag", "task_handler", "rest_url", "method", "tenantcode", "filename",
      "packages", "port", "foldername", "userid", "customutils", "integration_id", "utils_used",
      "rest_end", "input_params", "parameters", "functionname", "outputfields", "playbook_name",
      "category", "filehash", "metahash", "env", "quarantine", "sync",
    ]
    var reader = JSONReader(entry.json)
    var found: [String] = []
    try reader.object { reader, key throws(JSONSyntaxError) in
      found.append(key)
      _ = try reader.raw()
    }
    #expect(found == keys)
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(entry.json)) as? [String: Any])
    #expect(object["description"] as? String == entry.description)
    #expect(object["fields"] as? String == entry.fields)
    #expect(object["id"] as? Int == 1001 && object["integration_id"] as? Int == -1)
    #expect(object["quarantine"] is NSNull)
    let sync = try #require(object["sync"] as? [String: Any])
    #expect(sync["revision"] as? String == "main@sha1:" + CatalogSamples.blob(9).hex)
    #expect(sync["authored_at"] as? Int64 == CatalogSamples.now - 5)
    #expect(sync["approved_by"] as? String == "Cleo")
    #expect((sync["findings"] as? [[String: Any]])?.first?["rule"] as? String == "NoNetwork")
  }

  @Test("an entry survives its JSON, and Foundation's version of it")
  func roundTrip() throws {
    var full = entry
    full.quarantine = QuarantineRecord(revision: "r", findings: full.sync.findings)
    #expect(try CatalogEntry(json: full.json) == full)
    let object = try JSONSerialization.jsonObject(with: Data(full.json))
    let other = try JSONSerialization.data(withJSONObject: object, options: .prettyPrinted)
    #expect(try CatalogEntry(json: [UInt8](other)) == full)
  }

  @Test("the platform's null is the same as nothing")
  func platformNulls() throws {
    var plain = entry
    plain.playbookNames = []
    let text = String(decoding: plain.json, as: UTF8.self)
      .replacingOccurrences(of: #""utils_used":false"#, with: #""utils_used":null"#)
      .replacingOccurrences(of: #""playbook_name":[]"#, with: #""playbook_name":null"#)
    #expect(text.contains(#""utils_used":null"#) && text.contains(#""playbook_name":null"#))
    #expect(try CatalogEntry(json: Array(text.utf8)) == plain)
  }

  @Test(
    "damaged documents are errors",
    arguments: [
      "", "{", "[]", "{}", #"{"sync":1}"#, #"{"sync":{},"id":"x"}"#, #"{"sync":{},"id":1.5}"#,
      #"{"sync":{},"id":99999999999}"#, #"{"sync":{},"status":"odd"}"#, #"{"sync":{}} x"#,
      #"{"sync":{},"x":tru}"#, #"{"sync":{},"x":"\ud800"}"#, #"{"sync":{},"name":"\x"}"#,
      #"{"sync":{},"x":"# + String(repeating: "[", count: 5000),
      #"{"sync":{},"userid":9223372036854775808}"#,
    ])
  func damaged(_ text: String) {
    #expect(throws: CatalogError.self) { try CatalogEntry(json: Array(text.utf8)) }
  }

  @Test("escapes of every kind are read")
  func escapes() throws {
    var reader = JSONReader(Array(#""\"\\\/\b\f\n\r\té\uD83D\uDE00""#.utf8))
    #expect(try reader.string() == "\"\\/\u{8}\u{c}\n\r\té😀")
    var extreme = JSONReader(Array("-9223372036854775808".utf8))
    #expect(try extreme.integer() == .min)
    var writer = JSONWriter()
    writer.integer(.min)
    #expect(writer.bytes == Array("-9223372036854775808".utf8))
  }

  @Test("only visible differences count")
  func differences() {
    var other = entry
    other.createddate += 1
    other.updateddate += 1
    other.sync.syncedAt += 1
    other.utilsUsed.toggle()
    #expect(!other.differs(from: entry))
    other.sync.approvedBy = "Dan"
    #expect(other.differs(from: entry))
  }
}
