import Foundation
import Testing
import UtilityModel

@testable import Validation

@Suite("Kept verdicts") struct VerdictCacheTests {
  private let scratch: ScratchFolder
  private var path: String { scratch.path + "/verdicts.sqlite" }

  init() throws { scratch = try ScratchFolder() }

  private func validator() -> Validator {
    Validator(
      limits: CheckerLimits(python: "/usr/bin/python3"), cachePath: path, width: 2, logger: quiet)
  }

  private func filled(_ validator: Validator) async throws -> Branch {
    var branch = Branch(validator: validator)
    for index in 0..<20 {
      let head = index.isMultiple(of: 5) ? "import os\n" : "from lib import m\n"
      try await branch.utility("u\(index)", source: head + Sample.source("u\(index)"))
    }
    try await branch.write(["lib/m.py": "import requests\n"])
    return branch
  }

  @Test("a second validator over the same file reads no blob")
  func reuse() async throws {
    let first = try await filled(validator())
    let reads = first.blobs.reads
    #expect(reads == 41)
    var second = Branch(validator: validator(), blobs: first.blobs)
    try await second.set(first.tree.mapValues { $0 })
    #expect(first.blobs.reads == reads)
    #expect(second.state.utilities == first.state.utilities)
    #expect(second.state.refused == first.state.refused)
    #expect(second.state.refused.count == 4)
    // The same blobs under another name are another thing to judge.
    try await second.write([
      "utils/other.py": Sample.source("u1"), "utils/other.yaml": Sample.sidecar,
    ])
    #expect(second.refusal("other") == ["FunctionMissing"])
  }

  @Test("a damaged file is made anew", arguments: ["not a database at all, but long enough", ""])
  func damaged(_ content: String) async throws {
    try Data(content.utf8).write(to: URL(fileURLWithPath: path))
    let first = try await filled(validator())
    #expect(first.state.utilities.count == 16)
    let reads = first.blobs.reads
    var second = Branch(validator: validator(), blobs: first.blobs)
    try await second.set(first.tree.mapValues { $0 })
    #expect(first.blobs.reads == reads)
  }

  @Test("pages damaged later cost time, not correctness")
  func overwritten() async throws {
    let first = try await filled(validator())
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    var broken = bytes
    for index in stride(from: 4096, to: broken.count, by: 3) { broken[index] ^= 0xa5 }
    for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    try broken.write(to: URL(fileURLWithPath: path))
    var second = Branch(validator: validator(), blobs: first.blobs)
    try await second.set(first.tree.mapValues { $0 })
    #expect(second.state.utilities == first.state.utilities)
    #expect(second.state.refused == first.state.refused)
  }

  @Test("a folder that cannot be written to is worked without")
  func unwritable() async throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    #expect(try await filled(validator()).state.utilities.count == 16)
  }

  @Test("what a damaged blob gave is not kept")
  func unreadable() async throws {
    let blobs = MemoryBlobs()
    var first = Branch(validator: validator(), blobs: blobs)
    let source = Sample.source("demo")
    let id = blobs.add(Array(source.utf8))
    blobs.lose(id)
    try await first.utility("demo")
    #expect(first.refusal("demo") == ["CheckerFailed"])
    var second = Branch(validator: validator())
    try await second.utility("demo")
    #expect(second.state.utilities.keys.sorted() == ["demo"])
  }
}
