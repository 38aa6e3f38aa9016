import Testing

@testable import GitStore

@Suite struct CommitSignatureTests {
  private static let head = "tree 1\nparent 2\nauthor A <a> 1 +0000\n"

  private func parts(_ text: String) -> (payload: String, signature: String?)? {
    CommitSignature(object: Array(text.utf8)).map {
      (
        String(decoding: $0.payload, as: UTF8.self),
        $0.signature.map { String(decoding: $0, as: UTF8.self) }
      )
    }
  }

  @Test func theSignatureIsTakenOutOfTheHeader() throws {
    let found = try #require(
      parts(Self.head + "gpgsig one\n two\n \n three\nencoding x\n\nmessage\n"))
    #expect(found.payload == Self.head + "encoding x\n\nmessage\n")
    #expect(found.signature == "one\ntwo\n\nthree\n")
  }

  @Test func otherHeadersKeepTheirFurtherLines() throws {
    let text = Self.head + "mergetag object 1\n gpgsig no\n tag\n\nmessage"
    let found = try #require(parts(text))
    #expect(found.payload == text && found.signature == nil)
  }

  @Test func aSignatureInTheMessageIsNone() throws {
    let text = Self.head + "\ngpgsig one\n two\n"
    let found = try #require(parts(text))
    #expect(found.payload == text && found.signature == nil)
  }

  @Test func theOtherHashsSignatureIsNotPartOfIt() throws {
    let found = try #require(parts(Self.head + "gpgsig-sha256 a\n b\ngpgsig c\n d\n\nm"))
    #expect(found.payload == Self.head + "\nm" && found.signature == "c\nd\n")
  }

  @Test(
    "what shows two commits to two readers is refused",
    arguments: [
      CommitSignatureTests.head + "gpgsig a\ngpgsig b\n\nm",
      CommitSignatureTests.head + "\nm\0more",
      CommitSignatureTests.head + "gpgsig a\nx\0y\n\nm",
    ])
  func ambiguous(text: String) { #expect(parts(text) == nil) }

  @Test(arguments: ["", "\n", "gpgsig", " gpgsig", "tree 1", "gpgsig \n"])
  func anythingElseIsReadWithoutHarm(text: String) {
    let found = parts(text)
    #expect(found != nil)
  }
}
