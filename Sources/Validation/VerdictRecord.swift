import UtilityModel

/// A verdict as it is kept: length-prefixed fields in a fixed order, ten times faster to read than
/// JSON.
///
/// The first byte is the version of the order. Integers are LEB128.
enum VerdictRecord {
  private static let version: UInt8 = 2

  /// The record of a verdict that may be kept.
  static func encode(_ verdict: Verdict) -> [UInt8] {
    var writer = Writer()
    writer.bytes.append(version)
    writer.add(verdict.source)
    writer.add(verdict.sidecar)
    writer.add(verdict.imports) { $0.add($1) }
    writer.add(verdict.filehash)
    writer.add(verdict.metahash)
    writer.add(verdict.metadata != nil)
    if let metadata = verdict.metadata { writer.add(metadata) }
    writer.add(verdict.packagePlaces) { writer, place in
      writer.add(place.line)
      writer.add(place.column)
    }
    return writer.bytes
  }

  /// The verdict of a record; nil where it is no whole record of this version.
  static func decode(_ bytes: [UInt8]) -> Verdict? {
    bytes.withUnsafeBytes { buffer in
      var reader = Reader(bytes: buffer)
      guard reader.byte() == version else { return nil }
      var verdict = Verdict()
      verdict.source = reader.findings()
      verdict.sidecar = reader.findings()
      verdict.imports = reader.array { $0.text() }
      verdict.filehash = reader.text()
      verdict.metahash = reader.text()
      if reader.flag() { verdict.metadata = reader.metadata() }
      verdict.packagePlaces = reader.array {
        FilePlace(line: $0.integer(), column: $0.integer())
      }
      return reader.isWhole ? verdict : nil
    }
  }

  private struct Writer {
    var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(512) }

    mutating func add(_ number: UInt64) {
      var rest = number
      while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }

    mutating func add(_ number: Int) { add(UInt64(max(0, number))) }
    mutating func add(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

    mutating func add(_ text: String) {
      add(text.utf8.count)
      bytes.append(contentsOf: text.utf8)
    }

    mutating func add<Item>(_ items: [Item], _ each: (inout Writer, Item) -> Void) {
      add(items.count)
      for item in items { each(&self, item) }
    }

    mutating func add(_ findings: [Finding]) {
      add(findings) { writer, finding in
        writer.add(finding.line)
        writer.add(finding.column)
        writer.add(finding.severity == .high)
        writer.add(finding.rule)
        writer.add(finding.message)
        writer.add(finding.hint)
      }
    }

    mutating func add(_ metadata: Metadata) {
      for text in [
        metadata.title, metadata.displayname, metadata.description, metadata.category,
        metadata.inputLabel, metadata.filterLabel, metadata.parameters,
      ] { add(text) }
      add(metadata.requiredFilter)
      add(metadata.draft)
      add(metadata.timeout)
      add(metadata.userid != nil)
      add(UInt64(metadata.userid ?? 0))
      add(metadata.renamedFrom != nil)
      add(metadata.renamedFrom ?? "")
      for texts in [metadata.packages, metadata.playbooks, metadata.acknowledge] {
        add(texts) { $0.add($1) }
      }
      add(metadata.outputs) { writer, output in
        switch output {
        case .name(let name):
          writer.add(false)
          writer.add(name)
        case .described(let name, let type, let description):
          writer.add(true)
          writer.add(name)
          writer.add(type)
          writer.add(description)
        }
      }
    }
  }

  /// Reads fields; after anything impossible all further ones are empty and `isWhole` is false.
  private struct Reader {
    let bytes: UnsafeRawBufferPointer
    private var offset = 0
    private var isBroken = false

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isWhole: Bool { !isBroken && offset == bytes.count }

    mutating func byte() -> UInt8 {
      guard !isBroken, offset < bytes.count else {
        isBroken = true
        return 0
      }
      defer { offset += 1 }
      return bytes[offset]
    }

    mutating func flag() -> Bool { byte() == 1 }

    mutating func number() -> UInt64 {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        let part = byte()
        value |= UInt64(part & 0x7f) << shift
        if part & 0x80 == 0 { return value }
      }
      isBroken = true
      return 0
    }

    mutating func integer() -> Int { Int(clamping: number()) }

    mutating func text() -> String {
      let count = integer()
      guard !isBroken, count <= bytes.count - offset else {
        isBroken = true
        return ""
      }
      defer { offset += count }
      return String(decoding: bytes[offset..<offset + count], as: UTF8.self)
    }

    mutating func array<Item>(_ each: (inout Reader) -> Item) -> [Item] {
      let count = integer()
      // Each item has a byte at least: a count beyond them is no count.
      guard !isBroken, count <= bytes.count - offset else {
        isBroken = true
        return []
      }
      return (0..<count).map { _ in each(&self) }
    }

    mutating func findings() -> [Finding] {
      array { reader in
        let (line, column, isHigh) = (reader.integer(), reader.integer(), reader.flag())
        return Finding(
          path: "", line: line, column: column, rule: Rule(rawValue: reader.text()),
          severity: isHigh ? .high : .medium, message: reader.text(), hint: reader.text())
      }
    }

    mutating func metadata() -> Metadata {
      var metadata = Metadata(
        title: text(), displayname: text(), description: text(), category: text(),
        inputLabel: text(), filterLabel: text())
      metadata.parameters = text()
      metadata.requiredFilter = flag()
      metadata.draft = flag()
      metadata.timeout = integer()
      let hasOwner = flag()
      let owner = Int64(clamping: number())
      metadata.userid = hasOwner ? owner : nil
      let wasRenamed = flag()
      let former = text()
      metadata.renamedFrom = wasRenamed ? former : nil
      metadata.packages = array { $0.text() }
      metadata.playbooks = array { $0.text() }
      metadata.acknowledge = array { $0.text() }
      metadata.outputs = array { reader in
        reader.flag()
          ? .described(name: reader.text(), type: reader.text(), description: reader.text())
          : .name(reader.text())
      }
      return metadata
    }
  }
}
