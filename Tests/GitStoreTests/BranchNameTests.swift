import TestSupport
import Testing

@testable import GitStore

@Suite("Names of branches") struct BranchNameTests {
  @Test(
    "are those that git takes",
    arguments: [
      "main", "feature/x", "a.b", "ünï", "a@b", "-", "a-b", "v1.0", "a b", "../x", "a..b", "/a",
      "a/",
      "a//b", ".a", "a/.b", "a.lock", "a.lock/b", "a.", "a~b", "a^b", "a:b", "a?b", "a*b", "a[b",
      "a\\b", "a@{b", "@/a", "-a", "a\tb", "a\u{7f}b", "HEAD", "HEAD/a", "a\u{a0}b",
    ])
  func asGit(_ name: String) throws {
    let folder = try TemporaryFolder()
    var isTaken = true
    do {
      try TemporaryRepository.git(["check-ref-format", "--branch", name], in: folder.path)
    } catch is GitFailure {
      isTaken = false
    }
    #expect(BranchName.isValid(name) == isTaken)
  }

  @Test("and not what git reads as HEAD") func head() { #expect(!BranchName.isValid("@")) }
}
