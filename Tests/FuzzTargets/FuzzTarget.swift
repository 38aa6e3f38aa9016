@_spi(Fuzzing) import GitStore
import UtilityModel
import Validation

/// What is fuzzed: each takes any bytes, and traps where what it reads of them cannot be.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// A sidecar and `tenant.yaml`.
  case metadata
  /// A tree object.
  case tree
  /// A pre-receive hook's input.
  case push
  /// The query of an address.
  case query

  /// Reads `bytes`. Traps on what must not be; on a thread with the stack of a validating one.
  public func run(_ bytes: [UInt8]) {
    switch self {
    case .metadata: Self.metadata(bytes)
    case .tree: Self.tree(bytes)
    case .push: Self.push(bytes)
    case .query: Self.query(bytes)
    }
  }

  private static func metadata(_ bytes: [UInt8]) {
    let (metadata, findings) = MetadataParser.parse(bytes, path: "utils/demo.yaml", stem: "demo")
    precondition(metadata != nil || findings.contains { $0.severity == .high }, "no answer")
    for finding in findings {
      precondition(finding.line >= 0 && finding.column >= 0 && finding.path == "utils/demo.yaml")
    }
    if let metadata {
      precondition((1...3600).contains(metadata.timeout), "a time-out out of its range")
    }
    let (settings, _) = TenantSettingsParser.parse(bytes)
    precondition(settings.users.keys.allSatisfy { $0 == $0.lowercased() })
  }

  private static func tree(_ bytes: [UInt8]) {
    guard let entries = try? TreeBytes.entries(bytes) else { return }
    // Each entry takes a digit, a space, a name of a byte, a NUL and an id at the least.
    precondition(entries.count * 23 <= bytes.count, "more entries than bytes")
    for entry in entries where entry.validPath {
      precondition(!entry.path.isEmpty && !entry.path.utf8.contains(UInt8(ascii: "/")))
      precondition(entry.path != "." && entry.path != ".." && entry.path.lowercased() != ".git")
      precondition(entry.path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f })
    }
  }

  private static func push(_ bytes: [UInt8]) {
    guard let updates = try? RefUpdate.parse(bytes) else { return }
    for update in updates {
      precondition(update.ref.hasPrefix("refs/") && update.ref.utf8.count <= 4096)
      precondition(update.ref.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f })
      precondition(update.branch.map { "refs/heads/" + $0 == update.ref } ?? true)
    }
  }

  private static func query(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    let known: Set<String> = ["limit", "offset", "status", "category", "q", "sort"]
    if let found = try? QueryText.parameters(of: text, known: known) {
      precondition(known.isSuperset(of: found.keys))
      precondition(found.values.allSatisfy { $0.utf8.count <= bytes.count * 3 })
    }
    _ = QueryText.decoded(text[...], plusIsSpace: false)
  }
}
