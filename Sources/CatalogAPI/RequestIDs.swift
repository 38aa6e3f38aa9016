import HTTPTypes
import Hummingbird
import Synchronization

/// Request ids: the client's where it is harmless, else a random start and a number.
final class RequestIDs: Sendable {
  private let start = String(UInt64.random(in: .min ... .max), radix: 16) + "-"
  private let next = Atomic<UInt64>(1)

  /// The id of a request: 1 to 128 letters, digits, `.`, `_`, `-` are taken over.
  func id(for request: Request) -> String {
    if let given = request.headers[.requestID], (1...128).contains(given.utf8.count),
      given.utf8.allSatisfy(Self.isHarmless)
    {
      return given
    }
    return start + String(next.wrappingAdd(1, ordering: .relaxed).oldValue, radix: 16)
  }

  private static func isHarmless(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
