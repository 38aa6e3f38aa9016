import CLinux
import Foundation

/// Texts folded for a search that ignores case: lower case, and composed (Unicode NFC) where they
/// are not ASCII.
public struct SearchText: Sendable, Hashable {
  private let bytes: [UInt8]

  /// Texts to search in, each for itself, or one to search for.
  public init(_ texts: [String]) {
    var bytes: [UInt8] = []
    for (index, text) in texts.enumerated() {
      // No UTF-8 has this byte, so that nothing matches across two texts.
      if index > 0 { bytes.append(0xFF) }
      let lower = text.lowercased()
      let isASCII = lower.utf8.allSatisfy { $0 < 0x80 }
      bytes.append(
        contentsOf: isASCII ? lower.utf8 : lower.precomposedStringWithCanonicalMapping.utf8)
    }
    self.bytes = bytes
  }

  /// Whether `wanted`, one text, occurs in one of these.
  public func contains(_ wanted: SearchText) -> Bool {
    bytes.withUnsafeBytes { text in
      wanted.bytes.withUnsafeBytes { part in
        guard let text = text.baseAddress, let part = part.baseAddress else {
          return wanted.bytes.isEmpty
        }
        return linux_contains(text, bytes.count, part, wanted.bytes.count)
      }
    }
  }
}
