import Foundation
import Testing
import UtilityModel

@Suite("Values") struct ValueTests {
  @Test(
    "tenant codes",
    arguments: [
      ("acme", true), ("a", true), ("0", true), ("a-b_c", true), ("a-", true), ("", false),
      ("-a", false), ("_a", false), ("Acme", false), ("a.b", false), ("a/b", false), ("é", false),
      ("a b", false), ("..", false), ("a\n", false), ("a\0", false),
      (String(repeating: "a", count: 48), true), (String(repeating: "a", count: 49), false),
    ])
  func tenantCode(_ text: String, _ isValid: Bool) {
    #expect(TenantCode(text)?.rawValue == (isValid ? text : nil))
    #expect((try? #/[a-z0-9][a-z0-9_-]{0,47}/#.wholeMatch(in: text)) != nil || !isValid)
  }

  @Test func tenantCodesSortByBytes() {
    let codes = ["b", "a-", "a", "a_", "0", "a0"].compactMap { TenantCode($0) }.sorted()
    #expect(codes.map(\.description) == ["0", "a", "a-", "a0", "a_", "b"])
  }

  @Test(
    "hexadecimal",
    arguments: [
      ("", []), ("00", [0]), ("ff", [255]), ("0aF0", [10, 240]), ("a", nil), ("0g", nil),
      ("é0", nil), (" 0", nil), ("0x", nil), ("+1", nil), ("-1", nil),
    ] as [(String, [UInt8]?)])
  func hexadecimal(_ text: String, _ bytes: [UInt8]?) {
    #expect(Hexadecimal.decode(text) == bytes)
    if let bytes { #expect(Hexadecimal.encode(bytes) == text.lowercased()) }
  }

  @Test func allBytesGoThroughHexadecimal() {
    let bytes = (0...255).map { UInt8($0) }
    let text = Hexadecimal.encode(bytes)
    #expect(text.hasPrefix("000102") && text.hasSuffix("fdfeff") && text.count == 512)
    #expect(Hexadecimal.decode(text) == bytes && Hexadecimal.decode(text.uppercased()) == bytes)
  }

  @Test func objectIDs() throws {
    let bytes = (0..<20).map { UInt8($0 * 13 & 255) }
    let id = try #require(ObjectID(bytes: bytes))
    #expect(id.bytes == bytes)
    #expect(id.hex == Hexadecimal.encode(bytes) && id.description == id.hex)
    #expect(ObjectID(hex: id.hex) == id && ObjectID(hex: id.hex.uppercased()) == id)
    #expect(bytes.withUnsafeBytes { ObjectID(buffer: $0) } == id)
    var copy = [UInt8](repeating: 0xee, count: 24)
    copy.withUnsafeMutableBytes { id.write(to: $0) }
    #expect(copy == bytes + [0xee, 0xee, 0xee, 0xee])
    // Unaligned memory is as good.
    #expect(([1] + bytes).withUnsafeBytes { ObjectID(buffer: .init(rebasing: $0[1...])) } == id)
    for count in [0, 19, 21] {
      let wrong = [UInt8](repeating: 1, count: count)
      #expect(ObjectID(bytes: wrong) == nil)
      #expect(wrong.withUnsafeBytes { ObjectID(buffer: $0) } == nil)
      #expect(ObjectID(hex: Hexadecimal.encode(wrong)) == nil)
    }
    #expect(ObjectID(hex: String(repeating: "g", count: 40)) == nil)
    #expect(ObjectID(hex: String(repeating: "é", count: 20)) == nil)
  }

  @Test("ids sort as their bytes", arguments: [0, 7, 8, 15, 16, 19])
  func order(_ place: Int) throws {
    var (low, high) = ([UInt8](repeating: 127, count: 20), [UInt8](repeating: 127, count: 20))
    low[place] = 1
    high[place] = 200
    let (one, two) = (try #require(ObjectID(bytes: low)), try #require(ObjectID(bytes: high)))
    #expect(one < two && !(two < one) && one != two)
  }

  @Test func objectIDsAreCodable() throws {
    let id = try #require(ObjectID(hex: String(repeating: "a1", count: 20)))
    let data = try JSONEncoder().encode([id])
    #expect(String(decoding: data, as: UTF8.self) == "[\"\(id.hex)\"]")
    #expect(try JSONDecoder().decode([ObjectID].self, from: data) == [id])
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([ObjectID].self, from: Data("[\"a1\"]".utf8))
    }
  }

  private static let hex = String(repeating: "0f", count: 20)

  @Test(
    "revisions",
    arguments: [
      ("main@sha1:" + hex, "main"), ("feature/x@y@sha1:" + hex, "feature/x@y"),
      ("a@sha1:b@sha1:" + hex, "a@sha1:b"), ("@sha1:" + hex, nil), ("main@" + hex, nil),
      ("main@sha1:" + hex.dropLast(), nil), ("main@sha1:" + hex + "0", nil), ("", nil),
      ("main@sha256:" + hex, nil), ("main@sha1:", nil),
    ] as [(String, String?)])
  func revision(_ text: String, _ branch: String?) {
    let revision = Revision(text)
    #expect(revision?.branch == branch)
    if branch != nil {
      #expect(revision?.commit.hex == Self.hex)
      #expect(revision?.description == text)
    }
  }

  @Test func digests() throws {
    let hex = String(repeating: "ab", count: 32)
    #expect(Digest(hex: hex)?.hex == hex && Digest(hex: hex.uppercased())?.description == hex)
    #expect(Digest(hex: hex.dropLast(2)) == nil && Digest(bytes: [1]) == nil)
    let low = try #require(Digest(bytes: [0] + [UInt8](repeating: 9, count: 31)))
    let high = try #require(Digest(bytes: [1] + [UInt8](repeating: 0, count: 31)))
    #expect(low < high && !(high < low))
  }

  @Test(
    "display names",
    arguments: [
      ("json_to_csv", "Json To Csv"), ("x", "X"), ("alreadyCamel", "AlreadyCamel"),
      ("__a__b_", "A B"), ("_", ""), ("é_x", "É X"),
    ])
  func displayName(_ title: String, _ name: String) {
    #expect(Metadata.displayName(for: title) == name)
  }

  @Test func policiesAndFindingsHaveAnOrder() {
    #expect(MediumPolicy.warn < .acknowledge && MediumPolicy.acknowledge < .block)
    func finding(_ path: String, _ line: Int, _ column: Int, _ rule: Rule) -> Finding {
      Finding(path: path, line: line, column: column, rule: rule, message: "m")
    }
    let sorted = [
      finding("a", 1, 2, .noExec), finding("a", 1, 2, .noNetwork), finding("a", 1, 3, .noExec),
      finding("a", 2, 1, .noExec), finding("b", 0, 0, .noExec),
    ]
    #expect(sorted.reversed().sorted() == sorted)
  }
}
