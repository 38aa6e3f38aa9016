import GitStore
import TestSupport
import Testing
import UtilityModel

@Suite struct ApprovalTests {
  private let repository: TemporaryRepository
  private let first: ObjectID

  init() throws {
    repository = try TemporaryRepository()
    first = try repository.commit(["a": "1"], author: "Ann", committer: "Ann")
  }

  /// A merge of `others` into `main` by `committer`.
  private func merge(_ others: [String], by committer: String) throws -> ObjectID {
    var stream = "commit refs/heads/main\n"
    stream += "author \(committer) <\(committer)@example.com> 1700000100 +0000\n"
    stream += "committer \(committer) <\(committer)@example.com> 1700000100 +0000\n"
    stream += "data 5\nMerge\nfrom refs/heads/main^0\n"
    for other in others { stream += "merge \(other)\n" }
    stream += "M 100644 inline merged-\(committer)\ndata 1\nx\n"
    try repository.fastImport(stream)
    return try repository.id(of: "main")
  }

  private func branch(_ name: String, by author: String, from start: String = "main") throws {
    try repository.git("branch", name, start)
    try repository.commit(
      ["\(name)": name], branch: name, author: author, committer: author)
  }

  private func unapproved(_ tip: ObjectID) throws -> UnapprovedCommit? {
    try RepositoryHandle(path: repository.path).unapprovedCommit(tip: tip, known: first)
  }

  @Test func aMergeOfAnothersWorkIsApproved() throws {
    try branch("work", by: "Omar")
    #expect(try unapproved(merge(["work"], by: "rita")) == nil)
  }

  @Test func ownWorkIsNotWhateverTheCaseOfTheAddress() throws {
    try branch("work", by: "Rita")
    let found = try #require(try unapproved(merge(["work"], by: "RITA")))
    #expect(found.reason == .ownWork)
  }

  @Test func oneOtherAuthorIsEnough() throws {
    try branch("work", by: "rita")
    try repository.commit(["b": "2"], branch: "work", author: "omar", committer: "rita")
    #expect(try unapproved(merge(["work"], by: "rita")) == nil)
  }

  @Test func aDirectCommitIsNotEvenBelowAMerge() throws {
    let direct = try repository.commit(["a": "2"], author: "Ann", committer: "Ann")
    #expect(try unapproved(direct)?.reason == .notAMerge)
    try branch("work", by: "omar")
    let found = try #require(try unapproved(merge(["work"], by: "rita")))
    #expect(found.commit.id == direct && found.reason == .notAMerge)
  }

  @Test func aMergeThatBringsNothingIsNone() throws {
    try repository.git("branch", "old", first.hex)
    let tip = try merge(["old"], by: "rita")
    #expect(try unapproved(tip)?.reason == .notAMerge)
  }

  @Test func anOctopusCountsAllThatItBrings() throws {
    try branch("one", by: "rita")
    try branch("two", by: "omar")
    #expect(try unapproved(merge(["one", "two"], by: "rita")) == nil)
  }

  @Test func oldWorkOfOthersIsNotBroughtWhateverTheDates() throws {
    for number in 0..<3 {
      try repository.commit(
        ["o": "\(number)"], author: "omar", committer: "omar", time: 1_700_000_000 + number)
    }
    try branch("work", by: "rita")
    for number in 0..<12 {
      try repository.commit(
        ["c": "\(number)"], author: "ann", committer: "ann", time: 1_600_000_000 - number)
    }
    let known = try repository.id(of: "main")
    let tip = try merge(["work"], by: "rita")
    let found = try RepositoryHandle(path: repository.path).unapprovedCommit(tip: tip, known: known)
    #expect(found?.reason == .ownWork)
  }

  @Test func whatKnownReachesIsNotLookedAt() throws {
    #expect(try unapproved(first) == nil)
    try branch("work", by: "omar")
    let second = try merge(["work"], by: "rita")
    let handle = try RepositoryHandle(path: repository.path)
    #expect(try handle.unapprovedCommit(tip: first, known: second) == nil)
  }
}
