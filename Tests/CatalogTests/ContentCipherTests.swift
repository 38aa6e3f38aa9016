@testable import Catalog
import Foundation
import Hashing
import Synchronization
import TestSupport
import Testing
import UtilityModel

@Suite("ContentCipher")
struct ContentCipherTests {
  private static let one = Data((0..<32).map { UInt8($0) }).base64EncodedString()
  private static let two = Data((0..<32).map { UInt8(255 - $0) }).base64EncodedString()

  /// A cipher over a key file with these lines.
  static func cipher(_ lines: String..., mode: Int = 0o600) throws -> ContentCipher {
    let file = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID())")
    try Data(lines.joined(separator: "\n").utf8).write(to: file)
    defer { unlink(file.path) }
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
    return try ContentCipher(keyFile: file.path)
  }

  @Test("opens what it sealed, of any size", arguments: [0, 1, 15, 16, 17, 1000, 100_000])
  func roundTrip(_ size: Int) throws {
    let cipher = try Self.cipher(Self.one)
    let file = (0..<size).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let (sealed, again) = (cipher.seal(file), cipher.seal(file))
    #expect(sealed != again, "each sealing has a nonce of its own")
    #expect(Data(base64Encoded: Data(sealed))?.count == 12 + size + 16)
    #expect(cipher.open(sealed) == file && cipher.isCurrent(sealed))
  }

  @Test("opens the known answer of another implementation")
  func knownAnswer() throws {
    // NIST's gcmEncryptExtIV256, 96-bit nonce of zeros, key of zeros, 16 zeros of text.
    let cipher = try Self.cipher(Data(repeating: 0, count: 32).base64EncodedString())
    let hex = "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
    var bytes = Data(repeating: 0, count: 12)
    for index in 0..<32 {
      let start = hex.index(hex.startIndex, offsetBy: index * 2)
      bytes.append(try #require(UInt8(hex[start..<hex.index(start, offsetBy: 2)], radix: 16)))
    }
    #expect(cipher.open(Array(bytes.base64EncodedData())) == [UInt8](repeating: 0, count: 16))
  }

  @Test("a changed bit, a cut and another key open nothing")
  func damage() throws {
    let cipher = try Self.cipher(Self.one)
    let file = Array("def f(data, filter): return 1\n".utf8)
    var data = try #require(Data(base64Encoded: Data(cipher.seal(file))))
    #expect(try Self.cipher(Self.two).open(Array(data.base64EncodedData())) == nil)
    for index in [0, 13, data.count - 1] {
      data[index] ^= 1
      #expect(cipher.open(Array(data.base64EncodedData())) == nil)
      data[index] ^= 1
    }
    #expect(cipher.open(Array(data.dropLast().base64EncodedData())) == nil)
    #expect(cipher.open(Array(data.base64EncodedData())) == file)
  }

  @Test("after a rotation the old key opens and the new one seals")
  func rotation() throws {
    let file = Array("x = 1\n".utf8)
    let old = try Self.cipher(Self.one).seal(file)
    let rotated = try Self.cipher(Self.two, Self.one)
    #expect(rotated.open(old) == file && !rotated.isCurrent(old))
    #expect(try Self.cipher(Self.two).open(rotated.seal(file)) == file)
  }

  @Test(
    "a bad key file is told without its content",
    arguments: ["", "c2hvcnQ=", "not base64 at all!", "AAAA\nsecret"])
  func badFiles(_ text: String) throws {
    #expect {
      _ = try Self.cipher(text)
    } throws: { error in
      guard let error = error as? CatalogError, error.code == .configuration else { return false }
      return text.isEmpty
        || !text.split(separator: "\n").contains { error.description.contains($0) }
    }
    #expect { try Self.cipher(Self.one, mode: 0o644) } throws: {
      ($0 as? CatalogError)?.description.contains("chmod") == true
    }
  }

  @Test("the contract holds over encrypted files", arguments: CatalogContract.behaviours)
  func embedded(_ behaviour: CatalogContract) async throws {
    try await behaviour.check(try EmbeddedFixture(cipher: try Self.cipher(Self.one)))
  }

  @Test("files in the clear and under an old key are sealed anew; a missing key is told")
  func reseal() async throws {
    try await check {
      try EmbeddedFixture(cipher: $0)
    } folder: {
      try EmbeddedFixture(cipher: nil)
    }
  }

  private func check(
    _ make: (ContentCipher?) throws -> EmbeddedFixture, folder: () throws -> EmbeddedFixture
  ) async throws {
    let fixture = try folder()
    let tenant = CatalogSamples.tenant
    let source = Array("def a(data, filter): return 1\n".utf8)
    var entry = CatalogSamples.entry("a")
    entry.filehash = SHA256.digest(of: source).hex
    let put = EntryPut(
      identity: .new(0), entry: entry, replaces: nil, contents: .set(blob: CatalogSamples.blob(1)))
    func with<Value>(
      _ cipher: ContentCipher?, _ body: (EmbeddedCatalog) async throws -> Value
    ) async throws -> Value {
      let store = try await EmbeddedCatalog.open(path: fixture.path, cipher: cipher)
      let value = try await body(store)
      try await store.close()
      return value
    }
    func file(_ store: EmbeddedCatalog) async throws -> [UInt8]? {
      try await store.contents(of: tenant, id: 1001, status: .active)
    }
    try await with(nil) { store in
      _ = try await store.apply(CatalogChange(tenant: tenant, puts: [put])) { _ in source }
      await #expect { _ = try await store.reseal(tenant) {} } throws: {
        ($0 as? CatalogError)?.code == .configuration
      }
    }
    let (one, both) = (try Self.cipher(Self.one), try Self.cipher(Self.two, Self.one))
    try await with(one) { store throws in
      #expect(try await file(store) == source)
      #expect(try await store.reseal(tenant) {} == 1)
      #expect(try await store.reseal(tenant) {} == 0)
      #expect(try await file(store) == source)
    }
    for cipher in [nil, try Self.cipher(Self.two)] {
      try await with(cipher) { store in
        await #expect { _ = try await file(store) } throws: {
          ($0 as? CatalogError)?.code == .wrongKey
        }
        await #expect { try await SnapshotStore(store: store).load() } throws: {
          ($0 as? CatalogError)?.code == .wrongKey
        }
      }
    }
    try await with(both) { store throws in #expect(try await store.reseal(tenant) {} == 1) }
    try await with(try Self.cipher(Self.two)) { store throws in
      #expect(try await file(store) == source)
    }
  }
}
