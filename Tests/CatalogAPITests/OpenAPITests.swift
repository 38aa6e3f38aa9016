import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

@testable import CatalogAPI

@Suite struct OpenAPITests {
  private func document() throws -> [String: Any] {
    let data = Data(PackageResources.openapi_json)
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test func describesEveryRouteAndNoOther() throws {
    let paths = try #require(try document()["paths"] as? [String: Any])
    // The console's files are for people.
    let others: [Route] = [.legacyWrite, .console, .consoleAsset]
    let routes = Set(Route.allCases.map(\.rawValue)).subtracting(others.map(\.rawValue))
    #expect(Set(paths.keys) == routes)
  }

  @Test func everyOperationHasAnExampleAndItsErrors() throws {
    let paths = try #require(try document()["paths"] as? [String: [String: [String: Any]]])
    for (path, operations) in paths {
      let get = try #require(operations["get"], "\(path)")
      #expect(get["operationId"] is String && get["summary"] is String, "\(path)")
      let responses = try #require(get["responses"] as? [String: [String: Any]])
      let content = try #require(responses["200"]?["content"] as? [String: [String: Any]])
      if path != Route.openapi.rawValue {
        #expect(content.values.allSatisfy { $0["example"] != nil }, "\(path)")
      }
      #expect(path.hasPrefix("/health") || responses["401"] != nil, "\(path)")
      #expect(!path.contains("{") || responses["404"] != nil, "\(path)")
    }
  }

  @Test func everyReferenceLeadsSomewhere() throws {
    let document = try document()
    var pending: [Any] = [document]
    var count = 0
    while let next = pending.popLast() {
      if let object = next as? [String: Any] {
        if let reference = object["$ref"] as? String {
          count += 1
          var place: Any? = document
          for part in reference.split(separator: "/").dropFirst() {
            place = (place as? [String: Any])?[String(part)]
          }
          #expect(place != nil, "\(reference)")
        }
        pending += object.values
      } else if let array = next as? [Any] {
        pending += array
      }
    }
    #expect(count > 50)
  }

  @Test func isServedWithoutAnEnvelopeAndWithATag() async throws {
    try await Fixture().test { client in
      let first = try await client.execute(uri: "/openapi.json", method: .get) { $0 }
      #expect(first.status == .ok && String(buffer: first.body).contains("\"openapi\": \"3.1.0\""))
      let tag = try #require(first.headers[.eTag])
      let again = try await client.execute(
        uri: "/openapi.json", method: .get, headers: [.ifNoneMatch: tag]
      ) { $0 }
      #expect(again.status == .notModified)
    }
  }
}
