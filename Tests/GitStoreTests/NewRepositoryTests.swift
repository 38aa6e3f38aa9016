import Glibc
import Testing
import TestSupport
import UtilityModel

@testable import GitStore

/// Repositories made by the agent, as git sees them.
@Suite("A new repository")
struct NewRepositoryTests {
  let folder: TemporaryFolder
  let root: String
  let tenant: TenantCode

  init() throws {
    folder = try TemporaryFolder()
    root = folder.path + "/repos"
    guard mkdir(root, 0o750) == 0, chmod(root, 0o750) == 0 else { throw SystemError() }
    tenant = try #require(TenantCode("acme"))
  }

  private func new(_ branch: String = "main", owner: uid_t? = nil) -> NewRepository {
    NewRepository(root: root, tenant: tenant, branch: branch, owner: owner)
  }

  private func status(_ path: String) throws -> stat {
    try #require(RepositoryLayout.status(path))
  }

  @Test("git takes a push to its configured branch, and finds nothing wrong")
  func push() throws {
    try new("release").make()
    let path = root + "/acme.git"
    #expect(
      try TemporaryRepository.git(["symbolic-ref", "HEAD"], in: path) == "refs/heads/release")
    #expect(try TemporaryRepository.git(["config", "core.bare"], in: path) == "true")
    try TemporaryRepository.git(["fsck", "--strict"], in: path)
    let other = try TemporaryRepository()
    let commit = try other.commit(["utils/one.py": "pass\n"])
    try other.git("push", "-q", path, "HEAD:refs/heads/release")
    #expect(try RepositoryHandle(path: path).commit(ofBranch: "release") == commit)
    #expect(try tenantDirectories(root: root) == ["acme": path])
    #expect(try Folder.names(in: root) == ["acme.git"])
  }

  @Test("its mode follows the root, and never lets everybody write")
  func mode() throws {
    try new().make()
    #expect(try status(root + "/acme.git").st_mode & 0o7777 == 0o750)
    for (mode, expected) in [(0o777, 0o755), (0o700, 0o700)] as [(mode_t, mode_t)] {
      try #require(rename(root + "/acme.git", folder.path + "/away\(mode)") == 0)
      try #require(chmod(root, mode) == 0)
      try new().make()
      #expect(try status(root + "/acme.git").st_mode & 0o7777 == expected)
    }
  }

  @Test("a root that a group shares gives a repository that the group shares")
  func shared() throws {
    try #require(chmod(root, 0o2770) == 0)
    try new(owner: geteuid()).make()
    let path = root + "/acme.git"
    #expect(try status(path + "/objects").st_mode & 0o2070 == 0o2070)
    #expect(try status(path).st_mode & 0o7777 == 0o2770)
    #expect(try RepositoryHandle(path: path).isShared())
  }

  @Test("the superuser gives it away whole", .enabled(if: geteuid() == 0))
  func owner() throws {
    try #require(chown(root, 0, 54321) == 0)
    try new(owner: 12345).make()
    for part in ["", "/config", "/HEAD", "/objects/pack", "/refs/heads"] {
      let found = try status(root + "/acme.git" + part)
      #expect(found.st_uid == 12345 && found.st_gid == 54321)
    }
  }

  @Test(
    "a name that is there in any case is refused, and what is there stays",
    arguments: ["acme.git", "ACME.git", "Acme", "acme"])
  func taken(_ name: String) throws {
    try #require(mkdir(root + "/" + name, 0o755) == 0)
    let error = #expect(throws: GitError.self) { try new().make() }
    #expect(error?.code == .exists && error?.cause.contains("`\(name)`") == true)
    #expect(try Folder.names(in: root) == [name])
    #expect(try Folder.names(in: root + "/" + name).isEmpty)
  }

  @Test("what fails leaves nothing, and what a crash left is no obstacle")
  func leftovers() throws {
    struct Failure: Error {}
    #expect(throws: Failure.self) { try new().make { _ in throw Failure() } }
    #expect(try Folder.names(in: root).isEmpty)
    try #require(mkdir(root + "/.acme.git.new", 0o755) == 0)
    try #require(mkdir(root + "/.acme.git.new/objects", 0o755) == 0)
    #expect(try tenantDirectories(root: root).isEmpty)
    try new().make()
    #expect(try Folder.names(in: root) == ["acme.git"])
  }

  @Test("without a root the error names the key")
  func noRoot() throws {
    let new = NewRepository(root: folder.path + "/none", tenant: tenant, branch: "main")
    let error = #expect(throws: GitError.self) { try new.make() }
    #expect(error?.description.contains("repositories.root") == true)
    #expect(error?.description.contains(folder.path) == false)
  }
}
