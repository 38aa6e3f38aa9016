import Foundation
import Glibc
import UtilityModel

/// `status --watch`: the table in place on a terminal; elsewhere each state that is new, as plain text
/// or as one line of JSON, and no escape codes.
struct StatusWatch {
  private struct Answer: Encodable { var tenants: [TenantStatus] }

  private static let interval = Duration.milliseconds(500)
  let format: OutputFormat
  let read: () async throws -> [TenantStatus]

  /// Goes on until the program is ended. Throws what reading throws the first time; later failures
  /// are shown, for the agent may come back.
  func run() async throws {
    let isLive = format == .text && Terminal.isThere
    if isLive { Terminal.restoreCursorAtEnd() }
    var statuses = try await read()
    var shown: [TenantStatus]?
    var problem: String?
    while !Task.isCancelled {
      if isLive {
        draw(statuses, problem)
      } else if shown != statuses {
        try append(statuses)
        shown = statuses
      }
      try await Task.sleep(for: Self.interval)
      do {
        statuses = try await read()
        problem = nil
      } catch {
        problem = "\(error)"
      }
    }
  }

  private func append(_ statuses: [TenantStatus]) throws {
    if format == .json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let line = try encoder.encode(Answer(tenants: statuses)) + Data("\n".utf8)
      try FileHandle.standardOutput.write(contentsOf: line)
    } else {
      let lines = StatusTable(statuses).lines(width: nil, coloured: false)
      try FileHandle.standardOutput.write(
        contentsOf: Data((lines + ["", ""]).joined(separator: "\n").utf8))
    }
  }

  /// Draws over what stood there: no flicker, and nothing of the former lines is left.
  private func draw(_ statuses: [TenantStatus], _ problem: String?) {
    let (width, height) = (Terminal.width, Terminal.height ?? 24)
    var lines = StatusTable(statuses).lines(width: width, coloured: Output.isColoured)
    let left = lines.count - (height - 2)
    if left > 0 { lines = Array(lines.prefix(max(1, height - 3))) + ["… and \(left + 1) more"] }
    let clock = Date().formatted(.iso8601)
    let foot = problem.map { "\(clock)  not read: \($0)" } ?? "\(clock)  ends with Ctrl-C"
    lines.append(String(foot.prefix(width ?? .max)))
    var text = "\u{1B}[?25l\u{1B}[H"
    for line in lines { text += line + "\u{1B}[K\r\n" }
    text += "\u{1B}[J"
    print(text, terminator: "")
    fflush(nil)
  }
}
