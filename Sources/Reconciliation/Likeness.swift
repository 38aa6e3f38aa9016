import GitStore
import Hashing
import UtilityModel
import Validation

/// How alike the files of utilities are. Reads each blob once; blocks.
///
/// A file has its utility's name in it, as its function's, so a renamed file is never quite the
/// same: two files are "the same code" when they are equal but for that.
final class Likeness {
  /// The files that rename detection looks into, in bytes; larger ones are compared by id only.
  private static let limit = 1 << 20

  private let repository: OpenRepository
  private var contents: [ObjectID: [UInt8]] = [:]
  private var signatures: [ObjectID: ContentSignature] = [:]
  private var bodies: [BodyKey: Digest] = [:]
  private struct BodyKey: Hashable {
    var blob: ObjectID
    var name: String
  }

  init(_ repository: OpenRepository) { self.repository = repository }

  /// How alike two `.py` files are, 0 to 100; 0 where one is absent.
  func similarity(_ one: ObjectID?, _ other: ObjectID?) throws(GitError) -> Int {
    guard let one, let other else { return 0 }
    if one == other { return 100 }
    return try signature(one).similarity(to: signature(other))
  }

  /// The digest of a `.py` file with its function's name masked, nil where it is absent or unreadable.
  func body(_ unit: NameState.Unit) throws(GitError) -> Digest? {
    guard let blob = unit.source else { return nil }
    let key = BodyKey(blob: blob, name: unit.name)
    if let known = bodies[key] { return known }
    let bytes = try read(blob)
    guard !bytes.isEmpty else { return nil }
    let digest = SHA256.digest(of: Self.masked(bytes, name: Array(unit.name.utf8)))
    bodies[key] = digest
    return digest
  }

  /// The name that a sidecar declares as `renamed_from`, lower case. Also of one that is refused
  /// for something else.
  func declared(_ unit: NameState.Unit) throws(GitError) -> String? {
    guard let blob = unit.sidecar else { return nil }
    let bytes = try read(blob)
    guard bytes.count <= 64 << 10 else { return nil }
    let metadata = MetadataParser.parse(bytes, path: unit.stem.text, stem: unit.name).metadata
    if let metadata { return metadata.renamedFrom?.lowercased() }
    for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    where line.hasPrefix("renamed_from:") {
      let value = line.dropFirst("renamed_from:".count).split(separator: "#").first ?? ""
      let name = value.filter { $0.isLetter || $0.isNumber || $0 == "_" }
      return name.isEmpty ? nil : name.lowercased()
    }
    return nil
  }

  private func signature(_ blob: ObjectID) throws(GitError) -> ContentSignature {
    if let known = signatures[blob] { return known }
    let made = ContentSignature(try read(blob))
    signatures[blob] = made
    return made
  }

  private func read(_ blob: ObjectID) throws(GitError) -> [UInt8] {
    if let known = contents[blob] { return known }
    let bytes: [UInt8]
    do throws(GitError) {
      bytes = try repository.read { (git) throws(GitError) in
        try git.blob(blob, limit: Self.limit)
      }
    } catch  where error.code == .tooLarge || error.code == .notFound || error.code == .corrupt {
      // A file too large, or one that a garbage collection took: like nothing.
      bytes = []
    }
    contents[blob] = bytes
    return bytes
  }

  /// The bytes with the `name` of each `def name` replaced by one that no file has.
  private static func masked(_ bytes: [UInt8], name: [UInt8]) -> [UInt8] {
    func isWord(_ byte: UInt8) -> Bool {
      byte == UInt8(ascii: "_") || byte >= 0x80
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = 0
    var isDefinition = false
    while index < bytes.count {
      guard isWord(bytes[index]) else {
        result.append(bytes[index])
        index += 1
        continue
      }
      var end = index
      while end < bytes.count, isWord(bytes[end]) { end += 1 }
      if isDefinition, bytes[index..<end].elementsEqual(name) {
        result.append(0)
      } else {
        result += bytes[index..<end]
      }
      isDefinition = bytes[index..<end].elementsEqual("def".utf8)
      index = end
    }
    return result
  }
}
