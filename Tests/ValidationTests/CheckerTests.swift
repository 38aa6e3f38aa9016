import Foundation
import Glibc
import Testing
import UtilityModel

@testable import Validation

@Suite("Checker processes") struct CheckerTests {
  static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/adversarial")

  @Test("the adversarial corpus", arguments: ["evasions", "lookalikes"])
  func corpus(_ folder: String) async throws {
    let path = Self.fixtures.appending(path: folder).path
    let names = try FileManager.default.contentsOfDirectory(atPath: path)
      .filter { $0.hasSuffix(".py") }.sorted()
    #expect(names.count > 100)
    let files = try names.map { name in
      CheckerProcess.Request(
        kind: .utility, path: "utils/\(name)",
        source: Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))))
    }
    let pool = CheckerPool(
      limits: CheckerLimits(python: "/usr/bin/python3"), width: 1, logger: quiet)
    let replies = try await testPool.run { try pool.check(files) }
    #expect(replies.count == files.count)
    for (file, reply) in zip(files, replies) {
      let first = String(decoding: file.source.prefix { $0 != 10 }, as: UTF8.self)
      let prefix = "# expect: "
      try #require(first.hasPrefix(prefix), "\(folder)/\(file.path) does not say what to expect")
      let wanted = first.dropFirst(prefix.count).split(separator: ",")
        .map { $0.trimmingCharacters(in: .whitespaces) }.filter { $0 != "clean" }
      guard case .judged(let findings, _) = reply else {
        Issue.record("\(file.path) could not be judged: \(reply)")
        continue
      }
      #expect(Set(findings.map(\.rule)) == Set(wanted), "\(folder)/\(file.path)")
    }
  }

  /// An interpreter that answers like the checker, late, and dies or hangs on a word in a file.
  private static let standIn = fixtures.deletingLastPathComponent()
    .appending(path: "stand-in/checker.py").path

  /// Which of some sources could not be judged.
  private func failed(_ sources: [String], milliseconds: Int32 = 30_000) async throws -> [Int] {
    var limits = CheckerLimits(python: Self.standIn)
    limits.milliseconds = milliseconds
    let pool = CheckerPool(limits: limits, width: 1, logger: quiet)
    let requests = sources.enumerated().map {
      CheckerProcess.Request(kind: .utility, path: "utils/u\($0).py", source: Array($1.utf8))
    }
    let replies = try await testPool.run { try pool.check(requests) }
    #expect(replies.count == sources.count)
    // Whatever happened, the pool goes on.
    let again = try await testPool.run { try pool.check([requests[0]]) }
    #expect(again.count == 1)
    return replies.indices.filter { if case .failed = replies[$0] { true } else { false } }
  }

  @Test("no other file is blamed for a crash", arguments: [0, 1, 7, 19])
  func crash(_ guilty: Int) async throws {
    var sources = (0..<20).map { "x = \($0)" }
    sources[guilty] = "DIE"
    #expect(try await failed(sources) == [guilty])
  }

  @Test func manyCrashes() async throws {
    let sources = (0..<12).map { $0.isMultiple(of: 3) ? "DIE" : "x = 1" }
    #expect(try await failed(sources) == [0, 3, 6, 9])
  }

  @Test("a checker that ended while it was idle costs no file its verdict")
  func idleDeath() async throws {
    let pool = CheckerPool(
      limits: CheckerLimits(python: Self.standIn), width: 1, logger: quiet)
    for text in ["LAST", "LAST", "x"] {
      let request = CheckerProcess.Request(kind: .utility, path: "p", source: Array(text.utf8))
      let replies = try await testPool.run { try pool.check([request]) }
      guard case .judged? = replies.first else {
        Issue.record("\(text): \(replies)")
        continue
      }
    }
  }

  @Test func hang() async throws {
    #expect(try await failed(["a", "b", "HANG", "c"], milliseconds: 2_000) == [2])
  }

  @Test func nonsense() async throws {
    #expect(try await failed(["a", "NONSENSE", "b"]).contains(1))
  }

  @Test("a large file passes through the pipes in both directions")
  func large() async throws {
    let text = String(repeating: "#", count: 3 << 20)
    #expect(try await failed([text, "DIE", text, "x"]) == [1])
  }

  /// The niceness of each running process whose program is `path`, by its number.
  private func niceness(of path: String) throws -> [pid_t: Int32] {
    var found: [pid_t: Int32] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
      guard let pid = pid_t(name),
        let line = FileManager.default.contents(atPath: "/proc/\(name)/cmdline"),
        line.split(separator: 0).first.map({ String(decoding: $0, as: UTF8.self) }) == path
      else { continue }
      found[pid] = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(pid))
    }
    return found
  }

  @Test("large files are judged at low priority, in processes of their own")
  func lowPriority() async throws {
    let scratch = try ScratchFolder()
    // A name of its own tells these processes from those of other tests.
    let python = scratch.path + "/python3"
    try FileManager.default.createSymbolicLink(
      atPath: python, withDestinationPath: "/usr/bin/python3")
    let pool = CheckerPool(limits: CheckerLimits(python: python), width: 1, logger: quiet)
    func judge(bytes: Int) async throws -> [pid_t: Int32] {
      let source = [UInt8](repeating: UInt8(ascii: "#"), count: bytes)
      let request = CheckerProcess.Request(kind: .utility, path: "utils/u.py", source: source)
      let replies = try await testPool.run { try pool.check([request]) }
      guard case .judged? = replies.first else {
        Issue.record("\(bytes) bytes: \(replies)")
        return [:]
      }
      return try niceness(of: python)
    }
    let own = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
    let first = try await judge(bytes: 256 << 10)
    #expect(Array(first.values) == [own])
    let second = try await judge(bytes: (256 << 10) + 1)
    #expect(second.values.sorted() == [own, min(own + 10, 19)])
    // Each is used again for files of its kind.
    #expect(try await judge(bytes: 300 << 10) == second)
    #expect(try await judge(bytes: 1) == second)
  }

  @Test("without an interpreter it is an error and no verdict")
  func noInterpreter() async throws {
    let validator = Validator(
      limits: CheckerLimits(python: "/nonexistent/python3"), cachePath: nil, width: 1,
      logger: quiet)
    var branch = Branch(validator: validator)
    await #expect(throws: CheckerError.self) { try await branch.utility("demo") }
  }

  @Test("a crash refuses one utility and is not kept")
  func crashInATree() async throws {
    let scratch = try ScratchFolder()
    let cache = scratch.path + "/verdicts.sqlite"
    let blobs = MemoryBlobs()
    let limits = CheckerLimits(python: Self.standIn)
    var branch = Branch(
      validator: Validator(limits: limits, cachePath: cache, width: 1, logger: quiet), blobs: blobs)
    try await branch.utility("bad", source: "# DIE\n" + Sample.source("bad"))
    try await branch.utility("good")
    #expect(branch.refusal("bad") == ["CheckerFailed"])
    #expect(branch.state.utilities.keys.sorted() == ["good"])
    let real = CheckerLimits(python: "/usr/bin/python3")
    var second = Branch(
      validator: Validator(limits: real, cachePath: cache, width: 1, logger: quiet), blobs: blobs)
    try await second.set(branch.tree.mapValues { $0 })
    #expect(second.state.utilities.keys.sorted() == ["bad", "good"])
  }
}
