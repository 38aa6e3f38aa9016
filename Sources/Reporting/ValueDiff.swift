import Foundation

/// How a field's value changes, line by line.
public enum ValueDiff {
  /// One line of a diff.
  public enum Line: Hashable, Sendable {
    case same(String)
    case removed(String)
    case added(String)
    /// Equal lines that are left out: how many.
    case skipped(Int)
  }

  private static let context = 1
  private static let limit = 400

  /// What differs between two values, each JSON text or nil for null. JSON in a string, and texts
  /// of several lines, are compared inside; equal lines far from a difference are left out.
  public static func lines(from old: String?, to new: String?) -> [Line] {
    let (before, after) = (old.map(readable) ?? [], new.map(readable) ?? [])
    return folded(difference(before, after))
  }

  /// A JSON text in lines that a person can read.
  static func readable(_ json: String) -> [String] {
    guard let value = parse(json) else { return split(json) }
    guard let text = value as? String else { return split(pretty(value) ?? json) }
    if text.hasPrefix("{") || text.hasPrefix("["), let inner = parse(text), !(inner is String),
      let lines = pretty(inner)
    {
      return split(lines)
    }
    return text.contains("\n") ? split(text) : [json]
  }

  private static func parse(_ json: String) -> Any? {
    do {
      return try JSONSerialization.jsonObject(
        with: Data(json.utf8), options: [.fragmentsAllowed])
    } catch {
      // It is a plain text then.
      return nil
    }
  }

  private static func pretty(_ value: Any) -> String? {
    guard value is [Any] || value is [String: Any] else { return nil }
    do {
      let data = try JSONSerialization.data(
        withJSONObject: value, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
      return String(decoding: data, as: UTF8.self)
    } catch {
      return nil
    }
  }

  private static func split(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// A shortest diff of short texts; long ones are shown as a whole, old before new.
  private static func difference(_ old: [String], _ new: [String]) -> [Line] {
    guard old.count <= limit, new.count <= limit else {
      return old.map { .removed($0) } + new.map { .added($0) }
    }
    let changes = new.difference(from: old)
    var removed: Set<Int> = []
    var added: Set<Int> = []
    for change in changes {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): added.insert(offset)
      }
    }
    var lines: [Line] = []
    var (left, right) = (0, 0)
    while left < old.count || right < new.count {
      if removed.contains(left) {
        lines.append(.removed(old[left]))
        left += 1
      } else if added.contains(right) {
        lines.append(.added(new[right]))
        right += 1
      } else {
        lines.append(.same(old[left]))
        left += 1
        right += 1
      }
    }
    return lines
  }

  private static func folded(_ lines: [Line]) -> [Line] {
    func isSame(_ line: Line) -> Bool { if case .same = line { true } else { false } }
    var near = Set<Int>()
    for index in lines.indices where !isSame(lines[index]) {
      near.formUnion(max(0, index - context)...min(lines.count - 1, index + context))
    }
    var result: [Line] = []
    var skipped = 0
    for index in lines.indices {
      if near.contains(index) {
        if skipped > 0 { result.append(.skipped(skipped)) }
        skipped = 0
        result.append(lines[index])
      } else {
        skipped += 1
      }
    }
    if skipped > 0, !result.isEmpty { result.append(.skipped(skipped)) }
    return result
  }
}
