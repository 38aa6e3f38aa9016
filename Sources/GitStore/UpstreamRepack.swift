import CLibgit2
import Foundation
import Glibc
import UtilityModel

/// Packs the repository of an upstream anew: what its refs reach goes into one pack, and what no ref
/// reaches any more goes, as after `git gc --prune`.
///
/// Runs in a process of its own, which may be killed at any moment. The new pack is on the disk before it
/// is said which ones it stands for; those stay for a while, for readers that have begun with them.
public struct UpstreamRepack: Codable, Sendable {
  /// The tenant's repository, an absolute path.
  public var repository: String
  /// How many seconds a pack, and a loose object, stays that another pack stands for.
  public var grace: Int

  /// From so many packs on, or loose objects, it is worth its while. Source: git-config(1),
  /// `gc.autoPackLimit` and `gc.auto`.
  private static let limits = (packs: 50, loose: 6700)

  /// A repack by its parts.
  public init(repository: String, grace: Int = 900) {
    self.repository = repository
    self.grace = grace
  }

  /// Whether the repository at `path` has many packs or loose objects, or packs that are to go. Blocks.
  public static func isDue(at path: String, grace: Int = 900) -> Bool {
    guard let layout = try? RepositoryLayout(path: path) else { return false }
    let files = PackFiles(layout)
    return files.isCleaningDue(grace: grace) || isWorthIt(files)
  }

  /// Not while packs wait to be removed: they would begin to wait anew each time.
  private static func isWorthIt(_ files: PackFiles) -> Bool {
    !files.areSomeWaiting
      && (files.packs().count > limits.packs || files.estimatedLoose() > limits.loose)
  }

  /// Repacks where it is worth it, and removes what the last one left for its readers. Blocks. Gives no
  /// count; `error` says why it failed, and then nothing is lost.
  public func run() -> UpstreamFetch.Outcome {
    do throws(GitError) {
      let handle = try RepositoryHandle(path: repository)
      let files = PackFiles(try RepositoryLayout(path: repository))
      if files.isCleaningDue(grace: grace) { try files.removeSuperseded() }
      if Self.isWorthIt(files) { try repack(handle, files) }
      return .init(moved: 0)
    } catch {
      return .init(moved: 0, error: String(error.cause.prefix(500)))
    }
  }

  private func repack(
    _ handle: borrowing RepositoryHandle, _ files: PackFiles
  ) throws(GitError) {
    shim_set_pack_window(32 << 20, 256 << 20)
    shim_set_fsync(1)
    let former = files.packs()
    var builder: OpaquePointer?
    guard git_packbuilder_new(&builder, handle.pointer) == 0, let builder else {
      throw failure(Library.lastError().message)
    }
    defer { git_packbuilder_free(builder) }
    git_packbuilder_set_threads(builder, 1)
    try insertReachable(handle, into: builder)
    guard git_packbuilder_object_count(builder) > 0 else { return }
    guard git_packbuilder_write(builder, files.folder, 0o444, nil, nil) == 0 else {
      throw failure(Library.lastError().message)
    }
    guard let name = git_packbuilder_name(builder).map({ "pack-" + String(cString: $0) }) else {
      throw failure("the new pack has no name")
    }
    try files.supersede(former.filter { $0 != name }, by: name)
    try files.removeLoose(in: name, grace: grace)
  }

  /// Everything that a ref reaches: commits with all before them, and what tags and notes name.
  private func insertReachable(
    _ handle: borrowing RepositoryHandle, into builder: OpaquePointer
  ) throws(GitError) {
    var walk: OpaquePointer?
    guard git_revwalk_new(&walk, handle.pointer) == 0, let walk else {
      throw failure(Library.lastError().message)
    }
    defer { git_revwalk_free(walk) }
    var iterator: OpaquePointer?
    guard git_reference_iterator_new(&iterator, handle.pointer) == 0 else {
      throw failure(Library.lastError().message)
    }
    defer { git_reference_iterator_free(iterator) }
    while true {
      var reference: OpaquePointer?
      let status = git_reference_next(&reference, iterator)
      if status == GIT_ITEROVER.rawValue { break }
      guard status == 0, let reference else { throw failure(Library.lastError().message) }
      defer { git_reference_free(reference) }
      guard let target = git_reference_target(reference) else { continue }
      var object: OpaquePointer?
      guard git_object_lookup(&object, handle.pointer, target, GIT_OBJECT_ANY) == 0, let object
      else { throw failure(Library.lastError().message) }
      defer { git_object_free(object) }
      let succeeded =
        git_object_type(object) == GIT_OBJECT_COMMIT
        ? git_revwalk_push(walk, target) : git_packbuilder_insert_recur(builder, target, nil)
      guard succeeded == 0 else { throw failure(Library.lastError().message) }
    }
    guard git_packbuilder_insert_walk(builder, walk) == 0 else {
      throw failure(Library.lastError().message)
    }
  }

  private func failure(_ cause: String) -> GitError {
    GitError("repack", .other, subject: "the upstream's repository", cause: cause)
  }
}

/// The packs and loose objects of one repository.
private struct PackFiles {
  /// `objects/pack`.
  let folder: String
  private let objects: String
  /// Names the packs that a newer one stands for, and that one.
  private var list: String { objects + "/info/superseded-packs" }

  init(_ layout: RepositoryLayout) {
    objects = layout.objectsFolder
    folder = objects + "/pack"
  }

  /// The names of the complete packs that nobody asked to keep, without their extension.
  func packs() -> [String] {
    let names = Set(names(in: folder))
    let superseded = Set(read().superseded)
    return names.filter { $0.hasSuffix(".idx") }.map { String($0.dropLast(4)) }
      .filter {
        names.contains($0 + ".pack") && !names.contains($0 + ".keep") && !superseded.contains($0)
      }
      .sorted()
  }

  /// How many loose objects there are, by those of one folder of 256, as `git gc --auto` does.
  func estimatedLoose() -> Int { names(in: objects + "/17").count * 256 }

  /// Whether superseded packs wait to be removed.
  var areSomeWaiting: Bool { RepositoryLayout.status(list) != nil }

  /// Whether superseded packs have stayed long enough.
  func isCleaningDue(grace: Int) -> Bool { isOld(list, grace) }

  /// Writes down which packs `name` stands for.
  func supersede(_ former: [String], by name: String) throws(GitError) {
    let text = ([name] + former).joined(separator: "\n") + "\n"
    do {
      try FileManager.default.createDirectory(
        atPath: objects + "/info", withIntermediateDirectories: true)
      try Data(text.utf8).write(to: URL(fileURLWithPath: list), options: .atomic)
    } catch {
      throw GitError(
        "repack", .other, subject: "the upstream's repository",
        cause: "what it replaces cannot be written down: \(error.localizedDescription)")
    }
  }

  /// Removes them, as long as the pack that stands for them is there.
  func removeSuperseded() throws(GitError) {
    let (name, superseded) = read()
    let isThere = [".pack", ".idx"].allSatisfy { ending in
      name.map { RepositoryLayout.status("\(folder)/\($0)\(ending)") != nil } ?? false
    }
    if isThere {
      for pack in superseded where RepositoryLayout.status("\(folder)/\(pack).keep") == nil {
        // The index first: a pack without one is not looked into.
        for ending in [".idx", ".rev", ".bitmap", ".mtimes", ".pack"] {
          unlink("\(folder)/\(pack)\(ending)")
        }
      }
    }
    unlink(list)
  }

  /// Removes the loose objects that a pack has and that nobody has touched for a while.
  func removeLoose(in pack: String, grace: Int) throws(GitError) {
    var database: OpaquePointer?
    var backend: UnsafeMutablePointer<git_odb_backend>?
    guard git_odb_new(&database) == 0, let database else { throw unreadable() }
    defer { git_odb_free(database) }
    guard git_odb_backend_one_pack(&backend, "\(folder)/\(pack).idx") == 0,
      git_odb_add_backend(database, backend, 1) == 0
    else { throw unreadable() }
    for part in names(in: objects)
    where part.utf8.count == 2 && part.allSatisfy(\.isHexDigit) {
      for rest in names(in: "\(objects)/\(part)") {
        guard let id = ObjectID(hex: part + rest), isOld("\(objects)/\(part)/\(rest)", grace)
        else { continue }
        var oid = id.oid
        if git_odb_exists(database, &oid) == 1 { unlink("\(objects)/\(part)/\(rest)") }
      }
    }
  }

  private func unreadable() -> GitError {
    GitError(
      "repack", .other, subject: "the upstream's repository", cause: Library.lastError().message)
  }

  private func read() -> (name: String?, superseded: [String]) {
    guard let data = FileManager.default.contents(atPath: list) else { return (nil, []) }
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    // Nothing but names of packs: they become paths.
    let names = lines.filter {
      $0.hasPrefix("pack-") && $0.dropFirst(5).allSatisfy { $0.isASCII && $0.isHexDigit }
    }
    return (names.first, Array(names.dropFirst()))
  }

  private func names(in folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  }

  private func isOld(_ path: String, _ seconds: Int) -> Bool {
    guard let status = RepositoryLayout.status(path) else { return false }
    return time(nil) - status.st_mtim.tv_sec >= seconds
  }
}
