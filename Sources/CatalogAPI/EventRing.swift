import NIOCore

/// The newest events of one tenant, each as the bytes that go over the wire.
struct EventRing {
  /// What comes after an id.
  enum Page {
    /// The events, in order, and the id of the last one.
    case events([ByteBuffer], lastID: String)
    /// The id is of another start, of another tenant, or older than what is kept.
    case unknown(lastID: String)
  }

  private let epoch = String(UInt64.random(in: .min ... .max), radix: 36)
  private let capacity: Int
  /// Frame of event n at (n - 1) % capacity.
  private var frames: [ByteBuffer] = []
  private var last = 0
  /// The id of the newest event.
  private(set) var lastID: String

  init(capacity: Int) {
    self.capacity = capacity
    lastID = "\(epoch)-0"
  }

  /// Adds an event; `data` has no line break.
  mutating func append(_ kind: EventHub.Kind, _ data: [UInt8]) {
    last += 1
    lastID = "\(epoch)-\(last)"
    let frame = Self.frame(kind, id: lastID, data)
    if frames.count < capacity {
      frames.append(frame)
    } else {
      frames[(last - 1) % capacity] = frame
    }
  }

  /// What comes after an id.
  func events(after id: String) -> Page {
    guard id != lastID else { return .events([], lastID: id) }
    let parts = id.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0] == epoch, let number = Int(parts[1]), number >= 0,
      number < last, last - number <= frames.count
    else { return .unknown(lastID: lastID) }
    return .events((number..<last).map { frames[$0 % capacity] }, lastID: lastID)
  }

  /// An event on the wire. Source: HTML Standard, section 9.2.
  static func frame(_ kind: EventHub.Kind, id: String, _ data: [UInt8]) -> ByteBuffer {
    var frame = ByteBuffer()
    frame.writeString("id: \(id)\nevent: \(kind.rawValue)\ndata: ")
    frame.writeBytes(data)
    frame.writeString("\n\n")
    return frame
  }
}
