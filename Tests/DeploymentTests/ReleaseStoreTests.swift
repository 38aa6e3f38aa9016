import Foundation
import Hashing
import Testing
import UtilityModel

@testable import Deployment

@Suite struct ReleaseStoreTests {
  let fixture: Fixture
  init() throws { fixture = try Fixture() }

  @Test func digestIgnoresOrderAndSeesEveryField() throws {
    let id = try #require(ObjectID(bytes: [UInt8](repeating: 1, count: 20)))
    let hash = SHA256.digest(of: "x")
    let a = ReleaseUtility(name: "a", filehash: hash, blob: id, timeout: 1)
    let b = ReleaseUtility(name: "b", filehash: hash, blob: id, timeout: 1)
    func digest(_ utilities: [ReleaseUtility], _ modules: [SharedModule] = []) -> Digest {
      ReleaseContents(tenant: fixture.tenant, utilities: utilities, modules: modules).digest
    }
    #expect(digest([a, b]) == digest([b, a]))
    var slow = b
    slow.timeout = 2
    var packed = b
    packed.env = "e"
    let module = SharedModule(path: "lib/m.py", blob: id, filehash: hash)
    let all = [digest([a, b]), digest([a]), digest([a, slow]), digest([a, packed])]
    #expect(Set(all + [digest([a, b], [module])]).count == 5)
  }

  @Test func publishesOnceWithReadOnlyFiles() throws {
    let sources = ["hello": answering("1")]
    let release = try fixture.publish(sources, modules: ["lib/a/b.py": "B = 1\n"])
    let file = release.directory + "/lib/a/b.py"
    #expect(try Folder.contents(ofFile: file) == Array("B = 1\n".utf8))
    var before = stat()
    var after = stat()
    #expect(lstat(file, &before) == 0 && before.st_mode & 0o777 == 0o444)
    #expect(try fixture.publish(sources, modules: ["lib/a/b.py": "B = 1\n"]) == release)
    #expect(lstat(file, &after) == 0 && after.st_ino == before.st_ino)
    #expect(try fixture.store.release(release.digest, of: fixture.tenant) == release)
    #expect(try Folder.entries(of: fixture.root + "/releases/demo") == [release.digest.hex])
  }

  @Test func wrongBytesPublishNothing() throws {
    let id = try #require(ObjectID(bytes: [UInt8](repeating: 1, count: 20)))
    let utility = ReleaseUtility(
      name: "a", filehash: SHA256.digest(of: "right"), blob: id, timeout: 1)
    let contents = ReleaseContents(tenant: fixture.tenant, utilities: [utility])
    let error = #expect(throws: DeploymentError.self) {
      try fixture.store.publish(contents) { _ in Array("wrong".utf8) }
    }
    #expect(error?.code == .hashMismatch)
    #expect(try Folder.entries(of: fixture.root + "/releases/demo").isEmpty)
  }

  @Test(arguments: [
    "../x.py", "/etc/x.py", "lib/../x.py", "lib//x.py", "utils/x.py", "lib/x.txt", "lib/a\n.py", "",
  ])
  func modulesStayInside(path: String) throws {
    let error = #expect(throws: DeploymentError.self) {
      try fixture.publish([:], modules: [path: ""])
    }
    #expect(error?.code == .invalidName && error?.disposition == .stalled)
  }

  @Test(arguments: ["../x", "a/b", "", ".", "a.b"]) func namesStayInside(name: String) {
    #expect(throws: DeploymentError.self) { try fixture.publish([name: ""]) }
  }

  @Test func pruneKeepsTheNewestAndThoseInUse() throws {
    var releases: [Release] = []
    for number in 0..<5 {
      releases.append(try fixture.publish(["hello": answering("\(number)")]))
      usleep(5000)
    }
    try fixture.store.prune(tenant: fixture.tenant, keeping: [releases[0].digest])
    #expect(
      try fixture.store.releases(of: fixture.tenant)
        == [releases[4].digest, releases[3].digest, releases[0].digest])
  }

  @Test func pruneRemovesWhatCrashesLeftAndNothingElse() throws {
    let release = try fixture.publish(["hello": answering("1")])
    let folder = fixture.root + "/releases/demo"
    let busy = try StagingFolder(in: folder)
    try Folder.make(folder + "/.tmp-1-stale/utils")
    try fixture.store.prune(tenant: fixture.tenant, keeping: [])
    let left = try Folder.entries(of: folder)
    #expect(left.count == 2 && left.contains(release.digest.hex))
    withExtendedLifetime(busy) {}
  }

  @Test func fullDiskSaysSo() {
    let error = SystemError("write a.py", errno: ENOSPC).deploymentError(.publish, subject: "r")
    #expect(error.code == .diskFull)
    #expect(error.description.contains("No space left on device; free some space"))
  }

  @Test func readOnlyFolderSaysSo() throws {
    // /proc refuses new folders to root too; a mode would not.
    let store = ReleaseStore(root: "/proc/self/fdinfo/releases", keep: 1)
    let contents = ReleaseContents(tenant: fixture.tenant, utilities: [])
    let error = #expect(throws: DeploymentError.self) {
      try store.publish(contents) { _ in [] }
    }
    #expect(error?.description.contains("/proc/self") == false)
    #expect(error?.code == .readOnly || error?.code == .fileSystem)
  }

  @Test func tamperingIsFound() throws {
    let release = try fixture.publish(["hello": answering("1")])
    try release.verify()
    try tamper(release.directory + "/utils/hello.py")
    let error = #expect(throws: DeploymentError.self) { try release.verify() }
    #expect(error?.code == .corruptRelease)
    try fixture.store.discard(release.digest, of: fixture.tenant)
    try fixture.publish(["hello": answering("1")]).verify()
  }
}

/// Changes a published file.
func tamper(_ path: String) throws {
  try Folder.remove(path)
  let file = try Descriptor.open(path, flags: O_WRONLY | O_CREAT, mode: 0o644)
  try file.writeAll(Array("# changed\n".utf8), as: path)
}
