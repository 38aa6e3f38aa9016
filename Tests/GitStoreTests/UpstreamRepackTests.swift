import Foundation
import TestSupport
import Testing
import UtilityModel

@testable import GitStore

/// The repository of an upstream after many fetches, as git sees it.
@Suite("Packing anew")
struct UpstreamRepackTests {
  let repository: TemporaryRepository

  /// Some sixty packs: a branch with a history, one that was rewritten, notes, and a tag of a blob.
  init() throws {
    repository = try TemporaryRepository()
    for number in 0..<55 {
      try repository.commit(["utils/a\(number % 7).py": "\(number)\n"], message: "\(number)")
      try repository.git("repack", "-q", "-d")
    }
    try repository.commit(["gone.py": "gone\n"], branch: "trial")
    try repository.git("repack", "-q", "-d")
    try repository.git("update-ref", "refs/tags/gone", "trial")
    try repository.git("update-ref", "-d", "refs/heads/trial")
    try repository.git("update-ref", "refs/notes/sync", "main~3")
    let blob = try repository.git("hash-object", "-w", "--stdin", input: "a blob\n")
    try repository.git("update-ref", "refs/tags/blob", blob)
  }

  private func packs() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: repository.path + "/objects/pack")
      .filter { $0.hasSuffix(".pack") }
  }

  private func everything() throws -> String {
    try repository.git("rev-list", "--objects", "--all")
  }

  @Test("one pack has what the refs reach, and the others go when their readers had time")
  func repack() throws {
    let gone = try repository.id(of: "refs/tags/gone")
    try repository.git("update-ref", "-d", "refs/tags/gone")
    let before = try everything()
    let tip = try repository.id(of: "main")
    #expect(try packs().count > 50)
    #expect(UpstreamRepack.isDue(at: repository.path))
    let reader = try RepositoryHandle(path: repository.path)
    let files = try reader.files(in: reader.commit(tip).tree, under: ["utils"])

    let repack = UpstreamRepack(repository: repository.path, grace: 0)
    #expect(repack.run().error == nil)
    let both = try packs().count
    #expect(both > 51, "the former packs stay for who reads them")
    #expect(try everything() == before)
    #expect(!UpstreamRepack.isDue(at: repository.path, grace: 900))
    #expect(UpstreamRepack.isDue(at: repository.path, grace: 0))

    #expect(repack.run().error == nil)
    #expect(try packs().count == 1)
    #expect(try everything() == before)
    #expect(try repository.git("fsck", "--full", "--strict") == "")
    // What was open goes on with what it had not read.
    for file in files { _ = try reader.blob(file.id, limit: 100) }
    #expect(throws: (any Error).self) { try repository.git("cat-file", "-e", gone.hex) }
    #expect(try repository.git("count-objects") == "0 objects, 0 kilobytes")
    #expect(!UpstreamRepack.isDue(at: repository.path, grace: 0))
  }

  @Test("a pack that somebody asked to keep stays, and so does all where the new pack is lost")
  func kept() throws {
    let kept = try #require(try packs().min())
    let marker = repository.path + "/objects/pack/" + kept.replacing(".pack", with: ".keep")
    try Data().write(to: URL(fileURLWithPath: marker))
    let before = try everything()
    let repack = UpstreamRepack(repository: repository.path, grace: 0)
    #expect(repack.run().error == nil && repack.run().error == nil)
    #expect(try packs().count == 2 && packs().contains(kept))
    #expect(try everything() == before)
  }

  @Test("a list of packs that go names no other file, and counts for nothing without its pack")
  func list() throws {
    let list = repository.path + "/objects/info/superseded-packs"
    let other = repository.path + "/objects/pack/pack-zz.pack"
    try Data().write(to: URL(fileURLWithPath: other))
    let count = try packs().count
    let names = try packs().filter { $0 != "pack-zz.pack" }.map { $0.replacing(".pack", with: "") }
    let missing = "pack-" + String(repeating: "0", count: 40)
    let text = ([missing, "../../HEAD", "pack-zz"] + names).joined(separator: "\n") + "\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: list))
    let before = try everything()
    // While packs wait to be removed nothing is packed: they would wait without end.
    #expect(!UpstreamRepack.isDue(at: repository.path))
    #expect(UpstreamRepack(repository: repository.path).run().error == nil)
    #expect(try packs().count == count)
    // A repack follows, as all the packs are there still.
    #expect(UpstreamRepack(repository: repository.path, grace: 0).run().error == nil)
    #expect(try packs().count == count + 1)
    #expect(try everything() == before)
    #expect(FileManager.default.fileExists(atPath: repository.path + "/HEAD"))
  }

  @Test("few packs are left alone") func few() throws {
    let small = try TemporaryRepository()
    try small.commit(["a": "a"])
    #expect(!UpstreamRepack.isDue(at: small.path))
    #expect(UpstreamRepack(repository: small.path, grace: 0).run().error == nil)
  }
}
