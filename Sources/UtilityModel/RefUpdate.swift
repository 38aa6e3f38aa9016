/// One line of a pre-receive hook's input: a ref and what is to become of it.
///
/// Source: githooks(5), "pre-receive".
public struct RefUpdate: Sendable, Hashable {
  /// The commit before, nil where the ref is new.
  public var old: ObjectID?
  /// The commit after, nil where the ref is deleted.
  public var new: ObjectID?
  /// The ref's full name.
  public var ref: String

  /// A line that git would not write.
  public struct Malformed: Error, Hashable, Sendable {
    /// Its number, from 1.
    public let line: Int
  }

  private static let prefix = "refs/heads/"
  /// The longest name of a ref, in bytes.
  private static let nameLimit = 4096

  /// An update by its parts.
  public init(old: ObjectID?, new: ObjectID?, ref: String) {
    self.old = old
    self.new = new
    self.ref = ref
  }

  /// The branch's short name, nil where the ref is none.
  public var branch: String? {
    ref.hasPrefix(Self.prefix) ? String(ref.dropFirst(Self.prefix.count)) : nil
  }

  /// The updates that a hook's input names, in their order. Throws `Malformed` for anything that
  /// git does not write.
  public static func parse(_ bytes: [UInt8]) throws(Malformed) -> [RefUpdate] {
    var updates: [RefUpdate] = []
    for (index, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
      guard let update = parse(line) else { throw Malformed(line: index + 1) }
      updates.append(update)
    }
    return updates
  }

  private static func parse(_ line: ArraySlice<UInt8>) -> RefUpdate? {
    let parts = line.split(
      separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, (5...nameLimit).contains(parts[2].count),
      let ref = String(validating: parts[2], as: UTF8.self), ref.hasPrefix("refs/"),
      !parts[2].contains(where: { $0 <= 0x20 || $0 == 0x7f }),
      let old = id(parts[0]), let new = id(parts[1])
    else { return nil }
    return RefUpdate(old: old == .none ? nil : old, new: new == .none ? nil : new, ref: ref)
  }

  private static func id(_ text: ArraySlice<UInt8>) -> ObjectID? {
    ObjectID(hex: String(decoding: text, as: UTF8.self))
  }
}

extension ObjectID {
  /// Forty zeros: git's name for no object.
  public static let none: ObjectID = {
    guard let id = ObjectID(bytes: [UInt8](repeating: 0, count: 20)) else {
      preconditionFailure("twenty bytes are an id")
    }
    return id
  }()
}
