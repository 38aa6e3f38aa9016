import Foundation
import Synchronization
import TestSupport
import Testing

@testable import GitStore

/// The watcher on real folders with real git.
@Suite(.serialized) struct RefWatcherTests {
  /// What a watcher hinted at.
  final class Hints: Sendable {
    private let seen = Mutex<[Hint]>([])
    func add(_ hint: Hint) { seen.withLock { $0.append(hint) } }
    func clear() { seen.withLock { $0 = [] } }
    var all: [Hint] { seen.withLock { $0 } }
    func has(_ tenant: String) -> Bool { all.contains { $0.tenants?.contains(tenant) ?? true } }
  }

  private let folder: TemporaryFolder
  private let hints = Hints()
  private var root: String { folder.path }

  init() throws { folder = try TemporaryFolder() }

  private func watcher(
    interval: Duration = .seconds(30), bound: Duration = .seconds(5), max: Int? = nil,
    perTenant: Int = 1_000
  ) -> RefWatcher {
    RefWatcher(
      root: root, selfTestInterval: interval, selfTestBound: bound, maxWatches: max,
      maxWatchesPerTenant: perTenant
    ) { [hints] in hints.add($0) }
  }

  private func eventually(_ condition: () -> Bool) async throws -> Bool {
    for _ in 0..<1_000 {
      if condition() { return true }
      try await Task.sleep(for: .milliseconds(5))
    }
    return false
  }

  /// Waits until everything before this call has been told: events come in order, and this
  /// tenant's name is new.
  private func settle() async throws {
    let name = "w\(UInt32.random(in: 0 ... .max)).git"
    _ = try TemporaryRepository(at: root + "/" + name)
    #expect(try await eventually { hints.has(name) }, "the witness")
  }

  /// Acts, and expects a hint at `tenant` after what came before has settled.
  private func expectHint(
    _ tenant: String, _ what: Comment, _ act: () throws -> Void
  ) async throws {
    try await Task.sleep(for: .milliseconds(40))
    hints.clear()
    try act()
    #expect(try await eventually { hints.has(tenant) }, what)
  }

  @Test func everyWayARefChanges() async throws {
    let a = try TemporaryRepository(at: root + "/a.git")
    try a.commit(["utils/a.py": "0"])
    let watcher = watcher()
    try watcher.start()
    try await expectHint("a.git", "push") { try a.commit(["utils/a.py": "1"]) }
    try await expectHint("a.git", "pack-refs") { try a.git("pack-refs", "--all") }
    try await expectHint("a.git", "nested branch") { try a.git("branch", "feature/a/b/c", "main") }
    try await expectHint("a.git", "nested update") {
      try a.git("update-ref", "refs/heads/feature/a/b/c", "main~1")
    }
    try await expectHint("a.git", "nested delete") { try a.git("branch", "-D", "feature/a/b/c") }
    try await expectHint("a.git", "nested again") { try a.git("branch", "feature/a/b", "main") }
    try await expectHint("a.git", "update again") {
      try a.git("update-ref", "refs/heads/feature/a/b", "main~1")
    }
    try await expectHint("a.git", "HEAD") { try a.git("symbolic-ref", "HEAD", "refs/heads/x") }
    try await settle()
    hints.clear()
    try "".write(toFile: a.path + "/refs/heads/main.lock", atomically: false, encoding: .utf8)
    try "".write(toFile: a.path + "/packed-refs.lock", atomically: false, encoding: .utf8)
    try await settle()
    #expect(!hints.has("a.git"), "locks are no change")
    await watcher.stop()
  }

  @Test func tenantsComeAndGo() async throws {
    let watcher = watcher()
    try watcher.start()
    let outside = try TemporaryFolder()
    let moved = try TemporaryRepository(at: outside.path + "/moved.git")
    try moved.commit(["utils/a.py": "0"])
    var made: TemporaryRepository?
    try await expectHint("a.git", "init") { made = try TemporaryRepository(at: root + "/a.git") }
    let a = try #require(made)
    try await expectHint("a.git", "first push") { try a.commit(["utils/a.py": "0"]) }
    try await expectHint("b", "non-bare init") {
      made = try TemporaryRepository(at: root + "/b", bare: false)
    }
    let b = try #require(made)
    try await expectHint("b", "non-bare commit") { try b.commit(["utils/a.py": "0"]) }
    try await expectHint("moved.git", "mv into place") {
      #expect(rename(moved.path, root + "/moved.git") == 0)
    }
    try await expectHint("moved.git", "push to the moved one") {
      try TemporaryRepository.git(["branch", "x", "main"], in: root + "/moved.git")
    }
    try await settle()
    try await expectHint("other.git", "renamed") {
      #expect(rename(root + "/moved.git", root + "/other.git") == 0)
    }
    try await settle()
    try await expectHint("other.git", "push to the renamed one") {
      try TemporaryRepository.git(["branch", "y", "main"], in: root + "/other.git")
    }
    #expect(!hints.has("moved.git"))
    try await expectHint("other.git", "removed") {
      try FileManager.default.removeItem(atPath: root + "/other.git")
    }
    try await settle()
    let before = watcher.status.watches
    hints.clear()
    #expect(symlink(root + "/a.git", root + "/link.git") == 0)
    try await settle()
    #expect(!hints.has("link.git"))
    #expect(try await eventually { watcher.status.watches == before + 3 }, "the witness's alone")
    #expect(Set(try tenantDirectories(root: root).keys).isDisjoint(with: ["link", "moved"]))
    await watcher.stop()
  }

  @Test func overflowLooksAtEverything() async throws {
    let watcher = watcher()
    try watcher.start()
    watcher.inject(.overflow)
    #expect(try await eventually { hints.all.contains(Hint(tenants: nil)) })
    #expect(try await eventually { watcher.status.overflows == 1 })
    await watcher.stop()
  }

  @Test func runningOutOfWatchesLeavesTheOthers() async throws {
    for name in ["a", "b", "c"] { _ = try TemporaryRepository(at: root + "/\(name).git") }
    let watcher = watcher(interval: .milliseconds(50), max: 2 + 2 * 3)
    try watcher.start()
    let left = watcher.status.unwatched
    #expect(left.count == 1)
    let watched = try #require(["a.git", "b.git", "c.git"].first { !left.contains($0) })
    try await expectHint(watched, "the others go on") {
      try FileManager.default.removeItem(atPath: root + "/" + watched)
    }
    #expect(try await eventually { watcher.status.unwatched.isEmpty }, "tried again")
    await watcher.stop()
  }

  @Test func oneTenantCannotTakeAllWatches() async throws {
    let repository = try TemporaryRepository(at: root + "/a.git")
    let id = try repository.commit(["utils/a.py": "0"])
    let watcher = watcher(perTenant: 10)
    try watcher.start()
    let updates = (0..<20).map { "create refs/heads/d\($0)/x \(id)\n" }.joined()
    try repository.git("update-ref", "--stdin", input: updates)
    #expect(try await eventually { watcher.status.unwatched == ["a.git"] })
    #expect(watcher.status.watches == 2)
    await watcher.stop()
  }

  @Test(arguments: [WatcherFault.descriptor, .silence])
  func aDeadOneIsRestarted(fault: WatcherFault) async throws {
    let repository = try TemporaryRepository(at: root + "/a.git")
    let watcher = watcher(interval: .milliseconds(50), bound: .milliseconds(200))
    try watcher.start()
    #expect(try await eventually { watcher.status.lastSelfTest != nil })
    hints.clear()
    watcher.inject(fault)
    #expect(try await eventually { watcher.status.restarts >= 1 && watcher.status.alive })
    #expect(try await eventually { hints.all.contains(Hint(tenants: nil)) })
    try await expectHint("a.git", "works again") { try repository.commit(["utils/a.py": "0"]) }
    await watcher.stop()
  }

  @Test func aLostRootIsWaitedFor() async throws {
    let watcher = watcher()
    try watcher.start()
    #expect(rename(root, root + ".away") == 0)
    #expect(try await eventually { !watcher.status.alive })
    #expect(rename(root + ".away", root) == 0)
    #expect(try await eventually { watcher.status.alive })
    _ = try TemporaryRepository(at: root + "/a.git")
    #expect(try await eventually { hints.has("a.git") })
    await watcher.stop()
    let gone = RefWatcher(root: root + "/gone") { _ in }
    #expect(throws: WatchError.self) { try gone.start() }
    await gone.stop()
  }

  @Test func stoppingLeaksNothing() async throws {
    func count(_ what: String) throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/" + what).filter { entry in
        guard what == "task" else {
          let link = try? FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/self/fd/" + entry)
          return link?.contains("inotify") ?? false
        }
        let name = try? String(contentsOfFile: "/proc/self/task/\(entry)/comm", encoding: .utf8)
        return name == "ref-watcher\n"
      }.count
    }
    for _ in 0..<20 {
      let watcher = watcher()
      try watcher.start()
      #expect(try count("fd") == 1)
      await watcher.stop()
      await watcher.stop()
      #expect(try count("fd") == 0)
      #expect(throws: WatchError.self) { try watcher.start() }
    }
    #expect(try await eventually { (try? count("task")) == 0 })
  }

  @Test func aThousandTenants() async throws {
    _ = try TemporaryRepository(at: root + "/t0.git")
    for number in 1..<1_000 {
      for part in ["refs/heads", "objects"] {
        try FileManager.default.createDirectory(
          atPath: root + "/t\(number).git/" + part, withIntermediateDirectories: true)
      }
    }
    let watcher = watcher()
    let began = ContinuousClock.now
    try watcher.start()
    print("1,000 tenants watched in \(ContinuousClock.now - began)")
    #expect(watcher.status.watches == 2 + 3 * 1_000)
    let file = root + "/t999.git/refs/heads/main"
    try "x".write(toFile: file + ".lock", atomically: false, encoding: .utf8)
    try await expectHint("t999.git", "the last one") { #expect(rename(file + ".lock", file) == 0) }
    await watcher.stop()
  }
}
