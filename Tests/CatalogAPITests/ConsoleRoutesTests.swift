import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import CatalogAPI

@Suite struct ConsoleRoutesTests {
  /// The folder that the assets are embedded from.
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/CatalogAPI/Console").standardizedFileURL

  @Test func everyFileIsEmbeddedAsItIs() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path())
    #expect(Set(names) == Set(ConsoleAssets.byName.keys))
    for name in names {
      let asset = try #require(ConsoleAssets.byName[name])
      let bytes = try Data(contentsOf: Self.folder.appending(path: name))
      let isSame = Data(asset.body.readableBytesView) == bytes
      #expect(isSame, "\(name)")
      #expect(asset.contentType != "application/octet-stream", "\(name)")
    }
  }

  @Test(arguments: ["/", "/console/app.js", "/console/base.css", "/console/icon.svg"])
  func aFileIsProtectedAndConditional(path: String) async throws {
    try await Fixture().test { client in
      let response = try await client.execute(uri: path, method: .get) { $0 }
      #expect(response.status == .ok)
      let policy = try #require(response.headers[.contentSecurityPolicy])
      #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self'; "))
      #expect(!policy.contains("unsafe"))
      #expect(response.headers[.xContentTypeOptions] == "nosniff")
      let referrer = try #require(HTTPField.Name("Referrer-Policy"))
      #expect(response.headers[referrer] == "no-referrer")
      #expect(response.headers[.cacheControl] == "no-cache")
      let tag = try #require(response.headers[.eTag])
      let same = try await client.execute(uri: path, method: .get, headers: [.ifNoneMatch: tag]) {
        $0
      }
      #expect(same.status == .notModified && same.body.readableBytes == 0)
      #expect(same.headers[.eTag] == tag && same.headers[.contentSecurityPolicy] == policy)
      let other = try await client.execute(
        uri: path, method: .get, headers: [.ifNoneMatch: "\"x\""]
      ) { $0 }
      #expect(other.status == .ok)
    }
  }

  @Test func thePageIsHTMLWithoutAnythingInline() async throws {
    try await Fixture().test { client in
      let response = try await client.execute(uri: "/", method: .get) { $0 }
      #expect(response.headers[.contentType] == "text/html; charset=utf-8")
      let page = String(buffer: response.body)
      #expect(!page.contains("<style") && !page.contains("style=") && !page.contains("<script>"))
    }
  }
}
